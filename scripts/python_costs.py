#!/usr/bin/env python3
"""What Python costs: scoring frames and single rows, fitting arrays, beside the program on the same rows.

    build/torch/bin/python scripts/python_costs.py --program build/release/bin/dcrnn

with the package installed (scripts/test_python.sh does that); pandas, polars and pyarrow are measured where they are there.
One thread, D = 60 of ten categories, a log of its own making. Times are the least of several for whole tables and the
median for single rows; run it on a machine with nothing else to do.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import dcrnn
import numpy as np

FIELDS, VALUES, DIM = 10, 5000, 6
CONFIG = {
    "fields": [{"name": f"f{i}", "type": "category", "dim": DIM} for i in range(FIELDS)],
    "tasks": [{"name": "click"}, {"name": "consume", "after": "click"}],
    "train": {"epochs": 2, "batch": 1024},
}


def log(n, seed):
    """Columns of integers, some values far more frequent than others, and labels."""
    rng = np.random.default_rng(seed)
    columns = {f"f{i}": (VALUES * rng.random(n) ** 3).astype(np.int64) for i in range(FIELDS)}
    click = (columns["f0"] % 3 == 0) ^ (rng.random(n) < 0.2)
    return columns, {"click": click.astype(np.int64), "consume": (click & (columns["f1"] % 2 == 0)).astype(np.int64)}


def as_text(columns):
    return {name: np.char.add("v", values.astype(str)).astype(object) for name, values in columns.items()}


def seconds(call, *arguments):
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


def least(call, times=5):
    return min(seconds(call) for _ in range(times))


def median(call, rows):
    """Microseconds."""
    return 1e6 * statistics.median(seconds(call, row) for row in rows)


def frames(columns):
    """The same rows in every form."""
    yield "numpy, integers", columns
    text = as_text(columns)
    yield "numpy, text", text
    try:
        import pandas
    except ImportError:
        print("SKIPPED: pandas is not installed")
    else:
        yield "pandas, integers", pandas.DataFrame(columns)
        yield "pandas, text", pandas.DataFrame(text)
        yield "pandas, categories", pandas.DataFrame(text).astype("category")
    try:
        import polars
    except ImportError:
        print("SKIPPED: polars is not installed")
    else:
        yield "polars, integers", polars.DataFrame(columns)
        yield "polars, text", polars.DataFrame({name: values.tolist() for name, values in text.items()})
    try:
        import pyarrow
    except ImportError:
        print("SKIPPED: pyarrow is not installed")
    else:
        yield "Arrow, text", pyarrow.table({name: values.tolist() for name, values in text.items()})


def tables(model, columns):
    n = len(columns["f0"])
    scorer = model.scorer()
    encoded = model.encode(columns)
    ids = np.stack([encoded[f"f{i}.ids"] for i in range(FIELDS)], axis=1)
    network = least(lambda: scorer.score_ids(ids))
    print(f"\n{n} rows, D = {FIELDS * DIM}: the network alone (ids) {1e3 * network:.1f} ms")
    print("| rows from | all, ms | conversion, ms | all / network |\n|---|---|---|---|")
    for name, frame in frames(columns):
        whole = least(lambda: scorer.score(frame), 3)
        print(f"| {name} | {1e3 * whole:.1f} | {1e3 * (whole - network):.1f} | {whole / network:.2f} |", flush=True)


def single_rows(model, columns):
    scorer = model.scorer()
    ids = np.stack([model.encode({name: values[:1000] for name, values in columns.items()})[f"f{i}.ids"] for i in range(FIELDS)], axis=1)
    rows = list(ids.astype(np.uint32))
    median(scorer.score_ids, rows)
    print(f"\none row of {FIELDS} ids from numpy: {median(scorer.score_ids, rows * 5):.1f} us (median)")
    arrays = [{name: values[i : i + 1] for name, values in columns.items()} for i in range(1000)]
    print(f"one row from a dict of numpy arrays: {median(scorer.score, arrays):.1f} us")
    try:
        import pandas
    except ImportError:
        return
    frame = pandas.DataFrame(columns)
    print(f"one row from a pandas frame: {median(scorer.score, [frame[i : i + 1] for i in range(300)]):.1f} us")


FIT = """
import json, re, resource, sys, time
import numpy as np, dcrnn
loaded = np.load(sys.argv[1])
columns = {name: loaded[name] for name in loaded.files if name not in ("click", "consume")}
labels = {task: loaded[task] for task in ("click", "consume")}
dcrnn.fit(json.loads(sys.argv[2]), {n: v[:2000] for n, v in columns.items()}, {t: v[:2000] for t, v in labels.items()})
def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read()).group(1))
before = peak()
start, worked = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
fit = dcrnn.fit(json.loads(sys.argv[2]), columns, labels)
taken = time.perf_counter() - start
worked = resource.getrusage(resource.RUSAGE_SELF).ru_utime - worked
grown = peak() - before
fit.model.save(sys.argv[3])
print(json.dumps({"seconds": taken, "user": worked, "megabytes": grown / 1024}))
"""


def fits(program, columns, labels, folder):
    csv, arrays, config = folder / "log.csv", folder / "log.npz", folder / "config.json"
    rows = np.stack([*columns.values(), *labels.values()], axis=1)
    np.savetxt(csv, rows, "%d", delimiter=",", header=",".join([*columns, *labels]), comments="")
    np.savez(arrays, **columns, **labels)
    config.write_text(json.dumps(CONFIG))

    def work(*command):
        subprocess.run([program, *command, "--threads", "1"], check=True)

    def user():
        """Of the processor, which others who want it disturb little."""
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime

    ours, theirs = [], []
    for turn in range(3):
        done = subprocess.run([sys.executable, "-c", FIT, arrays, json.dumps(CONFIG), folder / "ours"], check=True, capture_output=True)
        ours.append(json.loads(done.stdout))
        model, before = folder / f"theirs{turn}", user()
        taken = seconds(work, "train", config, "--train", csv, "--out", model, "--quiet")
        theirs.append({"seconds": taken, "user": user() - before})
    same = (folder / "ours").read_bytes() == model.read_bytes()

    def least_of(key):
        return min(told[key] for told in ours), min(told[key] for told in theirs)

    own, other = least_of("seconds")
    print(f"\nfit of {len(rows)} rows, 2 epochs: {own:.2f} s on arrays, {other:.2f} s by the program from CSV "
          f"({own / other:.2f} x); the same bytes: {same}")
    own, other = least_of("user")
    print(f"of the processor: {own:.2f} s and {other:.2f} s ({own / other:.2f} x)")
    print(f"memory beyond the arrays: {max(told['megabytes'] for told in ours):.0f} MB")
    taken = seconds(work, "predict", model, "--data", csv, "--out", folder / "p.csv")
    print(f"dcrnn predict of these rows, from CSV to CSV: {taken:.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=pathlib.Path, help="dcrnn")
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    columns, labels = log(options.rows, 1)
    text = as_text(columns)
    # One vocabulary for integers and text alike.
    both = {name: np.concatenate([values.astype(str).astype(object), text[name]]) for name, values in columns.items()}
    model = dcrnn.Model.create(CONFIG, both)
    tables(model, columns)
    single_rows(model, columns)
    with tempfile.TemporaryDirectory() as folder:
        fits(options.program.resolve(), columns, labels, pathlib.Path(folder))


if __name__ == "__main__":
    main()
