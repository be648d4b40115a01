"""Comparing models under one protocol: `dcrnn compare` as a function (docs/compare.md)."""

from __future__ import annotations

import ctypes
import json
import os
import pathlib
import statistics
import threading
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Sequence

from . import _library as _c
from ._callbacks import Callbacks
from ._files import Files
from .model import _config_text, _isa, _threads

_LOOK = 0.05  # seconds between two looks for Ctrl-C


@dataclass
class ComparisonProgress:
    """Where a comparison is. stage: "training", with `done` of `models` finished; of the test data "reading" or
    "validating". share: of the stage's work, from 0 to 1."""

    stage: str
    done: int
    models: int
    share: float


@dataclass
class Comparison:
    """What `compare` found. json: the text of the program's table.json; out: where models and tables lie; notes: facts
    about data and runs."""

    json: str
    out: pathlib.Path
    notes: list[str]

    @property
    def table(self) -> dict:
        """`json` as a dict: {"rows": {row: {"tasks": {task: {"auc": [one for each seed], ...}}, ...}}, ...}."""
        return json.loads(self.json)

    @property
    def rows(self) -> list[dict]:
        """A dict for each row and task: "row", "task", "best" (shown to be above every other row) and what the tests say, of every figure the mean over
        the seeds, as "<figure>_deviation" its standard deviation, and what the row costs. None where a figure is not defined."""
        made = []
        for name, row in self.table["rows"].items():
            costs = {key: _mean(value) if isinstance(value, list) else value for key, value in row.items() if key not in ("tasks", "trained")}
            for task, figures in row["tasks"].items():
                told: dict[str, Any] = {"row": name, "task": task}
                for figure, value in figures.items():
                    told[figure] = _mean(value) if isinstance(value, list) else value
                    if isinstance(value, list):
                        told[figure + "_deviation"] = statistics.stdev(value) if len(value) > 1 else None
                made.append({**told, **costs})
        return made

    def to_pandas(self) -> Any:
        """`rows` as a pandas frame."""
        import pandas

        return pandas.DataFrame(self.rows)

    def __str__(self) -> str:
        lines = [f"{'row':<16} {'task':<14} {'AUC':>20} {'log loss':>9} {'ECE':>9}"]
        for row in self.rows:
            auc = _text(row["auc"]) + (f" +- {row['auc_deviation']:.5f}" if row["auc_deviation"] is not None else "")
            best = " *" if row["best"] else ""
            lines.append(f"{row['row'] + best:<16} {row['task']:<14} {auc:>20} {_text(row['logloss']):>9} {_text(row['ece']):>9}")
        return "\n".join(lines)


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"


def compare(
    config: Mapping | str,
    train: Any,
    valid: Any,
    test: Any,
    out: str | os.PathLike,
    models: Sequence[str | Mapping[str, Any]] | None = None,
    outside: Mapping[str, Any] | None = None,
    equal: str = "parameters",
    seeds: int = 5,
    search: int = 0,
    threads: int = 1,
    isa: str = "auto",
    progress: Callable[[ComparisonProgress], Any] | None = None,
) -> Comparison:
    """Trains several models under one protocol and judges them on `test`, as the program's `dcrnn compare` does; of the same
    files with the same figures.

    train, valid, test: each a CSV file, a list of them, a frame (a table, a dict of arrays) with all columns of such a file, or
    (data, labels), (data, labels, weights) or (data, labels, weights, soft) as `fit` takes them.
    out: a folder of models, cache, table.json and table.csv; what is not in files is written to out/data first.
    models: names of rows (None: all), or {name: config} of one's own.
    outside: {name: predictions} made elsewhere: a CSV file with p_<task>, or an array [n, T] in the order of the tasks, for the
    rows of `test`; or a list of these, one for each seed.
    equal: what the rows' widths make equal, "parameters" or "flops" of the row dcrnn, or "none". search: settings that each
    row is tried with beside the config's.
    `progress` returning False (StoppedError) and Ctrl-C stop it; the same call goes on from there.
    """
    text = _config_text(config)
    folder = pathlib.Path(out)
    data = Files(text, folder / "data")
    parts = {name: data.of_rows(name, part) for name, part in (("train", train), ("valid", valid), ("test", test))}
    rows = [_own_row(model) for model in ([models] if isinstance(models, str) else models or [])]
    made = (_c.CompareRow * (len(rows) + len(outside or {})))()
    kept: list[Any] = []
    for row, (name, own) in zip(made, rows):
        row.name, row.config_json = _c.text(name, "models"), own
    for i, (row, (name, predictions)) in enumerate(zip(made[len(rows) :], (outside or {}).items())):
        row.name = _c.text(name, "outside")
        files = _strings(data.of_predictions(i, name, predictions))
        kept.append(files)
        row.files, row.file_count = files, len(files)
    for row in made:
        row.size = ctypes.sizeof(_c.CompareRow)
    return _run(
        folder,
        progress,
        config_json=text,
        **{name: _strings(files) for name, files in parts.items()},
        **{f"{name}_count": len(files) for name, files in parts.items()},
        rows=made,
        row_count=len(made),
        equal=_c.text(equal, "equal"),
        seeds=_c.whole(seeds, "seeds", 1, 1000),
        search=_c.whole(search, "search", 0, 1000),
        out=_c.text(folder, "out"),
        threads=_threads(threads),
        isa=_isa(isa),
    )


def _strings(files: Sequence[bytes]) -> ctypes.Array:
    return (ctypes.c_char_p * len(files))(*files)


def _run(folder: pathlib.Path, progress: Callable | None, **job: Any) -> Comparison:
    """The call of the library, on a thread of its own: this one sees Ctrl-C meanwhile."""
    notes: list[str] = []
    callbacks = Callbacks()

    def on_progress(now, _):
        p = now.contents
        return callbacks.goes_on(progress, lambda: ComparisonProgress(p.stage.decode(), p.done, p.models, p.share))

    told = _c.CompareJob(
        size=ctypes.sizeof(_c.CompareJob),
        on_progress=_c.ON_COMPARE_PROGRESS(on_progress),
        on_note=_c.ON_TEXT(lambda line, _: notes.append(line.decode())),
        **job,
    )
    handle, error, status = ctypes.c_void_p(), _c.CError(), []
    work = threading.Thread(target=lambda: status.append(callbacks.guarded(_c.lib.dcrnn_compare, told, handle, error)), daemon=True)
    with callbacks:
        work.start()
        while work.is_alive():
            work.join(_LOOK)
    if callbacks.raised is not None:
        _c.lib.dcrnn_bytes_free(handle)
        raise callbacks.raised
    if callbacks.interrupted and status[0]:
        raise KeyboardInterrupt("the comparison was stopped; the same call goes on from there")
    _c.check(status[0], error)
    return Comparison(_c.take(handle).decode(), folder, notes)


def _own_row(model: str | Mapping[str, Any]) -> tuple[str, bytes | None]:
    if isinstance(model, str):
        return model, None
    if not isinstance(model, Mapping) or len(model) != 1:
        raise TypeError(f"models: found {model!r}, want the name of a row or {{name: config}}")
    ((name, config),) = model.items()
    return str(name), _config_text(config)
