"""DCRNN: a multi-task model for click logs, trained and scored by an engine of its own.

`DCRNNClassifier` works as scikit-learn's classifiers do; `fit`, `compare`, `Model`, `Scorer` and `Trainer` are the engine itself, with
configs as dicts; `plots` draws. See docs/python.md.
"""

from ._library import (
    DataError,
    DivergedError,
    Error,
    FileError,
    ModelError,
    OutOfMemory,
    StoppedError,
    UsageError,
)
from .classifier import DCRNNClassifier
from .comparison import Comparison, ComparisonProgress, compare
from .model import Fit, Interrupted, Model, Progress, Scorer, Trainer, fit, gradcheck, inspect, version

__version__ = version()
__all__ = [
    "Comparison",
    "ComparisonProgress",
    "DCRNNClassifier",
    "DataError",
    "DivergedError",
    "Error",
    "FileError",
    "Fit",
    "Interrupted",
    "Model",
    "ModelError",
    "OutOfMemory",
    "Progress",
    "Scorer",
    "StoppedError",
    "Trainer",
    "UsageError",
    "compare",
    "fit",
    "gradcheck",
    "inspect",
    "version",
]
