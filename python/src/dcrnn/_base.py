"""What the classifier takes from scikit-learn, for where that is not installed."""

from __future__ import annotations

import inspect
from typing import Any


class NotFittedError(ValueError, AttributeError):
    """Used before it was fitted."""


class ClassifierMixin:
    """Marks a classifier."""

    _estimator_type = "classifier"


class BaseEstimator:
    """Parameters are those of the constructor."""

    def _names(self) -> list[str]:
        return [name for name in inspect.signature(type(self).__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any):
        for name, value in params.items():
            if name not in self._names():
                raise ValueError(f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: {self._names()}.")
            setattr(self, name, value)
        return self

    def __getstate__(self):
        return self.__dict__

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({given})"


def _check_feature_names(estimator: Any, X: Any, *, reset: bool) -> None:
    """Takes down the names of the columns, or compares them."""
    import numpy as np

    columns = getattr(X, "columns", None)
    names = None if columns is None else np.asarray([str(name) for name in columns], dtype=object)
    if reset:
        if names is not None:
            estimator.feature_names_in_ = names
        elif hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
        return
    known = getattr(estimator, "feature_names_in_", None)
    if known is not None and names is not None and list(known) != list(names):
        raise ValueError("The feature names should match those that were passed during fit.")
