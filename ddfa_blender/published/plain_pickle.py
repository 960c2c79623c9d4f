# SPDX-License-Identifier: GPL-3.0-or-later
"""Read pickles as data: containers, strings, numbers and arrays; nothing that a file names is ever called.

The opcodes are taken apart by ``pickletools``, which executes nothing, and interpreted here. Python's own
unpickler takes no part, so neither ``__reduce__`` nor ``__setstate__`` nor ``copyreg`` of anything can run: a
global is a name that either stands in the table of the reader's own builders or ends the reading.
"""

from __future__ import annotations

import io
import math
import pickletools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError

#: Larger files are refused unread; the authors' largest has 55 MB.
MAXIMUM_BYTES = 512 * 1024 * 1024
#: A pickle with more opcodes is refused: arrays are few opcodes with much data.
_MAXIMUM_OPCODES = 300_000
#: What calls may copy beyond the file's own size, in bytes: few opcodes can ask for one large text again and again.
_MAXIMUM_COPIED = 64 * 1024 * 1024
#: Bytes that an entry of a container counts as.
_ENTRY = 100
#: Longest piece of a file's own text in a message.
_SHOWN = 80


class FormatError(ValueError):
    """A file is not what it should be; the message says what is wrong, as half a sentence."""


class Name(NamedTuple):
    """A global that a pickle refers to; a name and nothing else."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


#: Calls that a pickle may make: the builder gets the arguments as a tuple.
Builders = Mapping[Name, Callable[[tuple[Any, ...]], Any]]


@runtime_checkable
class ArrayBuilder(Protocol):
    """Something in a read tree that becomes an array once everything is read."""

    def array(self) -> NDArray:
        """The array.

        Raises:
            FormatError: what was read does not fit together.
        """


class _Dtype:
    """Stands for ``numpy.dtype`` while a pickle is read."""

    def __init__(self, code: str) -> None:
        # What is no text is not shown: containers that hold themselves many times over have no end.
        if not isinstance(code, str) or len(code) != 2 or code[0] not in "fiub" or code[1] not in "1248":
            raise FormatError(f"arrays of type {_shown(code)} are not read")
        self._code, self._order = code, "<"

    def set_state(self, state: tuple[Any, ...]) -> None:
        order, *structure = state[1:5]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in structure):
            raise FormatError("structured arrays are not read")
        self._order = order

    def dtype(self) -> np.dtype:
        return np.dtype(self._order + self._code)


class _Array:
    """Stands for ``numpy.ndarray`` while a pickle is read."""

    def __init__(self, dtype: _Dtype | None = None, shape: object = (), data: object = None, *, fortran: bool = False):
        self._dtype, self._shape, self._data, self._fortran = dtype, shape, data, fortran

    def set_state(self, state: tuple[Any, ...]) -> None:
        _, self._shape, self._dtype, self._fortran, self._data = state

    def array(self) -> NDArray:
        """See :class:`ArrayBuilder`."""
        data = self._data.encode("latin-1") if isinstance(self._data, str) else self._data
        if not isinstance(self._dtype, _Dtype) or not isinstance(data, bytes | bytearray):
            raise FormatError("an array has no data")
        dtype, shape = self._dtype.dtype(), checked_shape(self._shape)
        # Before anything is allocated: the bytes must be there.
        if math.prod(shape) * dtype.itemsize != len(data):
            raise FormatError(f"an array of shape {shape} holds {len(data)} bytes")
        return np.frombuffer(data, dtype).reshape(shape, order="F" if self._fortran else "C")


def checked_shape(shape: object) -> tuple[int, ...]:
    """``shape`` if it is one.

    Raises:
        FormatError: it is no tuple of a few sizes.
    """
    if not isinstance(shape, tuple) or len(shape) > 8 or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise FormatError("an array's shape is broken")
    return shape


def _shown(value: object) -> str:
    return repr(value[:_SHOWN]) if isinstance(value, str) else "that is no text"


def _make_bytes(arguments: tuple[Any, ...]) -> bytes:
    """What ``_codecs.encode(text, "latin1")`` and ``bytes()`` do: how old protocols write bytes."""
    if not arguments:
        return b""
    text, encoding = arguments
    if encoding not in ("latin1", "latin-1"):
        raise FormatError(f"bytes in the encoding {_shown(encoding)} are not read")
    return text.encode("latin-1")


def _from_buffer(arguments: tuple[Any, ...]) -> _Array:
    data, dtype, shape, order = arguments
    return _Array(dtype, shape, data, fortran=order == "F")


def _pairs(flat: list[Any]) -> dict[Any, Any]:
    """A dictionary of plain keys: looking a tuple up goes through all that it holds, and it may hold itself."""
    if not all(isinstance(key, str | bytes | int | float | None) for key in flat[::2]):
        raise FormatError("a key is neither text nor a number")
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _ordered(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """What ``collections.OrderedDict()`` makes of nothing, of a dictionary, or of pairs."""
    (source,) = arguments or ((),)
    if isinstance(source, dict):
        return dict(source)
    return _pairs([part for key, value in source for part in (key, value)])


NUMPY_BUILDERS: Builders = {
    Name("collections", "OrderedDict"): _ordered,
    Name("_codecs", "encode"): _make_bytes,
    Name("__builtin__", "bytes"): _make_bytes,
    Name("builtins", "bytes"): _make_bytes,
    Name("numpy", "dtype"): lambda arguments: _Dtype(arguments[0]),
} | {
    Name(f"numpy.{core}.{module}", name): builder
    for core in ("core", "_core")  # numpy 1 and 2
    for module, name, builder in (
        ("multiarray", "_reconstruct", lambda _: _Array()),
        ("multiarray", "scalar", lambda arguments: _Array(arguments[0], (), arguments[1])),
        ("numeric", "_frombuffer", _from_buffer),
    )
}
#: Names that may stand in a pickle as arguments; they are never called.
_NUMPY_NAMES = frozenset({Name("numpy", "ndarray")})

_LITERALS = frozenset({
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
})  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_PUTS, _GETS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"}), frozenset({"GET", "BINGET", "LONG_BINGET"})
_MARK = object()


class _Machine:
    """The stack machine that a pickle is a programme for, without the dangerous half."""

    def __init__(
        self, builders: Builders, names: frozenset[Name], storage: Callable[[tuple[Any, ...]], Any] | None
    ) -> None:
        self._builders, self._names, self._storage = builders, names, storage
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._copied, self._limit = 0, _MAXIMUM_COPIED
        self._handlers: dict[str, Callable[[Any], None]] = {
            "PROTO": lambda _: None,
            "FRAME": lambda _: None,
            "MARK": lambda _: self._stack.append(_MARK),
            "POP": lambda _: self._drop(),
            "LIST": lambda _: self._stack.append(self._to_mark()),
            "TUPLE": lambda _: self._stack.append(tuple(self._to_mark())),
            "DICT": lambda _: self._stack.append(_pairs(self._to_mark())),
            "APPEND": lambda _: self._append([self._stack.pop()]),
            "APPENDS": lambda _: self._append(self._to_mark()),
            "SETITEM": lambda _: self._set_items([self._stack.pop(-2), self._stack.pop()]),
            "SETITEMS": lambda _: self._set_items(self._to_mark()),
            "MEMOIZE": lambda _: self._memo.update({len(self._memo): self._stack[-1]}),
            "GLOBAL": lambda text: self._name(*text.split(" ", 1)),
            "STACK_GLOBAL": lambda _: self._name(self._stack.pop(-2), self._stack.pop()),
            "REDUCE": lambda _: self._call(),
            "BUILD": lambda _: self._set_state(),
            "BINPERSID": lambda _: self._load_storage(),
        }

    def run(self, file: BinaryIO) -> Any:
        """Interpret the pickle at the file's position, up to and including its STOP."""
        here = file.tell()
        self._limit = file.seek(0, io.SEEK_END) + _MAXIMUM_COPIED
        file.seek(here)
        for count, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if count >= _MAXIMUM_OPCODES:
                raise FormatError("it is far too long")
            if opcode.name == "STOP":
                return self._stack.pop()
            self._step(opcode.name, argument)
        raise FormatError("it has no end")

    def _step(self, opcode: str, argument: Any) -> None:
        if opcode in _LITERALS:
            self._stack.append(argument)
        elif opcode in _CONSTANTS:
            self._stack.append(_CONSTANTS[opcode])
        elif opcode in _EMPTY:
            self._stack.append(_EMPTY[opcode]())
        elif opcode in _TUPLES:
            self._stack.append(tuple(self._take(_TUPLES[opcode])))
        elif opcode in _PUTS:
            self._memo[argument] = self._stack[-1]
        elif opcode in _GETS:
            self._stack.append(self._memo[argument])
        elif opcode in self._handlers:
            self._handlers[opcode](argument)
        else:
            raise FormatError(f"it uses the opcode {opcode}")

    def _take(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise FormatError("its stack runs empty")
        taken = self._stack[-count:]
        del self._stack[-count:]
        return taken

    def _to_mark(self) -> list[Any]:
        taken = []
        while (value := self._stack.pop()) is not _MARK:
            taken.append(value)
        return taken[::-1]

    def _drop(self) -> None:
        self._stack.pop()

    def _append(self, values: list[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            raise FormatError("it appends to what is no list")
        self._stack[-1].extend(values)

    def _set_items(self, flat: list[Any]) -> None:
        if not isinstance(self._stack[-1], dict):
            raise FormatError("it sets items of what is no dictionary")
        self._stack[-1].update(_pairs(flat))

    def _name(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise FormatError("it names something by what is no text")
        found = Name(module, name)
        if found not in self._builders and found not in self._names:
            raise FormatError(f"it asks for {str(found)[:80]!r}")
        self._stack.append(found)

    def _call(self) -> None:
        name, arguments = self._take(2)
        if not isinstance(name, Name) or name not in self._builders or not isinstance(arguments, tuple):
            raise FormatError("it calls what may not be called")
        self._count(*arguments)
        self._stack.append(self._builders[name](arguments))

    def _set_state(self) -> None:
        target, state = self._take(2)
        self._stack.append(target)
        # PyTorch hangs version numbers on the dictionary of weights: passed over.
        if isinstance(target, _Dtype | _Array):
            self._count(*state)
            target.set_state(state)
        elif not isinstance(target, dict):
            raise FormatError("it sets the state of what has none")

    def _count(self, *values: Any) -> None:
        """Count what is copied of values; too much is refused."""
        for value in values:
            if isinstance(value, str | bytes | bytearray):
                self._copied += len(value)
            elif isinstance(value, list | tuple | dict):
                self._copied += _ENTRY * len(value)
        if self._copied > self._limit:
            raise FormatError("it copies too much")

    def _load_storage(self) -> None:
        if self._storage is None:
            raise FormatError("it refers to data outside of it")
        self._stack.append(self._storage(self._stack.pop()))


def read_pickle(
    file: BinaryIO,
    *,
    builders: Builders | None = None,
    names: frozenset[Name] = frozenset(),
    storage: Callable[[tuple[Any, ...]], Any] | None = None,
) -> Any:
    """Read one pickle from a file in memory, which is left behind its end; arrays come as :class:`ArrayBuilder`.

    Args:
        builders: calls that may be made beside those of numpy's arrays.
        names: names that may stand as arguments.
        storage: what turns a persistent id into an object.

    Raises:
        FormatError: the pickle is broken or wants anything but plain data; says what.
    """
    machine = _Machine({**NUMPY_BUILDERS, **(builders or {})}, names | _NUMPY_NAMES, storage)
    try:
        return machine.run(file)
    except FormatError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError, EOFError) as error:
        raise FormatError("it is broken") from error


def as_dictionary(tree: object) -> dict[Any, Any]:
    """``tree`` if it is a dictionary.

    Raises:
        FormatError: it is something else.
    """
    if not isinstance(tree, dict):
        raise FormatError("it holds no dictionary")
    return tree


def read_content(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        CaptureError: it is missing, cannot be read, or is far larger than what the authors published.
    """
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise CaptureError(f"{path} is far larger than the authors' files; give the file that they published.")
        return path.read_bytes()
    except OSError as error:
        raise CaptureError(f"{path} cannot be read ({error.strerror}); check the path.") from error
