"""The engine at a low level: models, scorers, trainers, whole fits. Configs are dicts, as docs/config.md describes them."""

from __future__ import annotations

import ctypes
import json
import os
import threading
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

import numpy as np

from . import _library as _c
from ._callbacks import Callbacks
from ._columns import Table, columns_of, count_of, labels_of

_MOST = 2**63 - 1
_GRADCHECK_ROWS = 1_000_000  # as the program


def _config_text(config: Mapping | str) -> bytes:
    return _c.text(config if isinstance(config, str) else json.dumps(config), "config")


def _isa(isa: str) -> bytes:
    return _c.text(isa, "isa")


def _threads(threads: int) -> int:
    return _c.whole(threads, "threads", 1, 1024)


def _readers(config: bytes) -> list[dict]:
    """What columns a config reads, and how."""
    return json.loads(_c.take(_c.make("columns", config)))


def _table(readers: list[dict], data: Any, labels: Any = None, weights: Any = None, soft: Any = None) -> Table:
    columns = columns_of(data)
    count = count_of(columns)
    made = None
    if labels is not None:
        made = {task: labels_of(task, values, count) for task, values in labels.items()}
    return Table(readers, columns, made, weights, soft)


class _Handle:
    """A handle of the library, freed with its owner; one call at a time."""

    _free = ""

    def __init__(self, handle: ctypes.c_void_p):
        self._handle: ctypes.c_void_p | None = handle
        self._lock = threading.RLock()

    def _open(self) -> ctypes.c_void_p:
        if self._handle is None:
            raise _c.UsageError(f"this {type(self).__name__} is closed", "make a new one")
        return self._handle

    def close(self) -> None:
        """Frees it at once; using it afterwards is a UsageError."""
        self._release()

    def _release(self) -> None:
        with self._lock:
            handle, self._handle = self._handle, None
            if handle is not None:
                getattr(_c.lib, self._free)(handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_handle", None) is not None:
            self._release()

    def __reduce__(self):
        raise TypeError(f"a {type(self).__name__} cannot be pickled; pickle its Model, and make a new one")

    def __copy__(self):
        raise TypeError(f"a {type(self).__name__} cannot be copied; Scorer.clone() and Model.from_bytes() make new ones")


class Model(_Handle):
    """A model: config, encoders and parameters. Made by `create`, `load`, `from_bytes` or `fit`.

    readers: what columns rows must have: {"column": its name in the data, "name": that of its field, "type": "category",
    "number" or "bag", "words": true if its cells are taken as words}.
    """

    _free = "dcrnn_model_free"

    def __init__(self, handle: ctypes.c_void_p):
        super().__init__(handle)
        self._users = 0  # scorers and trainers that point to it
        self._facts = json.loads(_c.take(_c.make("model_inspect", handle)))
        self._shapes = {tensor["name"]: tensor["shape"] for tensor in self._facts["parameters"]}
        self.readers: list[dict] = _readers(json.dumps(self._facts["config"]).encode())

    @classmethod
    def create(cls, config: Mapping | str, data: Any = None, labels: Mapping[str, Any] | None = None, weights: Any = None) -> "Model":
        """A fresh model; its encoders are made from the columns of `data` where they need any, those of rate
        fields from labels and weights, too."""
        text = _config_text(config)
        if data is None:
            return cls(_c.make("model_create", text))
        table = _table(_readers(text), data, labels, weights)
        return cls(_c.make("model_create_from_rows", text, table.struct))

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Model":
        return cls(_c.make("model_load", _c.text(path, "path")))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Model":
        """From the bytes of a model file."""
        view = np.frombuffer(data, np.uint8)
        return cls(_c.make("model_from_bytes", view.ctypes.data, view.size))

    def save(self, path: str | os.PathLike) -> None:
        with self._lock:
            _c.call("model_save", self._open(), _c.text(path, "path"))

    def to_bytes(self) -> bytes:
        """The bytes of its file."""
        with self._lock:
            return _c.take(_c.make("model_to_bytes", self._open()))

    def inspect(self) -> dict:
        """Fields, tasks, tensors with their shapes, operations per row, config."""
        with self._lock:
            return json.loads(_c.take(_c.make("model_inspect", self._open())))

    @property
    def config(self) -> dict:
        return json.loads(json.dumps(self._facts["config"]))

    @property
    def tasks(self) -> list[str]:
        return list(self._facts["tasks"])

    @property
    def fields(self) -> list[str]:
        return list(self._facts["fields"])

    def parameters(self) -> dict[str, np.ndarray]:
        """A copy of every parameter, by name."""
        with self._lock:
            made = {}
            for name, shape in self._shapes.items():
                values = made[name] = np.empty(shape, np.float32)
                _c.call("model_get_parameter", self._open(), name.encode(), values.ctypes.data, values.size)
            return made

    def set_parameter(self, name: str, values: Any) -> None:
        """Replaces one parameter; scorers made before keep the old one."""
        values = np.ascontiguousarray(values, dtype=np.float32)
        shape = self._shapes.get(name)
        if shape is not None and list(values.shape) != shape:
            raise _c.UsageError(f'parameter "{name}": found shape {list(values.shape)}, want {shape}', "give every element")
        with self._lock:
            _c.call("model_set_parameter", self._open(), _c.text(name, "name"), values.ctypes.data, values.size)

    def scorer(self, threads: int = 1, isa: str = "auto") -> "Scorer":
        return Scorer(self, threads, isa)

    def predict(self, data: Any, threads: int = 1, isa: str = "auto") -> np.ndarray:
        """Probabilities [n, T] of all rows."""
        with self.scorer(threads, isa) as scorer:
            return scorer.score(data)

    def evaluate(self, data: Any, labels: Mapping[str, Any], weights: Any = None, batch: int = 1024, threads: int = 1, isa: str = "auto") -> dict:
        """Metrics per task: auc, logloss, ece, ..."""
        table = _table(self.readers, data, labels, weights)
        with self._lock:
            handle = _c.make("evaluate", self._open(), table.struct, _c.whole(batch, "batch", 0, _MOST), _threads(threads), _isa(isa))
        return json.loads(_c.take(handle))

    def encode(self, data: Any) -> dict[str, np.ndarray]:
        """Rows as the network takes them: `<field>.ids`, of a bag also `<field>.offsets` [n + 1], or `<field>.values` [n], of a rate field [n, numbers]."""
        table = _table(self.readers, data)
        with self._lock:
            handle = _c.make("encode", self._open(), table.struct)
        return tensors_of(_c.take(handle))

    def refresh(self, data: Any, labels: Mapping[str, Any], weights: Any = None, again: bool = False) -> None:
        """Adds labelled rows to the tables of the rate fields (docs/rates.md); scorers made before keep theirs. DataError if
        they are there already, unless `again`."""
        table = _table(self.readers, data, labels, weights)
        with self._lock:
            _c.call("model_refresh_table", self._open(), table.struct, int(again))

    def trace(self, data: Any, labels: Mapping[str, Any] | None = None, weights: Any = None, soft: Mapping[str, Any] | None = None, double: bool = False, gradients: bool = False, threads: int = 1, isa: str = "auto") -> dict[str, np.ndarray]:
        """Every value of the forward pass, with labels also the losses and gradients, by the names of docs/trace.md."""
        table = _table(self.readers, data, labels, weights, soft)
        with self._lock:
            handle = _c.make("trace", self._open(), table.struct, int(double), int(gradients), _threads(threads), _isa(isa))
        return tensors_of(_c.take(handle))

    def close(self) -> None:
        with self._lock:
            if self._users:
                raise _c.UsageError("this Model is in use", "close its scorers and trainers first")
            self._release()

    def __reduce__(self):
        return Model.from_bytes, (self.to_bytes(),)

    def __copy__(self):
        return Model.from_bytes(self.to_bytes())

    def __deepcopy__(self, _):
        return Model.from_bytes(self.to_bytes())

    def __repr__(self) -> str:
        return f"<dcrnn.Model tasks={self.tasks} parameters={self._facts['parameter_count']}>"


def tensors_of(content: bytes) -> dict[str, np.ndarray]:
    """The tensors of a safetensors file in memory."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    kinds = {"F32": "<f4", "F64": "<f8", "U8": "|u1", "I8": "|i1", "U32": "<u4", "U64": "<u8", "I64": "<i8"}
    made = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            made[name] = np.frombuffer(content[begin:end], kinds[entry["dtype"]]).reshape(entry["shape"]).copy()
    return made


class _OfModel(_Handle):
    """A handle that points into a model."""

    def __init__(self, model: Model, handle: ctypes.c_void_p):
        super().__init__(handle)
        self._model: Model = model
        with model._lock:
            model._users += 1

    def _release(self) -> None:
        with self._lock:
            if self._handle is not None:
                super()._release()
                with self._model._lock:
                    self._model._users -= 1


class Scorer(_OfModel):
    """Scores rows with the weights as they were when it was made. Calls from several threads wait for each other;
    `clone` makes one for another thread."""

    _free = "dcrnn_scorer_free"

    def __init__(self, model: Model, threads: int = 1, isa: str = "auto", _clone_of: "Scorer | None" = None):
        if _clone_of is not None:
            with _clone_of._lock:
                super().__init__(model, _c.make("scorer_clone", _clone_of._open()))
        else:
            with model._lock:
                super().__init__(model, _c.make("scorer_create", model._open(), _threads(threads), _isa(isa)))
        self._names = [reader["name"].encode() for reader in model.readers]
        self._T = len(model._facts["tasks"])
        self._row: tuple | None = None

    def clone(self) -> "Scorer":
        return Scorer(self._model, _clone_of=self)

    def score(self, data: Any, logits: bool = False) -> Any:
        """Probabilities float32 [n, T] of the rows of a frame, a table or a dict of arrays; with `logits` also the
        tasks' own logits [n, T]."""
        table = _table(self._model.readers, data)  # alive until the call is over
        return self._score(table.struct, logits)

    def score_ids(self, ids: np.ndarray) -> np.ndarray:
        """Probabilities [n, T] of rows [n, F] (or one row [F]) of table rows, one for every field: no encoding."""
        ids = np.asarray(ids)
        if ids.dtype.kind not in "iu":
            raise TypeError(f"ids: found dtype {ids.dtype}, want whole numbers")
        F = len(self._names)
        if ids.ndim not in (1, 2) or ids.shape[-1] != F:
            raise _c.DataError(f"ids: found shape {list(ids.shape)}, want [n, {F}]", "give one id for every field")
        with self._lock:
            if ids.size == F:
                buffer, struct, out, pointer = self._row or self._make_row(F)
                np.copyto(buffer, ids.reshape(F), casting="unsafe")
                if ids.dtype != np.uint32 and (ids.reshape(F) != buffer).any():
                    raise _c.DataError("ids: one is negative or too large", "ids are rows of the fields' tables")
                error = _c.CError()
                status = _c.lib.dcrnn_scorer_score_table(self._open(), struct, pointer, None, error)
                if status:
                    _c.check(status, error)
                return out.copy()
            by_field = np.ascontiguousarray(ids.T, dtype=np.uint32)
            if ids.dtype != np.uint32 and (by_field != ids.T).any():
                raise _c.DataError("ids: one is negative or too large", "ids are rows of the fields' tables")
            return self._score(self._ids_table(by_field), False)

    def _ids_table(self, by_field: np.ndarray) -> _c.CTable:
        arrays = (_c.Array * len(self._names))()
        for f, (array, name) in enumerate(zip(arrays, self._names)):
            array.size = ctypes.sizeof(_c.Array)
            array.field = name
            array.ids = by_field.ctypes.data + f * by_field.strides[0]
        return _c.CTable(ctypes.sizeof(_c.CTable), by_field.shape[1], arrays, len(arrays), None, 0, None, None)

    def _make_row(self, F: int) -> tuple:
        buffer = np.zeros(F, np.uint32)
        out = np.empty((1, self._T), np.float32)
        self._row = buffer, self._ids_table(buffer.reshape(F, 1)), out, out.ctypes.data
        return self._row

    def _score(self, struct: _c.CTable, logits: bool) -> Any:
        p = np.empty((struct.count, self._T), np.float32)
        z = np.empty_like(p) if logits else None
        with self._lock:
            _c.call("scorer_score_table", self._open(), struct, p.ctypes.data, None if z is None else z.ctypes.data)
        return p if z is None else (p, z)


class Trainer(_OfModel):
    """Trains a model in place, batch after batch.

    total_steps places warm-up and end of the rate (0: neither). base_rates [T]: where the heads start, the share of
    positives of every task in the data to come.
    """

    _free = "dcrnn_trainer_free"

    def __init__(self, model: Model, total_steps: int = 0, base_rates: Any = None, threads: int = 1, isa: str = "auto"):
        steps = _c.whole(total_steps, "total_steps", 0, _MOST)
        with model._lock:
            if base_rates is None:
                handle = _c.make("trainer_create", model._open(), steps, _threads(threads), _isa(isa))
            else:
                rates = np.ascontiguousarray(base_rates, dtype=np.float64)
                if rates.shape != (len(model.tasks),):
                    raise _c.UsageError(f"base_rates: found shape {list(rates.shape)}, want [{len(model.tasks)}]", "give one for every task")
                handle = _c.make("trainer_create_at_rates", model._open(), rates.ctypes.data, steps, _threads(threads), _isa(isa))
            super().__init__(model, handle)

    def step(self, data: Any, labels: Mapping[str, Any], weights: Any = None, soft: Mapping[str, Any] | None = None) -> float:
        """One step on 1 to train.batch rows; gives the loss before it."""
        table = _table(self._model.readers, data, labels, weights, soft)
        loss = ctypes.c_double()
        with self._lock, self._model._lock:
            _c.call("trainer_step_table", self._open(), table.struct, loss)
        return loss.value


@dataclass
class Progress:
    """Where a fit is. stage: "reading", "counting", "training" or "validating"; done, total: rows."""

    stage: str
    done: int
    total: int
    epoch: int
    epochs: int
    loss: float
    seconds: float


@dataclass
class Fit:
    """What a fit gave. reason: "finished", "early_stopping" or "stopped"; history: one entry per epoch, as in the log of
    `dcrnn train`; notes: facts about data and run."""

    model: Model
    reason: str = ""
    best_epoch: int = 0
    epochs: int = 0
    rows_trained: int = 0
    seconds: float = 0.0
    history: list[dict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a fit that had a model already: `fit` is what had been reached."""

    def __init__(self, fit: "Fit"):
        super().__init__("the fit was stopped; what it had reached is in .fit")
        self.fit = fit


def fit(
    config: Mapping | str,
    data: Any,
    labels: Mapping[str, Any],
    weights: Any = None,
    valid: tuple | None = None,
    soft: Mapping[str, Any] | None = None,
    checkpoint: str | os.PathLike | None = None,
    resume: bool = False,
    threads: int = 1,
    isa: str = "auto",
    progress: Callable[[Progress], Any] | None = None,
    on_epoch: Callable[[dict], Any] | None = None,
) -> Fit:
    """Fits encoders and trains: of the same rows, the model that `dcrnn train` writes, byte for byte.

    data: a frame, a table or a dict of arrays; labels: {task: [n] of 0, 1 or NaN}; valid: (data, labels) or (data, labels,
    weights); soft: {task: [n] of 0 to 1 or NaN}, of tasks with soft labels (docs/targets.md). `progress` returning False stops the fit, which then gives the best epoch so far. Ctrl-C stops it within one
    step and raises Interrupted, a KeyboardInterrupt with what had been reached.
    """
    text = _config_text(config)
    readers = _readers(text)
    train = _table(readers, data, labels, weights, soft)
    held_out = _table(readers, *valid) if valid is not None else None
    history: list[dict] = []
    notes: list[str] = []
    callbacks = Callbacks()

    def on_progress(now, _):
        p = now.contents
        return callbacks.goes_on(progress, lambda: Progress(p.stage.decode(), p.done, p.total, p.epoch, p.epochs, p.loss, p.seconds))

    def take_epoch(line, _):
        history.append(json.loads(line))
        if on_epoch is not None and callbacks.raised is None:
            callbacks.guarded(on_epoch, history[-1])

    job = _c.FitJob(
        size=ctypes.sizeof(_c.FitJob),
        config_json=text,
        train=ctypes.pointer(train.struct),
        valid=None if held_out is None else ctypes.pointer(held_out.struct),
        checkpoint=None if checkpoint is None else _c.text(checkpoint, "checkpoint"),
        resume=int(resume),
        threads=_threads(threads),
        isa=_isa(isa),
        on_progress=_c.ON_PROGRESS(on_progress),
        on_epoch=_c.ON_TEXT(take_epoch),
        on_note=_c.ON_TEXT(lambda line, _: notes.append(line.decode())),
    )
    handle, report, error = ctypes.c_void_p(), ctypes.c_void_p(), _c.CError()
    with callbacks:
        status = _c.lib.dcrnn_fit(job, handle, report, error)
    if callbacks.raised is not None:
        _c.lib.dcrnn_bytes_free(report)
        _c.lib.dcrnn_model_free(handle)
        raise callbacks.raised
    if status == _c.StoppedError.code and callbacks.interrupted:
        raise KeyboardInterrupt
    _c.check(status, error)
    done = Fit(Model(handle), history=history, notes=notes, **json.loads(_c.take(report)))
    if callbacks.interrupted:
        raise Interrupted(done)
    return done


def gradcheck(config: Mapping | str, seed: int = 1, rows: int = 8, elements: int = 25) -> dict:
    """Hand-written gradients of a config's model against central differences, in double."""
    return json.loads(
        _c.take(_c.make("gradcheck", _config_text(config), _c.whole(seed, "seed", 0, 2**64 - 1), _c.whole(rows, "rows", 1, _GRADCHECK_ROWS), _c.whole(elements, "elements", 0, _MOST)))
    )


def inspect(model: Model | str | os.PathLike) -> dict:
    """Model.inspect(), also of a file."""
    return (model if isinstance(model, Model) else Model.load(model)).inspect()


def version() -> str:
    """Of the library."""
    return _c.lib.dcrnn_version().decode()
