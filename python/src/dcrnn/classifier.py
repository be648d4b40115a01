"""The model as scikit-learn's classifiers are used."""

from __future__ import annotations

import re
import sys
from typing import Any, Callable, Mapping

import numpy as np

from ._columns import Column, columns_of, count_of, labels_of, unmasked
from .model import Fit, Interrupted, Model, Progress, Trainer
from .model import fit as fit_model

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import _check_feature_names
except ImportError:  # the class works the same without
    from ._base import BaseEstimator, ClassifierMixin, NotFittedError, _check_feature_names

_LEAST_STEPS = 16  # per epoch, where `batch` is left open


def _merged(base: Mapping, over: Mapping) -> dict:
    """`over` on top of `base`, dicts within dicts likewise."""
    made = dict(base)
    for key, value in over.items():
        inner = made.get(key)
        made[key] = _merged(inner, value) if isinstance(value, Mapping) and isinstance(inner, Mapping) else value
    return made


class DCRNNClassifier(ClassifierMixin, BaseEstimator):
    """Predicts one or several tasks (click, then consume) from a frame of columns.

    tasks: names of the tasks; default: the columns of y, or "y".
    after: {task: the task it follows}, of a chain such as {"consume": "click"}.
    kinds: {column: "category", "number", "bag", or a dict of a field's keys (docs/config.md)}, for columns whose type does
        not tell. By type: text, categories, booleans and integers of at most `max_categories` values are categories;
        other integers and floats are numbers; lists are bags. {name: {"type": "rate", "of": [columns]}} adds a rate field.
    dim: width of an embedding.
    config: further keys of a config, put on top: {"cross": {...}, "sharing": [...], "tower": [...], "train": {...}}.
    epochs, batch, patience: of the training; patience counts epochs without a better validation (eval_set). batch left
        open is 1024, or less where an epoch would have fewer than 16 steps.
    random_state: seed of everything random. threads, isa: how to compute; the results depend on isa only.
    verbose: 1: the columns' kinds, once, and a line per epoch; 2: also a progress bar, where tqdm is installed.

    After fit: model_, classes_ (a list of arrays for several tasks), kinds_, tasks_, fit_ (history, notes, ...),
    n_features_in_, feature_names_in_.
    """

    def __init__(
        self,
        tasks=None,
        after=None,
        kinds=None,
        max_categories=1000,
        dim=16,
        config=None,
        epochs=10,
        batch=None,
        patience=2,
        random_state=1,
        threads=1,
        isa="auto",
        verbose=0,
    ):
        self.tasks = tasks
        self.after = after
        self.kinds = kinds
        self.max_categories = max_categories
        self.dim = dim
        self.config = config
        self.epochs = epochs
        self.batch = batch
        self.patience = patience
        self.random_state = random_state
        self.threads = threads
        self.isa = isa
        self.verbose = verbose

    def fit(self, X, y, sample_weight=None, eval_set=None, callbacks=None) -> "DCRNNClassifier":
        """Fits on X [n, F] and y [n] or [n, T], where NaN is a missing label.

        eval_set: (X, y) or (X, y, sample_weight) held out: the best epoch is kept, and training stops early.
        callbacks: functions of a Progress; one that returns False stops the fit, which keeps what it reached.
        """
        columns = self._columns(X, reset=True)
        labels = self._labels(y, count_of(columns), reset=True)
        config = self._config(columns, sample_weight is not None)
        valid = None
        if eval_set is not None:
            held_X, held_y, *held_weight = _held_out(eval_set)
            held = self._columns(held_X, reset=False)
            valid = (held, self._labels(held_y, count_of(held), reset=False), *self._eval_weight(held_weight, sample_weight, held))
        self._trainer = None
        try:
            fit = fit_model(
                config,
                columns,
                labels,
                None if sample_weight is None else self._weights(sample_weight, count_of(columns)),
                valid,
                threads=self.threads,
                isa=self.isa,
                progress=self._progress(list(callbacks or [])),
                on_epoch=self._tell if self.verbose else None,
            )
        except Interrupted as interrupted:
            self._keep(interrupted.fit)
            raise
        self._keep(fit)
        return self

    def partial_fit(self, X, y, classes=None, sample_weight=None) -> "DCRNNClassifier":
        """Steps on these rows, in their order, `batch` at a time. The first call makes the encoders: of its rows' columns.
        Whether there are sample weights is fixed by it."""
        first = not hasattr(self, "model_")
        columns = self._columns(X, reset=first)
        n = count_of(columns)
        labels = self._labels(y, n, reset=first, classes=classes)
        weights = None if sample_weight is None else self._weights(sample_weight, n)
        if first:
            config = self._config(columns, sample_weight is not None)
            self._keep(Fit(Model.create(config, columns, labels, weights)))
        if getattr(self, "_trainer", None) is None:
            self._trainer = Trainer(self.model_, threads=self.threads, isa=self.isa)
        batch = self.model_.config["train"]["batch"]
        for begin in range(0, n, batch):
            end = min(begin + batch, n)
            self._trainer.step(
                {name: column.slice(begin, end) for name, column in columns.items()},
                {task: values[begin:end] for task, values in labels.items()},
                None if weights is None else weights[begin:end],
            )
        self.fit_.rows_trained += n
        return self

    def predict_tasks(self, X) -> np.ndarray:
        """Probabilities [n, T], one column per task."""
        self._require_fit()
        return self.model_.predict(self._columns(X, reset=False), self.threads, self.isa).astype(np.float64)

    def predict_proba(self, X) -> Any:
        """[n, 2], the probability of classes_[0] and classes_[1]; of several tasks a list of such, one per task."""
        p = self.predict_tasks(X)
        both = [np.stack([1 - p[:, t], p[:, t]], axis=1) for t in range(p.shape[1])]
        return both if self._several else both[0]

    def predict(self, X) -> np.ndarray:
        """The likelier class, [n], or [n, T] of several tasks."""
        chosen = (self.predict_tasks(X) >= 0.5).astype(np.intp)
        return chosen if self._several else self.classes_[chosen[:, 0]]

    def score(self, X, y, sample_weight=None) -> float:
        """Mean accuracy over all labels that are there."""
        p = self.predict_tasks(X)
        labels = self._labels(y, len(p), reset=False)
        truth = np.stack([labels[task] for task in self.tasks_], axis=1)
        weight = np.where(truth >= 0, 1.0 if sample_weight is None else np.asarray(sample_weight, np.float64)[:, None], 0.0)
        return float(np.average((p >= 0.5) == truth, weights=weight))

    def evaluate(self, X, y, sample_weight=None) -> dict:
        """Metrics per task: auc, logloss, ece, ..."""
        self._require_fit()
        columns = self._columns(X, reset=False)
        n = count_of(columns)
        weights = None if sample_weight is None else self._weights(sample_weight, n)
        if weights is None and "weight" in self.model_.config:
            weights = np.ones(n)
        return self.model_.evaluate(columns, self._labels(y, n, reset=False), weights, threads=self.threads, isa=self.isa)

    # ---- what goes in

    def _columns(self, X: Any, reset: bool) -> dict[str, Column]:
        columns = columns_of(X)
        names = list(columns)
        if reset:
            self._reset_features(X, names)
        else:
            self._require_features()
            _check_feature_names(self, X, reset=False)
            if len(names) != self.n_features_in_:
                raise ValueError(
                    f"X has {len(names)} features, but {type(self).__name__} is expecting {self.n_features_in_} features as input"
                )
        n = count_of(columns) if names else len(X)
        if n == 0:
            raise ValueError(f"Found array with 0 sample(s) (shape=(0, {len(names)})) while a minimum of 1 is required.")
        if not names:
            raise ValueError(f"Found array with 0 feature(s) (shape=({n}, 0)) while a minimum of 1 is required.")
        return columns

    def _reset_features(self, X: Any, names: list[str]) -> None:
        if hasattr(self, "_trainer"):
            self._trainer = None
        _check_feature_names(self, X, reset=True)
        self.n_features_in_ = len(names)

    def _require_features(self) -> None:
        if not hasattr(self, "n_features_in_"):
            self._require_fit()

    def _require_fit(self) -> None:
        if not hasattr(self, "model_"):
            raise NotFittedError(f"This {type(self).__name__} instance is not fitted yet. Call 'fit' first.")

    def _labels(self, y: Any, n: int, reset: bool, classes: Any = None) -> dict[str, np.ndarray]:
        """{task: int8 [n]}; with `reset` tasks_ and classes_ are made."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        columns, names = _target(y, n)
        if reset:
            if isinstance(self.tasks, str):
                raise ValueError(f"tasks: found the text {self.tasks!r}, want a list of names")
            self.tasks_ = [str(t) for t in (self.tasks or names or ([f"y{t}" for t in range(len(columns))] if len(columns) > 1 else ["y"]))]
            self._several = len(columns) > 1
        if len(columns) != len(self.tasks_):
            raise ValueError(f"y: {len(columns)} columns for the tasks {self.tasks_}")
        if names is not None and set(names) == set(self.tasks_):
            columns = [columns[names.index(task)] for task in self.tasks_]
        if self._several:
            if reset:
                self.classes_ = [np.array([0, 1])] * len(columns)
            return {task: labels_of(task, column, n) for task, column in zip(self.tasks_, columns)}
        if reset:
            self.classes_ = _two_classes(columns[0] if classes is None else np.asarray(classes))
        return {self.tasks_[0]: _as_zero_and_one(self.tasks_[0], columns[0], self.classes_)}

    @staticmethod
    def _weights(sample_weight: Any, n: int) -> np.ndarray:
        if np.ma.isMaskedArray(sample_weight) and sample_weight.mask.any():
            raise ValueError("Sample weights are masked: every row needs one")
        weights = np.asarray(sample_weight, dtype=np.float64)
        if weights.ndim == 0:
            weights = np.full(n, float(weights))
        if weights.ndim != 1:
            raise ValueError("Sample weights must be 1D array or scalar")
        if len(weights) != n:
            raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(n,)}!")
        if n > 0 and not weights.any():
            raise ValueError("Every sample weight is zero: there is nothing to fit")
        return weights

    def _eval_weight(self, held_weight: list, sample_weight: Any, held: dict) -> tuple:
        n = count_of(held)
        if held_weight and held_weight[0] is not None:
            if sample_weight is None:
                raise ValueError("eval_set has weights, but no sample_weight was given")
            return (self._weights(held_weight[0], n),)
        return () if sample_weight is None else (np.ones(n),)

    # ---- the config

    def _field(self, name: str, column: Column, field: str) -> dict:
        given = (self.kinds or {}).get(name)
        keys = dict(given) if isinstance(given, Mapping) else {}
        kind = keys.get("type", given if isinstance(given, str) else None)
        if kind is None:
            kind = {"number": "number", "word": "category", "bag": "bag"}.get(column.kind)
        if kind is None:
            kind = "category" if len(np.unique(column.integers)) <= self.max_categories else "number"
        made = {"name": field, "type": kind}
        if field != name:
            made["column"] = name
        if kind != "number" or keys.get("transform") == "buckets":
            made["dim"] = self.dim
        return {**made, **keys}

    def _config(self, columns: dict[str, Column], weighted: bool) -> dict:
        if not isinstance(self.kinds or {}, Mapping):
            raise ValueError(f"kinds: found a {type(self.kinds).__name__}, want {{column: kind}}")
        rates = [
            {"name": name, **keys}
            for name, keys in (self.kinds or {}).items()
            if name not in columns and isinstance(keys, Mapping) and keys.get("type") == "rate"
        ]
        unknown = set(self.kinds or {}) - set(columns) - {rate["name"] for rate in rates}
        if unknown:
            raise ValueError(f"kinds: there is no column {sorted(unknown)[0]!r}")
        fields, used = [], set()
        for name, column in columns.items():
            field = re.sub(r"[^A-Za-z0-9_-]", "_", name) or "_"
            while field in used:
                field += "_"
            used.add(field)
            fields.append(self._field(name, column, field))
        self.kinds_ = {name: field["type"] for name, field in zip(columns, fields)}
        if self.verbose:
            print("columns: " + ", ".join(f"{name}: {kind}" for name, kind in self.kinds_.items()), file=sys.stderr)
        fields += rates
        after = self.after or {}
        strange = [task for task in after if task not in self.tasks_]
        if strange:
            raise ValueError(f"after: there is no task {strange[0]!r}; the tasks are {self.tasks_}")
        tasks = [{"name": task, "label": f"label of {task}", **({"after": after[task]} if task in after else {})} for task in self.tasks_]
        n = count_of(columns)
        batch = self.batch if self.batch is not None else max(1, min(1024, n // _LEAST_STEPS))
        train = {
            "epochs": int(self.epochs),
            "batch": int(batch),
            "seed": _seed(self.random_state),
            "early_stopping": {"patience": int(self.patience)},
        }
        config = {"fields": fields, "tasks": tasks, "train": train}
        if weighted:
            config["weight"] = "sample weight"
        return _merged(config, self.config or {})

    # ---- what is told, what is kept

    def _keep(self, fit: Fit) -> None:
        self.model_ = fit.model
        self.fit_ = fit

    @staticmethod
    def _tell(epoch: dict) -> None:
        aucs = ", ".join(f"{task} {of['auc']:.4f}" for task, of in epoch.get("valid", {}).items() if of["auc"] is not None)
        print(f"epoch {epoch['epoch']}: loss {epoch['loss']:.5f}" + (f", valid auc {aucs}" if aucs else ""), file=sys.stderr)

    def _progress(self, callbacks: list[Callable[[Progress], Any]]) -> Callable[[Progress], Any] | None:
        bar = _bar() if self.verbose > 1 else None
        if bar is not None:
            callbacks.append(bar)
        if not callbacks:
            return None
        return lambda progress: all([callback(progress) is not False for callback in callbacks])

    def __getstate__(self):
        state = super().__getstate__()
        state = dict(state if state is not None else self.__dict__)
        state.pop("_trainer", None)
        return state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.target_tags.multi_output = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags


def _held_out(eval_set: Any) -> tuple:
    """(X, y) or (X, y, sample_weight); also as a list of one such, as other libraries take it."""
    if isinstance(eval_set, list) and all(isinstance(held, tuple) for held in eval_set):
        eval_set = eval_set[0] if len(eval_set) == 1 else None
    if not isinstance(eval_set, (list, tuple)) or len(eval_set) not in (2, 3):
        raise ValueError("eval_set: want one set held out: (X, y) or (X, y, sample_weight)")
    return tuple(eval_set)


def _seed(random_state: Any) -> int:
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return int((random_state or np.random.mtrand._rand).randint(2**31))
    return int(random_state)


def _target(y: Any, n: int) -> tuple[list[np.ndarray], list[str] | None]:
    """The columns of y, and their names where it has any."""
    if isinstance(y, Mapping) or hasattr(y, "get_columns") or hasattr(y, "column_names"):
        names = [str(name) for name in (y if isinstance(y, Mapping) else getattr(y, "columns", None) or y.column_names)]
        columns = [unmasked(y[name]) for name in names]
    elif hasattr(y, "columns"):
        names = [str(name) for name in y.columns]
        columns = [np.asarray(y.iloc[:, i]) for i in range(len(names))]
    else:
        array = unmasked(y)
        names = None
        if array.ndim == 2 and array.shape[1] == 1:
            _warn_of_column_vector()
            array = array[:, 0]
        if array.ndim not in (1, 2):
            raise ValueError(f"y should be a 1d array, got an array of shape {array.shape} instead.")
        columns = [array] if array.ndim == 1 else [array[:, t] for t in range(array.shape[1])]
    for column in columns:
        if len(column) != n:
            raise ValueError(f"Found input variables with inconsistent numbers of samples: [{n}, {len(column)}]")
        if column.dtype.kind == "f" and np.isinf(column).any():
            raise ValueError(f"Input y contains infinity or a value too large for {column.dtype!r}.")
    return columns, names


def _warn_of_column_vector() -> None:
    import warnings

    try:
        from sklearn.exceptions import DataConversionWarning as Kind
    except ImportError:
        Kind = UserWarning
    warnings.warn("A column-vector y was passed when a 1d array was expected.", Kind, stacklevel=4)


def _two_classes(y: np.ndarray) -> np.ndarray:
    """The two values of y, sorted."""
    if y.dtype.kind == "f":
        y = y[y == y]
        if len(y) and (y != np.floor(y)).any():
            raise ValueError("Unknown label type: continuous. Labels are two classes, or 0, 1 and NaN of several tasks.")
    if y.dtype.kind == "O":
        y = np.array([value for value in y.tolist() if value is not None and value == value])
    classes = np.unique(y)
    if len(classes) > 2:
        raise ValueError(
            f"Only binary classification is supported. The type of the target is multiclass: found {len(classes)} classes."
        )
    if len(classes) < 2:
        raise ValueError(f"y holds one class only: {classes.tolist()}; a classifier needs samples of 2 classes in the data")
    return classes


def _as_zero_and_one(task: str, y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    known = np.array([value is not None and value == value for value in y.tolist()], bool) if y.dtype.kind in "Of" else np.ones(len(y), bool)
    labels = np.full(len(y), -1, np.int8)
    labels[known] = np.where(y[known] == classes[1], 1, np.where(y[known] == classes[0], 0, 2))
    if (labels == 2).any():
        row = int(np.argmax(labels == 2))
        raise ValueError(f"y, row {row}: {y[row]!r} is none of the classes {classes.tolist()} of {task}")
    return labels


def _bar() -> Callable[[Progress], None] | None:
    """A tqdm bar per stage; None where tqdm is missing."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    now: dict[str, Any] = {"key": None, "bar": None}

    def show(progress: Progress) -> None:
        key = (progress.stage, progress.epoch)
        if key != now["key"]:
            if now["bar"] is not None:
                now["bar"].close()
            now["key"], now["bar"] = key, tqdm(total=progress.total, desc=f"{progress.stage} {progress.epoch}", unit=" rows", leave=False)
        now["bar"].update(progress.done - now["bar"].n)

    return show
