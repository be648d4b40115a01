"""Columns of numpy, pandas, polars and Arrow as the engine takes them.

One rule for every source: an integer is the text of its decimals where a field takes words, and a float may stand there
only if all are whole, so that 1003, 1003.0 and "1003" are one word.
"""

from __future__ import annotations

import ctypes
from typing import Any, Iterable, Mapping

import numpy as np

from ._library import Array, CTable, DataError, Labels

_SAFE = 2**53  # floats beyond are not every whole number
_FLOATS = (float, np.floating)
_INTEGERS = (int, np.integer)


class Column:
    """One column in one form: numbers [n], integers [n], codes [n] into words, or cells (lists, for bags)."""

    __slots__ = ("name", "count", "numbers", "integers", "codes", "words", "cells")

    def __init__(self, name, count, numbers=None, integers=None, codes=None, words=None, cells=None):
        self.name, self.count = name, count
        self.numbers, self.integers, self.codes, self.words, self.cells = numbers, integers, codes, words, cells

    @property
    def kind(self) -> str:
        """What its type says it holds: "number", "integer", "word" or "bag"."""
        if self.numbers is not None:
            return "number"
        if self.integers is not None:
            return "integer"
        return "bag" if self.cells is not None else "word"

    def slice(self, begin: int, end: int) -> "Column":
        """Rows [begin, end)."""

        def part(values):
            return None if values is None else values[begin:end]

        count = max(0, min(end, self.count) - begin)
        return Column(self.name, count, part(self.numbers), part(self.integers), part(self.codes), self.words, part(self.cells))


def _fail(name: str, what: str, help: str):
    raise DataError(f'column "{name}": {what}', help)


def word_of(value: Any, name: str) -> str | None:
    """The text of one cell; None where it is missing."""
    if isinstance(value, str):
        return value
    if value is None or value is _na():
        return None
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, _INTEGERS):
        return str(int(value))
    if isinstance(value, _FLOATS):
        if value != value:
            return None
        if value == int(value) if abs(value) < _SAFE else False:
            return str(int(value))
        _fail(name, f"{float(value)!r} is no word", "a float can be a category only if it is whole; make it text, or a number field")
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            _fail(name, f"{value!r} is not UTF-8", "give text")
    _fail(name, f"a cell is a {type(value).__name__}", "give text, numbers, or lists for bags")


def _na():
    import sys

    pandas = sys.modules.get("pandas")
    return pandas.NA if pandas is not None else None


def _of_objects(name: str, values: Iterable[Any]) -> Column:
    values = list(values)
    if set(map(type, values)) == {str}:  # what is common is fast
        words: dict[str, int] = {}
        codes = np.array([words.setdefault(value, len(words)) for value in values], np.int32)
        return Column(name, len(values), codes=codes, words=list(words))
    if any(isinstance(value, (list, tuple, set, frozenset, np.ndarray)) for value in values):
        return Column(name, len(values), cells=values)
    missing = _na()
    if any(isinstance(value, _FLOATS) for value in values) and all(
        value is None or value is missing or isinstance(value, _FLOATS) or (isinstance(value, _INTEGERS) and not isinstance(value, bool))
        for value in values
    ):
        numbers = [np.nan if value is None or value is missing else value for value in values]
        return Column(name, len(values), numbers=np.array(numbers, np.float64))
    codes = np.empty(len(values), np.int32)
    seen: dict[Any, int] = {}
    words: dict[str, int] = {}
    for i, value in enumerate(values):
        try:
            key = (type(value), value)
            code = seen.get(key)
        except TypeError:
            key, code = None, None
        if code is None:
            word = word_of(value, name)
            code = -1 if word is None else words.setdefault(word, len(words))
            if key is not None:
                seen[key] = code
        codes[i] = code
    return Column(name, len(values), codes=codes, words=list(words))


def _of_codes(name: str, codes: np.ndarray, categories: Iterable[Any]) -> Column:
    words = [word_of(category, name) for category in categories]
    codes = np.ascontiguousarray(codes, dtype=np.int32)
    if None in words:
        table = np.array([-1 if word is None else i for i, word in enumerate(words)] + [-1], np.int32)
        codes, words = table[codes], ["" if word is None else word for word in words]
    return Column(name, len(codes), codes=codes, words=words)


