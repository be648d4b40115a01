#!/usr/bin/env python3
"""Trains a config once for each of several seeds and prints what the models are worth, mean and standard deviation.

    scripts/seeds.py examples/census.json --train train.csv.gz --valid valid.csv.gz --test test.csv.gz --seeds 21-25

Per task: AUC and log loss on test, for a task after another also the AUC among the rows whose parent happened. What lies
in --out already is not trained again. `--beside FILE`: predictions of the same test rows made elsewhere, as `dcrnn predict`
writes them; a paired bootstrap then says whether the difference to the mean prediction of the seeds could be chance.
Seconds are those of the clock, for a machine with nothing else to do.
"""
import argparse
import csv
import json
import pathlib
import random
import statistics
import subprocess
import time

from scored import auc, opened

RESAMPLES = 200


def run(*arguments):
    return subprocess.run([str(word) for word in arguments], check=True, capture_output=True, text=True).stdout


def table(path):
    """The rows of a CSV file, by their columns."""
    return list(csv.DictReader(opened(path)))


def compare(task, label, own, other, rows):
    """One line: the difference of two predictions of the same rows, and a bootstrap's standard error of it."""
    labels = [int(row[label]) for row in rows]
    difference = auc(own, labels) - auc(other, labels)
    draw, drawn = random.Random(1), []
    for _ in range(RESAMPLES):
        chosen = [draw.randrange(len(rows)) for _ in rows]
        y = [labels[i] for i in chosen]
        drawn.append(auc([own[i] for i in chosen], y) - auc([other[i] for i in chosen], y))
    return f"{task:16} {difference:+.4f} beside it, standard error {statistics.stdev(drawn):.4f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    for part in ("train", "valid", "test"):
        parser.add_argument("--" + part, nargs="+", required=True, metavar="FILE")
    parser.add_argument("--seeds", default="21-25", metavar="A-B")
    parser.add_argument("--out", default="build/seeds", type=pathlib.Path, metavar="DIR", help="models (default build/seeds)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as for train")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--beside", metavar="FILE", help="predictions made elsewhere")
    parser.add_argument("--dcrnn", default="build/release/bin/dcrnn", metavar="PATH", help="the program")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    first, last = (int(seed) for seed in options.seeds.split("-"))
    figures, seconds, predictions = {}, [], []
    for seed in range(first, last + 1):
        model = options.out / f"{pathlib.Path(options.config).stem}.{seed}"
        if not model.exists():
            start = time.perf_counter()
            run(options.dcrnn, "train", options.config, "--train", *options.train, "--valid", *options.valid, "--out", model,
                "--seed", seed, "--threads", options.threads, "--quiet", "--resume", "--cache", options.out / "cache",
                *(word for value in options.set for word in ("--set", value)))
            seconds.append(time.perf_counter() - start)
        for task, report in json.loads(run(options.dcrnn, "eval", model, "--data", *options.test, "--json"))["tasks"].items():
            for name in ("auc", "auc_given_parent", "logloss"):
                if report.get(name) is not None:
                    figures.setdefault((task, name), []).append(report[name])
        if options.beside:
            run(options.dcrnn, "predict", model, "--data", *options.test, "--out", options.out / "p.csv")
            predictions.append(table(options.out / "p.csv"))
    for (task, name), values in figures.items():
        spread = f" sd {statistics.stdev(values):.4f}" if len(values) > 1 else ""
        print(f"{task:16} {name:16} mean {statistics.fmean(values):.4f}{spread}   "
              + " ".join(f"{value:.4f}" for value in values))
    if seconds:
        print(f"seconds of a training: {statistics.fmean(seconds):.0f}")
    if options.beside:
        config = json.loads(run(options.dcrnn, "inspect", model, "--json"))["config"]
        other, rows = table(options.beside), [row for path in options.test for row in table(path)]
        for task in config["tasks"]:
            name = "p_" + task["name"]
            own = [statistics.fmean(float(one[i][name]) for one in predictions) for i in range(len(rows))]
            print(compare(task["name"], task["label"], own, [float(row[name]) for row in other], rows))


if __name__ == "__main__":
    main()
