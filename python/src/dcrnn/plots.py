"""Plots, with matplotlib: learning curves, calibration, gates per task. Each draws on `ax`, or on a new one, and gives it."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np

from .model import Fit, Model


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    import matplotlib.pyplot

    return matplotlib.pyplot.subplots()[1]


def learning_curves(fit: Fit, metric: str = "auc", ax: Any = None) -> Any:
    """The training loss and a validation metric ("auc", "logloss", "ece") of every task, by epoch."""
    ax = _axes(ax)
    epochs = [entry["epoch"] for entry in fit.history]
    ax.plot(epochs, [entry["loss"] for entry in fit.history], color="black", label="training loss")
    ax.set_xlabel("epoch")
    ax.set_ylabel("training loss")
    if fit.history and "valid" in fit.history[0]:
        right = ax.twinx()
        for t, task in enumerate(fit.history[0]["valid"]):
            values = [entry["valid"][task][metric] for entry in fit.history]
            right.plot(epochs, [np.nan if v is None else v for v in values], color=f"C{t}", label=f"{task}, {metric}")
        right.set_ylabel(f"validation {metric}")
        right.legend(loc="lower right")
    if fit.best_epoch:
        ax.axvline(fit.best_epoch, linestyle=":", color="grey")
    ax.legend(loc="upper right")
    return ax


def calibration(labels: Mapping[str, Any], probabilities: np.ndarray, bins: int = 20, ax: Any = None) -> Any:
    """Share of positives against the mean prediction, in bins of equal count. labels: {task: [n], NaN missing};
    probabilities [n, T] in the same order."""
    ax = _axes(ax)
    ax.plot([0, 1], [0, 1], linestyle=":", color="grey")
    for t, (task, values) in enumerate(labels.items()):
        y = np.asarray(values, np.float64)
        p = np.asarray(probabilities)[:, t][y == y]
        y = y[y == y]
        parts = [part for part in np.array_split(np.argsort(p, kind="stable"), bins) if len(part)]
        ax.plot([p[part].mean() for part in parts], [y[part].mean() for part in parts], marker="o", label=task)
    ax.set_xlabel("mean prediction")
    ax.set_ylabel("share of positives")
    ax.legend()
    return ax


def gates(model: Model, data: Any, block: int = 0, ax: Any = None) -> Any:
    """How far the gate of every task opens for every shared unit of a sharing block: means over the rows of `data`."""
    ax = _axes(ax)
    trace = model.trace(data)
    names = {task: f"sharing.{block}.{task}.gate" for task in model.tasks}
    found = {task: trace[name].mean(axis=0) for task, name in names.items() if name in trace}
    if not found:
        raise ValueError(f"sharing block {block} of this model has no gates")
    for task, opening in found.items():
        ax.plot(np.sort(opening)[::-1], label=task)
    ax.set_xlabel("shared unit, by opening")
    ax.set_ylabel("mean gate")
    ax.legend()
    return ax
