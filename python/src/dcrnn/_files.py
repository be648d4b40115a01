"""Rows in memory as the CSV files that a job over files reads."""

from __future__ import annotations

import csv
import functools
import hashlib
import json
import os
import pathlib
from typing import Any, Mapping

import numpy as np

from . import _library as _c
from ._columns import Column, as_words, bag_cells, columns_of, count_of, doubles_of, labels_of
from .model import _readers


class Files:
    """Writes into a folder what is not in files yet."""

    def __init__(self, config: bytes, folder: pathlib.Path):
        self._text = config
        self._readers = _readers(config)
        self._folder = folder

    def of_rows(self, name: str, part: Any) -> list[bytes]:
        """`part`: a file, files, a frame of all columns of a file, or (data, labels, weights, soft)."""
        files = part if isinstance(part, (list, tuple)) else [part]
        if files and all(isinstance(file, (str, os.PathLike)) for file in files):
            return [_c.text(file, name) for file in files]
        columns = self._labelled(name, *part) if isinstance(part, tuple) else columns_of(part)
        return [self._write(name, columns)]

    def of_predictions(self, i: int, name: str, given: Any) -> list[bytes]:
        """`given`: a file or an array [n, T], or a list of these; `i`: which row of the comparison."""
        several = given if isinstance(given, (list, tuple)) else [given]
        return [_c.text(p, name) if isinstance(p, (str, os.PathLike)) else self._write(f"outside{i}", self._of_array(name, p)) for p in several]

    @functools.cached_property
    def _config(self) -> dict:
        try:
            config = json.loads(self._text)
        except ValueError:
            raise _c.UsageError("config: text that is no plain JSON", "with rows in memory give a dict, or JSON without comments") from None
        if set(config.get("csv", {})) - {"missing"}:
            raise _c.UsageError("config: csv says how files are written, and these rows are in none", "leave csv out, or give files")
        return config

    def _of_array(self, name: str, p: Any) -> dict[str, Column]:
        tasks = [task["name"] for task in self._config["tasks"]]
        array = np.asarray(p, dtype=np.float64)
        if array.ndim == 1 and len(tasks) == 1:
            array = array.reshape(-1, 1)
        if array.ndim != 2 or array.shape[1] != len(tasks):
            raise _c.DataError(f'outside "{name}": found shape {list(array.shape)}, want [n, {len(tasks)}]', f"give p of {', '.join(tasks)} for every row")
        return {f"p_{task}": Column(task, len(array), numbers=array[:, t]) for t, task in enumerate(tasks)}

    def _labelled(self, name: str, data: Any, labels: Any = None, weights: Any = None, soft: Any = None) -> dict[str, Column]:
        """Columns, with those of labels, weights and soft labels under the config's names for them."""
        config, columns = self._config, columns_of(data)
        n = count_of(columns)
        if not hasattr(labels, "items"):
            raise TypeError(f"{name}: found labels of {type(labels).__name__}, want (data, {{task: labels}})")
        tasks = {task["name"]: task for task in config["tasks"]}
        unknown = [task for task in (*labels, *(soft or {})) if task not in tasks]
        if unknown:
            raise _c.DataError(f'labels "{unknown[0]}": no task of the config', f"its tasks are {', '.join(tasks)}")
        for task, values in labels.items():
            found = labels_of(task, values, n)
            columns[tasks[task].get("label", task)] = Column(task, n, codes=found.astype(np.int32), words=["0", "1"])
        for task, values in (soft or {}).items():
            if "soft" not in tasks[task]:
                raise _c.DataError(f'soft labels "{task}": the config has none for it', 'give its task a "soft"')
            columns[tasks[task]["soft"]] = Column(task, n, numbers=doubles_of(f'soft labels "{task}"', values, n))
        if weights is not None:
            if "weight" not in config:
                raise _c.DataError(f"{name}: weights, but the config has none", 'give it a "weight"')
            columns[config["weight"]] = Column("weights", n, numbers=doubles_of("weights", weights, n))
        return columns

    def _write(self, name: str, columns: dict[str, Column]) -> bytes:
        """The file's name is of its content: other rows are another file."""
        self._config  # which must say nothing of files
        cells = {column: self._cells(column, values) for column, values in columns.items()}
        scratch = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with open(scratch, "w", newline="", encoding="utf-8") as file:
                hashed = _Hashed(file)
                writer = csv.writer(hashed, lineterminator="\n")
                writer.writerow(cells)
                writer.writerows(zip(*cells.values()))
            path = self._folder / f"{name}.{hashed.digest()}.csv"
            os.replace(scratch, path)
        except UnicodeEncodeError as error:
            raise _c.DataError(f"{name}: a cell is no Unicode text ({error.reason})", "mend the text") from None
        except OSError as error:
            raise _c.FileError(f"cannot write {scratch}: {error.strerror}", "name a folder that can be written, with room for the rows") from error
        finally:
            if self._folder.is_dir() and scratch.exists():
                scratch.unlink()
        return _c.text(path, name)

    def _cells(self, name: str, column: Column) -> list[str]:
        readers = [reader for reader in self._readers if name in (reader["column"], reader["name"])]
        if column.cells is not None:
            bags = [reader for reader in readers if reader["type"] == "bag"] or readers
            return bag_cells(bags[0], column) if bags else [""] * column.count
        if column.numbers is not None and any(reader["words"] for reader in readers):
            column = as_words(column)
        if column.numbers is not None:
            return [_number(value) for value in column.numbers.tolist()]
        if column.integers is not None:
            return [str(value) for value in column.integers.tolist()]
        words = [*column.words, ""]  # where the code is -1
        return [words[code] for code in column.codes.tolist()]


def _number(value: float) -> str:
    """The shortest text that reads back the same; a whole number as one, since it may be a label or a key."""
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


class _Hashed:
    """Text on its way into a file."""

    def __init__(self, file: Any):
        self._file, self._hash = file, hashlib.sha256()

    def write(self, text: str) -> None:
        self._hash.update(text.encode())
        self._file.write(text)

    def digest(self) -> str:
        return self._hash.hexdigest()[:12]
