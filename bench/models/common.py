"""What every peer needs: the logs as frames, metrics, and the measuring of a run.

A peer is a module with `VERSION` (a function) and `train(log, seed)`, which gives a function from a frame of rows to
probabilities [rows, tasks]; `one(frame)`, if its result has it, gives a function that scores that single row.
"""
import json
import os
import resource
import time

import numpy as np
import pandas as pd

CONFIGS = {"census": "census/income.json", "hillstrom": "hillstrom/config.json", "kuairand": "kuairand/config.json"}


class Log:
    """train, valid and test of one log, and what its config says of the columns."""

    def __init__(self, folder, name):
        self.name, self.folder = name, os.path.join(folder, name)
        self.config_path = os.path.join(folder, CONFIGS[name])
        with open(self.config_path) as file:
            config = json.load(file)
        column = lambda field: field.get("column", field["name"])
        distinct = lambda names: list(dict.fromkeys(names))  # several fields may read one column
        of_type = lambda kind: distinct(column(f) for f in config["fields"] if f["type"] == kind)
        self.categories, self.numbers = of_type("category"), of_type("number")
        self.logged = {column(f) for f in config["fields"] if f.get("transform") == "log1p"}
        self.tasks = [task["name"] for task in config["tasks"]]
        self.labels = [task.get("label", task["name"]) for task in config["tasks"]]
        self.features = distinct(self.categories + self.numbers)
        types = {**{c: str for c in self.categories}, **{c: float for c in self.numbers}}
        for part in ("train", "valid", "test"):
            frame = pd.read_csv(self.path(part), dtype=types, keep_default_na=False,
                                na_values={c: [""] for c in self.numbers})
            setattr(self, part, frame[distinct(self.features + self.labels)])

    def path(self, part):
        return os.path.join(self.folder, part + ".csv.gz")

    def truth(self, part):
        return getattr(self, part)[self.labels].to_numpy(float, copy=True)

    def with_categories(self, frame):
        """Features as pandas categories, those of the training rows; others are missing."""
        made = frame[self.features].copy()
        for c in self.categories:
            made[c] = pd.Categorical(frame[c], categories=self.levels(c))
        return made

    def levels(self, c):
        known = self.__dict__.setdefault("_levels", {})
        if c not in known:
            known[c] = sorted(self.train[c].unique())
        return known[c]

    def codes(self, frame):
        """Categories as numbers from 1, 0 for unknown ones: [rows, categories]."""
        return np.stack([pd.Categorical(frame[c], categories=self.levels(c)).codes.astype(np.int64) + 1
                         for c in self.categories], 1)

    def standardized(self, frame):
        """Numbers by the mean and deviation of the training rows, missing ones at the mean: [rows, numbers]."""
        def values(of):
            x = of[self.numbers].to_numpy(float, copy=True)
            logged = [i for i, c in enumerate(self.numbers) if c in self.logged]
            x[:, logged] = np.log1p(np.maximum(x[:, logged], 0))
            return x
        if "_moments" not in self.__dict__:
            x = values(self.train)
            self._moments = np.nanmean(x, 0), np.maximum(np.nanstd(x, 0), 1e-9)
        mean, deviation = self._moments
        return np.nan_to_num((values(frame) - mean) / deviation).astype(np.float32)


def scorer_of(log, models):
    """The function of a peer that has one classifier per task, on frames with categories."""

    def score(frame):
        rows = log.with_categories(frame)
        return np.stack([model.predict_proba(rows)[:, 1] for model in models], 1)

    def one(frame):
        row = log.with_categories(frame)
        return lambda: [model.predict_proba(row) for model in models]

    score.one = one
    return score


def auc(y, p):
    """By ranks, ties at their mean."""
    _, inverse, counts = np.unique(p, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    ones = y.sum()
    return (rank[y == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(y) - ones))


def logloss(y, p):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def quality(log, p):
    y = log.truth("test")
    return {task: {"auc": auc(y[:, t], p[:, t]), "logloss": logloss(y[:, t], p[:, t])}
            for t, task in enumerate(log.tasks)}


def write_predictions(path, log, p):
    """As `dcrnn predict` writes them, for `dcrnn compare --outside`."""
    pd.DataFrame(p, columns=["p_" + task for task in log.tasks]).to_csv(path, index=False)


def cpu_seconds():
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF,
                                                                         resource.RUSAGE_CHILDREN)))


def peak_megabytes():
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF,
                                                              resource.RUSAGE_CHILDREN)) * 1024 / 1e6


def median_microseconds(score, count=300):
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        score()
        times.append(time.perf_counter() - begin)
    return float(np.median(times)) * 1e6