def of_numpy(name: str, values: np.ndarray) -> Column:
    """A one-dimensional array; what is masked is missing."""
    if np.ma.isMaskedArray(values) and values.mask.any():
        values = values.filled(np.nan) if values.dtype.kind == "f" else unmasked(values)
    values = np.asarray(values)
    if values.ndim != 1:
        _fail(name, f"an array of {values.ndim} dimensions", "give one dimension: a value for every row")
    kind = values.dtype.kind
    if kind == "O":
        return _of_objects(name, values.tolist())
    if kind == "f":
        return Column(name, len(values), numbers=np.ascontiguousarray(values, dtype=np.float64))
    if kind in "iu":
        if kind == "u" and values.dtype.itemsize == 8 and len(values) and values.max() > np.iinfo(np.int64).max:
            return _of_objects(name, values.tolist())
        return Column(name, len(values), integers=np.ascontiguousarray(values, dtype=np.int64))
    if kind == "b":
        return Column(name, len(values), codes=values.astype(np.int32), words=["False", "True"])
    if kind in "US":
        words, codes = np.unique(values, return_inverse=True)
        return _of_codes(name, codes.reshape(-1), words.tolist())
    _fail(name, f"values of dtype {values.dtype}", "give numbers, text, booleans, or lists for bags")


def _of_pandas(name: str, series: Any) -> Column:
    import pandas

    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        return _of_codes(name, series.cat.codes.to_numpy(), dtype.categories.tolist())
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return of_numpy(name, series.to_numpy())
    if isinstance(dtype, pandas.StringDtype) or (dtype == object and pandas.api.types.infer_dtype(series) == "string"):
        codes, words = pandas.factorize(series)
        return _of_codes(name, codes, list(words))
    if pandas.api.types.is_bool_dtype(dtype) or pandas.api.types.is_integer_dtype(dtype):
        if series.isna().any():
            return _of_objects(name, series.tolist())
        return of_numpy(name, series.to_numpy(dtype=bool if pandas.api.types.is_bool_dtype(dtype) else np.int64))
    if pandas.api.types.is_float_dtype(dtype):
        return of_numpy(name, series.to_numpy(dtype=np.float64, na_value=np.nan))
    return _of_objects(name, series.tolist())


def _of_polars(name: str, series: Any) -> Column:
    import polars

    dtype = series.dtype
    if dtype == polars.String:
        series = series.cast(polars.Categorical)
        dtype = series.dtype
    if dtype in (polars.Categorical, polars.Enum):
        unique = series.unique(maintain_order=True).drop_nulls()
        words = unique.cast(polars.String).to_list()
        physical = series.to_physical()
        table = np.full(int(physical.max() or 0) + 1, -1, np.int32)
        table[unique.to_physical().to_numpy()] = np.arange(len(words), dtype=np.int32)
        known = physical.is_not_null().to_numpy()
        codes = np.where(known, table[physical.fill_null(0).to_numpy()], -1)
        return _of_codes(name, codes, words)
    if dtype.is_integer() and not series.null_count():
        return of_numpy(name, series.to_numpy())
    if dtype.is_float():
        return of_numpy(name, series.to_numpy())
    return _of_objects(name, series.to_list())


