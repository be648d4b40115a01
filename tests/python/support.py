"""What the tests of the Python package share. The library is the one in $DCRNN_LIBRARY, the program that in $DCRNN_APP."""

import csv
import importlib.util
import os
import pathlib
import subprocess
import tempfile
import unittest

HAS_NUMPY = importlib.util.find_spec("numpy") is not None
APP = os.environ.get("DCRNN_APP")


def needs(*packages):
    """Skips a test, and says why, where a package is missing."""
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    return unittest.skipIf(missing, f"SKIPPED: not installed: {', '.join(missing)} (scripts/test_python.sh brings them)")


if HAS_NUMPY:
    import numpy as np

FIELDS = [
    {"name": "user", "type": "category", "min_count": 2, "dim": 4},
    {"name": "item", "type": "category", "encoding": "hash", "size": 300, "dim": 4},
    {"name": "tags", "type": "bag", "dim": 3},
    {"name": "x", "type": "number"},
    {"name": "seconds", "type": "number", "transform": "buckets", "bins": 7, "dim": 3},
]
CONFIG = {
    "fields": FIELDS,
    "tasks": [{"name": "click"}, {"name": "consume", "after": "click"}],
    "cross": {"layers": 2},
    "sharing": [{"shared": 8, "private": 4}],
    "tower": [6],
    "train": {"epochs": 3, "batch": 64},
}


def log(n=600, seed=1):
    """Columns and labels of a short-video log: users, items, tags, watched seconds; clicks, and of these consumes."""
    rng = np.random.default_rng(seed)
    user, item = rng.integers(0, 60, n), rng.integers(0, 90, n)
    x = np.round(rng.normal(size=n), 4)
    seconds = np.where(rng.random(n) < 0.1, np.nan, np.round(rng.exponential(20, n), 2))
    click = ((user % 3 == 0) | (x > 0.4)).astype(np.int64)
    consume = np.where(rng.random(n) < 0.1, np.nan, click * (item % 2))
    tags = [[f"t{t}" for t in rng.integers(0, 9, rng.integers(0, 4))] for _ in range(n)]
    columns = {"user": user, "item": np.array([f"i{i}" for i in item], object), "tags": tags, "x": x, "seconds": seconds}
    return columns, {"click": click, "consume": consume}


def cell(value):
    if isinstance(value, list):
        return "|".join(value)
    if isinstance(value, float):
        return "" if value != value else repr(value)
    return str(value)


def write_csv(path, columns, labels):
    plain = {name: values.tolist() if hasattr(values, "tolist") else values for name, values in columns.items()}
    for task, values in labels.items():
        plain[task] = ["" if v != v else str(int(v)) for v in values.tolist()]
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(plain)
        writer.writerows([cell(value) for value in row] for row in zip(*plain.values()))


@unittest.skipUnless(HAS_NUMPY, "SKIPPED: numpy is not installed")
class PythonTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = pathlib.Path(scratch.name)

    def app(self, *arguments):
        return subprocess.run([APP, *map(str, arguments)], check=True, capture_output=True)
