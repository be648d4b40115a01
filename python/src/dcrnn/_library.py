"""The shared library: its functions and structs as ctypes sees them, and its errors as exceptions."""

from __future__ import annotations

import ctypes as c
import os
import pathlib


class Error(Exception):
    """An error of the engine.

    code: the exit code that the program `dcrnn` has for it; place: where (a column and row, a tensor, a path), or "";
    help: how to mend it.
    """

    code = 1

    def __init__(self, message: str, help: str = ""):
        super().__init__(f"{message}\n{help}" if help else message)
        self.message = message
        self.help = help
        self.place = message.partition(": ")[0] if ": " in message else ""

    def __reduce__(self):
        return type(self), (self.message, self.help)


class UsageError(Error, ValueError):
    """An argument or a config."""

    code = 2


class DataError(Error, ValueError):
    """The content of rows."""

    code = 3


class ModelError(Error, ValueError):
    """The content of a model or checkpoint."""

    code = 4


class FileError(Error, OSError):
    """A file that cannot be opened, read or written."""

    code = 5


class OutOfMemory(Error, MemoryError):
    """Memory, or a size limit."""

    code = 6


class DivergedError(Error, ArithmeticError):
    """NaN or infinity in training, or a model far worse than the base rate."""

    code = 7


class StoppedError(Error):
    """Stopped before there was a model."""

    code = 130


_ERRORS = {e.code: e for e in (UsageError, DataError, ModelError, FileError, OutOfMemory, DivergedError, StoppedError)}


class CError(c.Structure):
    _fields_ = [("message", c.c_char * 1024), ("help", c.c_char * 512)]


class Array(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("field", c.c_char_p),
        ("ids", c.c_void_p),
        ("offsets", c.c_void_p),
        ("numbers", c.c_void_p),
        ("integers", c.c_void_p),
        ("codes", c.c_void_p),
        ("text", c.c_void_p),
        ("text_offsets", c.c_void_p),
        ("words", c.c_size_t),
    ]


class Labels(c.Structure):
    _fields_ = [("task", c.c_char_p), ("values", c.c_void_p)]


class CTable(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("count", c.c_size_t),
        ("arrays", c.POINTER(Array)),
        ("array_count", c.c_size_t),
        ("labels", c.POINTER(Labels)),
        ("label_count", c.c_size_t),
        ("weights", c.c_void_p),
        ("soft", c.c_void_p),
    ]


class CProgress(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("stage", c.c_char_p),
        ("done", c.c_uint64),
        ("total", c.c_uint64),
        ("epoch", c.c_size_t),
        ("epochs", c.c_size_t),
        ("loss", c.c_double),
        ("seconds", c.c_double),
    ]


ON_PROGRESS = c.CFUNCTYPE(c.c_int, c.POINTER(CProgress), c.c_void_p)
ON_TEXT = c.CFUNCTYPE(None, c.c_char_p, c.c_void_p)


class FitJob(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("config_json", c.c_char_p),
        ("train", c.POINTER(CTable)),
        ("valid", c.POINTER(CTable)),
        ("checkpoint", c.c_char_p),
        ("resume", c.c_int),
        ("threads", c.c_int),
        ("isa", c.c_char_p),
        ("on_progress", ON_PROGRESS),
        ("on_epoch", ON_TEXT),
        ("on_note", ON_TEXT),
        ("user", c.c_void_p),
    ]


class CompareRow(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("name", c.c_char_p),
        ("config_json", c.c_char_p),
        ("files", c.POINTER(c.c_char_p)),
        ("file_count", c.c_size_t),
    ]


class CCompareProgress(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("stage", c.c_char_p),
        ("done", c.c_size_t),
        ("models", c.c_size_t),
        ("share", c.c_double),
    ]


ON_COMPARE_PROGRESS = c.CFUNCTYPE(c.c_int, c.POINTER(CCompareProgress), c.c_void_p)


class CompareJob(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("config_json", c.c_char_p),
        ("train", c.POINTER(c.c_char_p)),
        ("train_count", c.c_size_t),
        ("valid", c.POINTER(c.c_char_p)),
        ("valid_count", c.c_size_t),
        ("test", c.POINTER(c.c_char_p)),
        ("test_count", c.c_size_t),
        ("rows", c.POINTER(CompareRow)),
        ("row_count", c.c_size_t),
        ("equal", c.c_char_p),
        ("seeds", c.c_size_t),
        ("search", c.c_size_t),
        ("out", c.c_char_p),
        ("threads", c.c_int),
        ("isa", c.c_char_p),
        ("on_progress", ON_COMPARE_PROGRESS),
        ("on_note", ON_TEXT),
        ("user", c.c_void_p),
    ]