def _of_arrow(name: str, column: Any) -> Column:
    import pyarrow

    kind = column.type
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        column = column.dictionary_encode()
    if isinstance(column, pyarrow.ChunkedArray):
        column = column.unify_dictionaries() if pyarrow.types.is_dictionary(column.type) else column
        column = column.combine_chunks()
        if isinstance(column, pyarrow.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pyarrow.array([], column.type)
    if pyarrow.types.is_dictionary(column.type):
        return _of_codes(name, column.indices.fill_null(-1).to_numpy(zero_copy_only=False), column.dictionary.to_pylist())
    if pyarrow.types.is_integer(kind) and not column.null_count:
        return of_numpy(name, column.to_numpy(zero_copy_only=False))
    if pyarrow.types.is_floating(kind):
        return of_numpy(name, column.to_numpy(zero_copy_only=False))
    return _of_objects(name, column.to_pylist())


def _module(data: Any) -> str:
    return type(data).__module__.partition(".")[0]


def count_of(columns: Mapping[str, Column]) -> int:
    """Rows."""
    return next(iter(columns.values())).count if columns else 0


def columns_of(data: Any) -> dict[str, Column]:
    """All columns of a frame, a table, a dict of arrays or an array [n, F], whose columns are x0, x1, ..."""
    if hasattr(data, "tocsr") or _module(data) == "scipy":
        raise TypeError(
            "sparse data was passed, but dense columns are wanted: a one-hot column is a category; give the column that it "
            "was made from, one value (or a list of them, a bag) for every row"
        )
    if _module(data) == "pandas" and hasattr(data, "columns"):
        if not data.columns.is_unique:
            raise DataError("columns: two have one name", "rename one of them")
        made = {str(name): _of_pandas(str(name), data[name]) for name in data.columns}
    elif _module(data) == "polars" and hasattr(data, "get_columns"):
        made = {series.name: _of_polars(series.name, series) for series in data.get_columns()}
    elif _module(data) == "pyarrow" and hasattr(data, "column_names"):
        made = {name: _of_arrow(name, data.column(name)) for name in data.column_names}
    elif hasattr(data, "__arrow_c_stream__"):
        try:
            import pyarrow
        except ImportError:
            raise TypeError("an Arrow stream is read by pyarrow, which is not installed: pip install pyarrow") from None
        return columns_of(pyarrow.table(data))
    elif isinstance(data, Mapping):
        made = {str(name): _of_any(str(name), values) for name, values in data.items()}
    else:
        array = data if np.ma.isMaskedArray(data) else np.asarray(data)
        if array.ndim != 2:
            raise ValueError(
                f"found an array of {array.ndim} dimensions, want rows and columns. Reshape your data: array.reshape(-1, 1) "
                "for one column, array.reshape(1, -1) for one row"
            )
        if array.dtype.kind == "c":
            raise ValueError("Complex data not supported")
        made = {f"x{i}": of_numpy(f"x{i}", array[:, i]) for i in range(array.shape[1])}
    lengths = {column.count for column in made.values()}
    if len(lengths) > 1:
        raise DataError(f"columns of different lengths: {sorted(lengths)}", "give one value for every row")
    return made


def _of_any(name: str, values: Any) -> Column:
    if isinstance(values, Column):
        return values
    if _module(values) == "pandas":
        return _of_pandas(name, values if hasattr(values, "cat") or hasattr(values, "isna") else values.to_series())
    if _module(values) == "polars":
        return _of_polars(name, values)
    if _module(values) == "pyarrow":
        return _of_arrow(name, values)
    if isinstance(values, np.ndarray):
        return of_numpy(name, values)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        _fail(name, f"a {type(values).__name__}", "give one value for every row")
    return _of_objects(name, values) if not _plain_numbers(values) else of_numpy(name, np.asarray(values))


def _plain_numbers(values: Any) -> bool:
    return isinstance(values, (list, tuple, range)) and all(type(v) in (int, float) for v in values) and len(values) > 0


def labels_of(task: str, values: Any, count: int) -> np.ndarray:
    """Labels as int8: 0, 1, -1 where missing (NaN, None, masked, -1 only if it is an integer)."""
    array = unmasked(values)
    if array.ndim != 1 or len(array) != count:
        raise DataError(f'labels "{task}": found shape {list(array.shape)}, want [{count}]', "give one label for every row")
    if array.dtype.kind == "O":
        array = np.array([np.nan if v is None or v is _na() else v for v in array.tolist()])
    if array.dtype.kind not in "biuf":
        raise DataError(f'labels "{task}": values of dtype {array.dtype}', "give 0, 1 or NaN (missing)")
    known = array == array
    good = np.isin(array, (0, 1)) | ~known | ((array == -1) if array.dtype.kind == "i" else False)
    if not good.all():
        row = int(np.argmin(good))
        raise DataError(f'labels "{task}", row {row}: {array[row]!r} is no label', "give 0, 1 or NaN (missing)")
    return np.where(known, array, -1).astype(np.int8)


def unmasked(values: Any) -> np.ndarray:
    """As an array, what is masked as None."""
    masked = np.ma.isMaskedArray(values) and values.mask.any()
    return np.array(values.tolist(), object) if masked else np.asarray(values)


def doubles_of(what: str, values: Any, count: int) -> np.ndarray:
    """One number for every row."""
    if np.ma.isMaskedArray(values):
        values = values.astype(np.float64).filled(np.nan)
    values = np.ascontiguousarray(values, dtype=np.float64)
    if values.shape != (count,):
        raise DataError(f"{what}: found shape {list(values.shape)}, want [{count}]", "give one for every row")
    return values


class Table:
    """A dcrnn_table over columns; keeps what it points to alive."""

    def __init__(self, readers: list[dict], columns: Mapping[str, Column], labels=None, weights=None, soft=None):
        """readers: what dcrnn_columns says of the config. labels: {task: int8 [n]}; soft: {task: [n]}, of some tasks."""
        self._kept: list[Any] = []
        count = count_of(columns)
        arrays = (Array * len(readers))()
        for array, reader in zip(arrays, readers):
            column = columns.get(reader["column"], columns.get(reader["name"]))
            if column is None:
                wanted = ", ".join(dict.fromkeys(r["column"] for r in readers))
                raise DataError(f'column "{reader["column"]}": missing', f"the model reads {wanted}")
            array.size = ctypes.sizeof(Array)
            array.field = reader["name"].encode()
            self._fill(array, reader, column)
        made = (Labels * len(labels or {}))()
        for to, (task, values) in zip(made, (labels or {}).items()):
            to.task = task.encode()
            to.values = self._pointer(values)
        self._kept += [arrays, made]
        self.struct = CTable(ctypes.sizeof(CTable), count, arrays, len(arrays), made, len(made), None, None)
        if weights is not None:
            self.struct.weights = self._pointer(doubles_of("weights", weights, count))
        if soft is not None:
            pointers = (ctypes.c_void_p * len(made))()
            for t, task in enumerate(labels or {}):
                if task in soft:
                    pointers[t] = self._pointer(doubles_of(f'soft labels "{task}"', soft[task], count))
            unknown = set(soft) - set(labels or {})
            if unknown:
                raise DataError(f'soft labels "{sorted(unknown)[0]}": there are no labels of this name', "give both")
            self._kept.append(pointers)
            self.struct.soft = ctypes.cast(pointers, ctypes.c_void_p).value

    def _pointer(self, array: np.ndarray) -> int:
        self._kept.append(array)
        return array.ctypes.data

    def _fill(self, array: Array, reader: dict, column: Column) -> None:
        if column.cells is not None:
            self._text(array, bag_cells(reader, column))
            return
        if reader["words"] and column.numbers is not None:
            column = as_words(column)
        if column.numbers is not None:
            array.numbers = self._pointer(column.numbers)
        elif column.integers is not None:
            array.integers = self._pointer(column.integers)
        else:
            array.codes = self._pointer(column.codes)
            array.words = len(column.words)
            self._text(array, column.words)

    def _text(self, array: Array, cells: list[str]) -> None:
        try:
            encoded = [cell.encode() for cell in cells]
        except UnicodeEncodeError as error:
            _fail(array.field.decode(), f"a cell is no Unicode text ({error.reason})", "mend the text")
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(cell) for cell in encoded], out=offsets[1:])
        block = b"".join(encoded)
        self._kept.append(block)
        array.text = ctypes.cast(ctypes.c_char_p(block), ctypes.c_void_p).value
        array.text_offsets = self._pointer(offsets)


