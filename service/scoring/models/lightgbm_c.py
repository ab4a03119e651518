"""LightGBM's C library through ctypes: load a model from memory, score one row fast, score a matrix.

Not through the Python package, on purpose: importing that brings pandas, SciPy and scikit-learn, 1.4 s and 100 MB in
every worker and in every short-lived check, for the same C functions. Scores are bitwise those of ``Booster.predict``
(a test compares them). One thread everywhere: a process that forks after LightGBM opened a thread team hangs for ever
in the child (LightGBM issues 6137, 4751), and for one row the team costs more than the trees.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from service.core.attributes import Array
from service.core.errors import BundleError, NoLightGBM

FLOAT64 = 1
PROBABILITY, RAW, CONTRIBUTIONS = 0, 1, 3
PARAMETERS = b"num_threads=%d verbosity=-1"
NEEDED = (
    "LGBM_GetLastError",
    "LGBM_BoosterLoadModelFromString",
    "LGBM_BoosterFree",
    "LGBM_BoosterGetNumFeature",
    "LGBM_BoosterPredictForMat",
    "LGBM_GetMaxThreads",
    "LGBM_SetMaxThreads",
)
MATRIX = "LGBM_BoosterPredictForMat"
FAST = ("LGBM_BoosterPredictForMatSingleRowFastInit", "LGBM_BoosterPredictForMatSingleRowFast", "LGBM_FastConfigFree")


class Booster:
    """One tree model, held by the C library; safe to call from several threads.

    ``slow_reason`` is None where one row takes the fast path, else the sentence that says why it does not.
    """

    def __init__(self, text: bytes, threads: int = 1) -> None:
        self._library = library()
        self._parameters = PARAMETERS % threads
        self._handle = ctypes.c_void_p()
        self._lock = Lock()
        self._call("LGBM_SetMaxThreads", ctypes.c_int(threads))
        self._call("LGBM_BoosterLoadModelFromString", text, ctypes.byref(ctypes.c_int()), ctypes.byref(self._handle))
        self.width = self._number_of_features()
        self._config = ctypes.c_void_p()
        self.slow_reason = missing_symbols(self._library)
        self._prepare()

    def predict_one(self, row: bytes) -> float:
        """P of one row of ``width`` packed doubles, 0 to 1: bitwise what ``predict_many`` gives for the same row.

        Raises: ValueError: when the row has another width. BundleError: when LightGBM cannot score it.
        """
        if len(row) != 8 * self.width:
            raise ValueError(f"a row must hold {self.width} doubles, got {len(row)} bytes")
        with self._lock:
            if self._predict(row) != 0:
                raise BundleError(f"LightGBM could not score a row: {self._last_error()}")
            return float(self._result.value)

    def predict_many(self, matrix: Array, *, raw: bool = False) -> Array:
        """P (or with ``raw`` the sum of leaves) of each row of a matrix (n, width), as (n,).

        Raises: ValueError: when the matrix has another width.
        """
        matrix = np.ascontiguousarray(matrix, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != self.width:
            raise ValueError(f"a matrix must be (n, {self.width}), got {matrix.shape}")
        scores, written = np.empty(len(matrix)), ctypes.c_int64()
        if len(matrix):
            rest = self._matrix_arguments(len(matrix), raw=raw)
            self._call(MATRIX, self._handle, _address(matrix), *rest, ctypes.byref(written), _address(scores))
        return scores

    def contributions(self, row: Array) -> Array:
        """SHAP values of one row (width,), in log-odds, as (width + 1,); the last is the base, their sum the raw score.

        Slow: milliseconds, where a score takes microseconds.

        Raises: ValueError: when the row has another width.
        """
        row = np.ascontiguousarray(row, dtype=np.float64)
        if row.shape != (self.width,):
            raise ValueError(f"a row must be ({self.width},), got {row.shape}")
        found, written = np.empty(self.width + 1), ctypes.c_int64()
        shape = (FLOAT64, ctypes.c_int32(1), ctypes.c_int32(self.width), 1)
        rest = (*shape, CONTRIBUTIONS, 0, -1, self._parameters)
        self._call(MATRIX, self._handle, _address(row), *rest, ctypes.byref(written), _address(found))
        return found

    def __del__(self) -> None:
        config, handle = getattr(self, "_config", None), getattr(self, "_handle", None)
        if config:
            self._library.LGBM_FastConfigFree(config)
        if handle:
            self._library.LGBM_BoosterFree(handle)

    def _prepare(self) -> None:
        """The bound call for one row and its output, made once: binding costs more than the trees."""
        self._result, written = ctypes.c_double(), ctypes.c_int64()
        out = (ctypes.byref(written), ctypes.byref(self._result))
        if self.slow_reason is None:
            shape = (PROBABILITY, 0, -1, FLOAT64, self.width, self._parameters)
            self._call(FAST[0], self._handle, *shape, ctypes.byref(self._config))
            fast, config = held_library()[FAST[1]], self._config
            self._predict: Callable[[bytes], int] = lambda row: fast(config, row, *out)
        else:
            slow, rest = held_library()[MATRIX], self._matrix_arguments(1, raw=False)
            self._predict = lambda row: slow(self._handle, row, *rest, *out)

    def _matrix_arguments(self, rows: int, *, raw: bool) -> tuple[Any, ...]:
        shape = (FLOAT64, ctypes.c_int32(rows), ctypes.c_int32(self.width), 1)
        return (*shape, RAW if raw else PROBABILITY, 0, -1, self._parameters)

    def _number_of_features(self) -> int:
        width = ctypes.c_int()
        self._call("LGBM_BoosterGetNumFeature", self._handle, ctypes.byref(width))
        return width.value

    def _call(self, name: str, *arguments: Any) -> None:
        if getattr(self._library, name)(*arguments) != 0:
            raise BundleError(f"LightGBM refuses ({name.removeprefix('LGBM_')}): {self._last_error()}")

    def _last_error(self) -> str:
        return bytes(self._library.LGBM_GetLastError()).decode("utf-8", "replace")


@cache
def library() -> Any:
    """The C library, opened once per process; its calls let other threads run meanwhile.

    Raises: NoLightGBM: when it cannot be loaded, or lacks a function.
    """
    try:
        opened = ctypes.CDLL(str(library_path()))
    except OSError as error:
        raise NoLightGBM(library_fault(error)) from error
    lacking = [name for name in NEEDED if not hasattr(opened, name)]
    if lacking:
        raise NoLightGBM(f"this LightGBM is too old or too new: it lacks {', '.join(lacking)}; expected 4.2 or later")
    opened.LGBM_GetLastError.restype = ctypes.c_char_p
    return opened


@cache
def held_library() -> Any:
    """The same library, called without releasing the interpreter lock (GIL): faster for calls of microseconds."""
    return ctypes.PyDLL(library()._name)


@contextmanager
def thread_limit(threads: int) -> Iterator[None]:
    """At most so many threads inside the block; the limit of before afterwards."""
    before = ctypes.c_int()
    library().LGBM_GetMaxThreads(ctypes.byref(before))
    library().LGBM_SetMaxThreads(threads)
    try:
        yield
    finally:
        library().LGBM_SetMaxThreads(before.value)


def library_path() -> Path:
    """Where the installed LightGBM keeps its C library, found without importing the package.

    Raises: NoLightGBM: when the package is not installed, or has no C library.
    """
    found = find_spec("lightgbm")
    if found is None or found.origin is None:
        raise NoLightGBM("LightGBM is not installed; install it with: pip install lightgbm")
    folder = Path(found.origin).parent
    paths = [path for name in ("lib", "bin") for path in sorted((folder / name).glob("lib_lightgbm.*"))]
    if not paths:
        raise NoLightGBM(f"LightGBM in {folder} has no C library; reinstall it: pip install --force-reinstall lightgbm")
    return paths[0]


def library_fault(error: OSError) -> str:
    """One sentence on why the C library does not open, and how to mend it."""
    if "libgomp" in str(error):
        return (
            "LightGBM needs the system library libgomp.so.1 (OpenMP), which is not installed; install it with "
            "apt-get install libgomp1 (Debian, Ubuntu), dnf install libgomp (Fedora, RHEL) or apk add libgomp (Alpine)"
        )
    return f"LightGBM's C library does not open: {error}"


def missing_symbols(opened: Any) -> str | None:
    """Why one row cannot be scored the fast way with this library; None where it can."""
    lacking = [name for name in FAST if not hasattr(opened, name)]
    if not lacking:
        return None
    return f"this LightGBM lacks {', '.join(lacking)}: one row is scored by the matrix call, at twice the time"


def _address(array: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