_HANDLE = c.c_void_p
_OUT = c.POINTER(_HANDLE)
_TABLE = c.POINTER(CTable)
# Functions that give a status; the last argument of each, the error, is added below.
_CALLS = {
    "fit": [c.POINTER(FitJob), _OUT, _OUT],
    "compare": [c.POINTER(CompareJob), _OUT],
    "model_create": [c.c_char_p, _OUT],
    "columns": [c.c_char_p, _OUT],
    "model_create_from_rows": [c.c_char_p, _TABLE, _OUT],
    "model_load": [c.c_char_p, _OUT],
    "model_save": [_HANDLE, c.c_char_p],
    "model_from_bytes": [c.c_void_p, c.c_size_t, _OUT],
    "model_to_bytes": [_HANDLE, _OUT],
    "model_inspect": [_HANDLE, _OUT],
    "model_get_parameter": [_HANDLE, c.c_char_p, c.c_void_p, c.c_size_t],
    "model_set_parameter": [_HANDLE, c.c_char_p, c.c_void_p, c.c_size_t],
    "scorer_create": [_HANDLE, c.c_int, c.c_char_p, _OUT],
    "scorer_clone": [_HANDLE, _OUT],
    "scorer_score_table": [_HANDLE, _TABLE, c.c_void_p, c.c_void_p],
    "model_refresh_table": [_HANDLE, _TABLE, c.c_int],
    "trainer_create": [_HANDLE, c.c_size_t, c.c_int, c.c_char_p, _OUT],
    "trainer_create_at_rates": [_HANDLE, c.c_void_p, c.c_size_t, c.c_int, c.c_char_p, _OUT],
    "trainer_step_table": [_HANDLE, _TABLE, c.POINTER(c.c_double)],
    "evaluate": [_HANDLE, _TABLE, c.c_size_t, c.c_int, c.c_char_p, _OUT],
    "encode": [_HANDLE, _TABLE, _OUT],
    "trace": [_HANDLE, _TABLE, c.c_int, c.c_int, c.c_int, c.c_char_p, _OUT],
    "gradcheck": [c.c_char_p, c.c_uint64, c.c_size_t, c.c_size_t, _OUT],
}
_OTHERS = {
    "version": ([], c.c_char_p),
    "bytes_data": ([_HANDLE], c.c_void_p),
    "bytes_size": ([_HANDLE], c.c_size_t),
    "bytes_free": ([_HANDLE], None),
    "model_free": ([_HANDLE], None),
    "scorer_free": ([_HANDLE], None),
    "trainer_free": ([_HANDLE], None),
}


def _load():
    path = os.environ.get("DCRNN_LIBRARY") or pathlib.Path(__file__).with_name("libdcrnn.so")
    try:
        library = c.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"dcrnn: cannot load {path}: {error}") from error
    for name, arguments in _CALLS.items():
        function = getattr(library, "dcrnn_" + name)
        function.argtypes = [*arguments, c.POINTER(CError)]
        function.restype = c.c_int
    for name, (arguments, result) in _OTHERS.items():
        function = getattr(library, "dcrnn_" + name)
        function.argtypes = arguments
        function.restype = result
    return library


lib = _load()


def check(status: int, error: CError) -> None:
    """Raises what a call has told."""
    if status:
        kind = _ERRORS.get(status, Error)
        raise kind(error.message.decode(errors="replace"), error.help.decode(errors="replace"))


def call(name: str, *arguments) -> None:
    """Calls a function that gives a status; the interpreter's lock is let go meanwhile."""
    error = CError()
    check(getattr(lib, "dcrnn_" + name)(*arguments, error), error)


def make(name: str, *arguments) -> c.c_void_p:
    """The handle that a function makes."""
    handle = _HANDLE()
    call(name, *arguments, handle)
    return handle


def take(handle: c.c_void_p) -> bytes:
    """The content of a dcrnn_bytes, which is freed."""
    try:
        return c.string_at(lib.dcrnn_bytes_data(handle), lib.dcrnn_bytes_size(handle))
    finally:
        lib.dcrnn_bytes_free(handle)


def text(value: object, name: str) -> bytes:
    """A str or path as the zero-terminated bytes that C takes."""
    encoded = os.fsencode(value)
    if b"\0" in encoded:
        raise UsageError(f"{name}: it holds a zero byte", "give a text without one")
    return encoded


def whole(value: object, name: str, least: int, most: int) -> int:
    """A whole number within bounds, for C."""
    try:
        number = value.__index__()  # type: ignore[attr-defined]
    except AttributeError:
        raise TypeError(f"{name}: found {value!r}, want a whole number") from None
    if not least <= number <= most:
        raise UsageError(f"{name}: found {number}, want {least} to {most}")
    return number