def as_words(column: Column) -> Column:
    """A float column as words."""
    numbers = column.numbers
    known = numbers == numbers
    with np.errstate(invalid="ignore"):
        good = ~known | ((numbers == np.floor(numbers)) & (np.abs(numbers) < _SAFE))
    if not good.all():
        row = int(np.argmin(good))
        raise DataError(
            f'column "{column.name}", row {row}: {float(numbers[row])!r} is no word',
            "a float column can be a category only if all are whole; make it text, or a number field",
        )
    integers = np.where(known, numbers, 0).astype(np.int64)
    if known.all():
        return Column(column.name, column.count, integers=integers)
    words, codes = np.unique(integers, return_inverse=True)
    return Column(column.name, column.count, codes=np.where(known, codes.reshape(-1), -1).astype(np.int32), words=[str(w) for w in words.tolist()])


def bag_cells(reader: dict, column: Column) -> list[str]:
    """Lists as the cells of a bag: items with the field's separator between them."""
    if reader["type"] != "bag":
        _fail(column.name, f"its cells are lists, and \"{reader['name']}\" is a {reader['type']}", "make it a bag")
    separator = reader["separator"]
    cells = []
    for row, value in enumerate(column.cells):
        if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
            items = [word_of(item, column.name) for item in value]
        else:
            word = word_of(value, column.name)
            items = [] if not word else [word]
        for item in items:
            if not item or separator in item:
                raise DataError(
                    f'column "{column.name}", row {row}: the item {item!r} of a bag is empty, missing or holds the separator "{separator}"',
                    "leave it out, or choose another separator for the field",
                )
        cells.append(separator.join(items))
    return cells
