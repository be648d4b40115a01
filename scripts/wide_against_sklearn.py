#!/usr/bin/env python3
"""Compares the wide term standing alone with scikit-learn's logistic regression on the same columns.

    scripts/wide_against_sklearn.py examples/census.json --train train.csv.gz --test test.csv.gz --dcrnn build/release/bin/dcrnn

Fields, tasks and csv words are those of the config; a bag is left out, since no column of scikit-learn is one. Both
learn every task by itself with the same ridge, the engine until its loss stands still. Exit code 1 where the area
under the curve differs by more than 0.0005 or the log loss by more than 0.001. Needs numpy, pandas, scipy and
scikit-learn.
"""
import argparse
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
import scipy.sparse as sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

AUC_TOLERANCE, LOSS_TOLERANCE = 0.0005, 0.001


def read_config(path):
    with open(path, encoding="utf-8") as file:
        return json.loads(re.sub(r"^\s*//.*$", "", file.read(), flags=re.M))


def wide_alone(config, ridge, epochs):
    """The fields and tasks of `config` as T logistic regressions."""
    tasks = [{key: task[key] for key in ("name", "label") if key in task} for task in config["tasks"]]
    rule = {"kind": "adagrad", "rate": 0.3}
    decay = {"kind": "cosine", "warmup": 0}
    return {
        "fields": [field for field in config["fields"] if field["type"] in ("category", "number")],
        "tasks": tasks, "csv": config.get("csv", {}), "probability": "independent", "wide": True, "head": False,
        "cross": {"kind": "none"}, "sharing": [], "tower": [], "transfer": "none",
        "train": {"epochs": epochs, "batch": 1024, "unknown_rate": 0, "ridge": ridge, "optimizer": rule,
                  "schedule": decay, "tables": {**rule, "schedule": decay}}}


def edges_in(model, field):
    """Edges of the buckets that the engine found, from its model file."""
    with open(model, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        entry = json.loads(file.read(size))[f"encoder.{field}.edges"]
        file.seek(8 + size + entry["data_offsets"][0])
        return np.frombuffer(file.read(8 * entry["shape"][0]), "<f8")


def columns(field, train, test, missing, model):
    """(training rows, test rows) of one field as sparse columns."""
    name, transform = field.get("column", field["name"]), field.get("transform", "standardize")
    cells = [table[name].where(~table[name].isin(missing), "") for table in (train, test)]
    if field["type"] == "category":
        counts = cells[0].value_counts()
        words = counts[(counts >= field.get("min_count", 1)) & (counts.index != "")].index
        rows = {word: 1 + i for i, word in enumerate(words)}
        ids = [cell.map(rows).fillna(0).to_numpy(int) for cell in cells]
    elif transform == "buckets":
        edges = edges_in(model, field["name"])
        numbers = [pd.to_numeric(cell.replace("", np.nan)).to_numpy() for cell in cells]
        ids = [np.where(np.isnan(x), 0, 1 + np.searchsorted(edges, x, "left")) for x in numbers]
    else:
        x = [pd.to_numeric(cell.replace("", np.nan)) for cell in cells]
        if transform == "log1p":
            x = [np.log1p(values) for values in x]
        if transform != "none":
            mean, deviation = x[0].mean(), x[0].std(ddof=0)
            x = [((values - mean) / (deviation or 1)).fillna(0) for values in x]
        return [sparse.csr_matrix(values.to_numpy()[:, None]) for values in x]
    width = 1 + max(max(part, default=0) for part in ids)
    return [sparse.csr_matrix((np.ones(len(part)), (np.arange(len(part)), part)), (len(part), width)) for part in ids]


def compare(config, train, test, model, report):
    """True if scikit-learn agrees with what `eval` has told of the engine."""
    csv = config.get("csv", {})
    tables = [pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False, sep=csv.get("separator", ","))
                         for path in paths]) for paths in (train, [test])]
    missing = csv.get("missing", []) + [""]
    parts = [columns(field, *tables, missing, model) for field in config["fields"]]
    x, x_test = (sparse.hstack([part[i] for part in parts], "csr") for i in (0, 1))
    good = True
    for task in config["tasks"]:
        label = task.get("label", task["name"])
        y, y_test = (pd.to_numeric(table[label]).to_numpy() for table in tables)
        fitted = LogisticRegression(C=1 / config["train"]["ridge"], max_iter=2000, tol=1e-7).fit(x, y)
        p = fitted.predict_proba(x_test)[:, 1]
        ours, theirs = report["tasks"][task["name"]], (roc_auc_score(y_test, p), log_loss(y_test, p))
        near = abs(ours["auc"] - theirs[0]) <= AUC_TOLERANCE and abs(ours["logloss"] - theirs[1]) <= LOSS_TOLERANCE
        print(f"{task['name']}: AUC {ours['auc']:.5f}, scikit-learn {theirs[0]:.5f}; log loss {ours['logloss']:.5f}, "
              f"scikit-learn {theirs[1]:.5f}: {'ok' if near else 'DIFFERENT'}")
        good = good and near
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", metavar="CONFIG")
    parser.add_argument("--train", nargs="+", required=True, metavar="CSV")
    parser.add_argument("--test", required=True, metavar="CSV")
    parser.add_argument("--dcrnn", required=True, metavar="PATH", help="the program")
    parser.add_argument("--ridge", type=float, default=3, help="lambda, 1 / C (default 3)")
    parser.add_argument("--epochs", type=int, default=40, help="of the engine (default 40)")
    args = parser.parse_args()
    config = wide_alone(read_config(args.config), args.ridge, args.epochs)
    with tempfile.TemporaryDirectory() as folder:
        path, model = os.path.join(folder, "config.json"), os.path.join(folder, "model.safetensors")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        subprocess.run([args.dcrnn, "train", path, "--train", *args.train, "--out", model, "--quiet"], check=True)
        done = subprocess.run([args.dcrnn, "eval", model, "--data", args.test, "--json"], check=True,
                              capture_output=True)
        return 0 if compare(config, args.train, args.test, model, json.loads(done.stdout)) else 1


if __name__ == "__main__":
    sys.exit(main())
