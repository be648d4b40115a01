#!/usr/bin/env python3
"""Scores later logs block by block, each by the model whose tables hold all rows before it.

    scripts/refresh_by_blocks.py MODEL --data valid.csv.gz test.csv.gz --block 8347 [--last N] [--dcrnn PATH]

The files stand in the order of time. The first block is scored by MODEL as it is, the second by MODEL refreshed with the
first, and so on (docs/rates.md): what a service does that refreshes its model once per block and never trains. Prints
AUCs over the last N files (default: 1), with and without refresh, and of a task after another also that among the rows
whose parent is labelled 1, by the probability given the parent. Needs nothing but Python.
"""
import argparse
import csv
import json
import pathlib
import struct
import subprocess
import tempfile

from scored import auc, opened


def read(path):
    header, *rows = csv.reader(opened(path))
    return header, rows


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def config_of(model):
    with open(model, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        return json.loads(json.loads(file.read(size))["__metadata__"]["dcrnn"])


def predict(dcrnn, model, data, out):
    subprocess.run([dcrnn, "predict", model, "--data", data, "--out", out], check=True)
    _, rows = read(out)
    return [[float(cell) for cell in row] for row in rows]


def report(what, config, predictions, header, rows):
    names = [task["name"] for task in config["tasks"]]
    line = []
    for t, task in enumerate(config["tasks"]):
        label = header.index(task["label"])
        known = [b for b, row in enumerate(rows) if row[label] != ""]
        line.append(f"{names[t]} {auc([predictions[b][t] for b in known], [int(rows[b][label]) for b in known]):.4f}")
        if "after" not in task or config["probability"] != "chain":
            continue
        parent = names.index(task["after"])
        given = header.index(config["tasks"][parent]["label"])
        known = [b for b in known if rows[b][given] == "1"]
        ratios = [predictions[b][t] / predictions[b][parent] for b in known]
        line.append(f"given {names[parent]} {auc(ratios, [int(rows[b][label]) for b in known]):.4f}")
    print(f"{what}: " + ", ".join(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--last", type=int, default=1)
    parser.add_argument("--dcrnn", default="build/release/bin/dcrnn", metavar="PATH", help="the program")
    options = parser.parse_args()

    files = [read(path) for path in options.data]
    header = files[0][0]
    rows = [row for other, part in files for row in part if other == header or parser.error("headers differ")]
    scored = sum(len(part) for _, part in files[-options.last:])
    config = config_of(options.model)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        data, out = folder / "block.csv", folder / "predictions.csv"
        model, refreshed, static = options.model, [], []
        for number, begin in enumerate(range(0, len(rows), options.block)):
            write(data, header, rows[begin:begin + options.block])
            refreshed += predict(options.dcrnn, model, data, out)
            static += predict(options.dcrnn, options.model, data, out)
            grown = folder / f"model{number % 2}"
            subprocess.run([options.dcrnn, "refresh", model, "--data", data, "--out", grown], check=True,
                           stderr=subprocess.DEVNULL)
            model = grown
        report("as trained", config, static[-scored:], header, rows[-scored:])
        report("refreshed", config, refreshed[-scored:], header, rows[-scored:])


if __name__ == "__main__":
    main()
