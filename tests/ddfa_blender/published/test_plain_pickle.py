# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import builtins
import collections
import io
import operator
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.published.files import read_arrays
from ddfa_blender.published.plain_pickle import FormatError, read_pickle
from ddfa_blender.published.torch_file import read_state_dict
from tests.ddfa_blender.published.support import Call, Global, opcodes, program

#: Touched by every payload that gets to run.
MARKER = "executed"


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "values",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(12, dtype=np.float64).reshape(3, 4)),
        np.arange(5, dtype=">i4"),
        np.array([[True, False]]),
        np.array(3.5, dtype=np.float16),
        np.zeros((0, 3), np.uint8),
        np.arange(20, dtype=np.int64)[::3],
    ],
    ids=lambda values: f"{values.dtype.str}{values.shape}",
)
def test_arrays_come_back_as_they_were(tmp_path: Path, values: np.ndarray, protocol: int) -> None:
    path = tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps({"epoch": 3, "a": values, "again": values, "note": "é"}, protocol))
    arrays = read_arrays(path)
    assert arrays.keys() == {"a", "again"}
    np.testing.assert_array_equal(arrays["a"], values)
    assert arrays["a"].dtype == values.dtype


@pytest.mark.parametrize("protocol", range(6))
def test_containers_and_numbers_come_back_as_they_were(protocol: int) -> None:
    tree = {"list": [1, -2, 2**70, 1.5, "x", b"\x00\xff", None, True], "pair": ((), (1,), (1, 2), (1, 2, 3), (1,) * 5)}
    assert read_pickle(io.BytesIO(pickle.dumps(tree, protocol))) == tree


def test_numpy_scalars_and_ordered_dictionaries_are_plain_data(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(collections.OrderedDict(best=np.float32(2.5), a=np.arange(3))))
    arrays = read_arrays(path)
    assert arrays["best"] == np.float32(2.5)
    np.testing.assert_array_equal(arrays["a"], [0, 1, 2])


class Reduced:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.value = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.value


def touch(folder: Path) -> str:
    return f"open({str(folder / MARKER)!r}, 'w').close()"


def numpy_array_with(shape: tuple[int, ...], code: str, data: bytes) -> bytes:
    """A pickle of an array with any state."""
    made = opcodes(Call(Global("numpy.core.multiarray", "_reconstruct"), (Global("numpy", "ndarray"), (0,), "b")))
    dtype = opcodes(Call(Global("numpy", "dtype"), (code, False, True)))
    state = b"(" + opcodes(1) + opcodes(shape) + dtype + b"\x89" + b"B" + struct.pack("<I", len(data)) + data + b"t"
    return b"\x80\x03}" + opcodes("a") + made + state + b"bs."


def malicious(folder: Path) -> dict[str, bytes]:
    code = touch(folder)
    command = f"touch {folder / MARKER}"
    old_instance = f"(S{code!r}\nibuiltins\nexec\n.".encode()
    old_object = b"(cbuiltins\nexec\n" + opcodes(code) + b"o."
    new_object = b"\x80\x02cbuiltins\neval\n(" + opcodes(code) + b"t\x81."
    getter = Call(Global("builtins", "getattr"), (Global("os", "path"), "os"))
    return {
        "os.system": pickle.dumps(Reduced(os.system, command)),
        "os.system, protocol 0": pickle.dumps(Reduced(os.system, command), 0),
        "eval": pickle.dumps(Reduced(eval, code)),
        "eval, protocol 4": pickle.dumps(Reduced(eval, code), 4),
        "in a dictionary": pickle.dumps({"mean": np.zeros(62), "std": [{"x": (Reduced(exec, code),)}]}),
        "as a key": pickle.dumps({(1, 2): 3}).replace(b"K\x01", b"cos\nsystem\n"),
        "getattr": program(getter),
        "operator.attrgetter": pickle.dumps(Reduced(operator.attrgetter, "system")),
        "__import__": pickle.dumps(Reduced(builtins.__import__, "os")),
        "dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0bos.system.x\x93.",
        "behind a name that is allowed": program(Call(Global("numpy", "dtype.__class__"), ("f4",))),
        "a name that is no text": b"\x80\x04]]\x93.",
        "call of what is no name": program(("x",))[:-1] + b"(tR.",
        "call of ndarray": program(Call(Global("numpy", "ndarray"), ((2**40,),))),
        "state of a string": program("x")[:-1] + b"}b.",
        "state that calls": pickle.dumps(Reduced(dict, state={"__class__": Reduced(eval, code)})),
        "INST": old_instance,
        "OBJ": old_object,
        "NEWOBJ": new_object,
        "EXT1": b"\x80\x02\x82\x01.",
        "copyreg": pickle.dumps(Reduced(collections.Counter, "aab")),
        "a subclass of ndarray": pickle.dumps(np.ma.masked_array([1.0], [True])),
        "an array of objects": pickle.dumps({"a": np.array([Reduced(eval, code), 1], dtype=object)}),
        "an array of structures": pickle.dumps({"a": np.zeros(2, [("x", "f4")])}),
        "an array of texts": pickle.dumps({"a": np.array(["x"])}),
        "a huge array": numpy_array_with((2**39,), "f4", b"\0" * 16),
        "a huge array of nothing": numpy_array_with((2**62, 0, 2**62), "f4", b""),
        "a negative shape": numpy_array_with((-1, -4), "f4", b"\0" * 16),
        "objects behind bytes": numpy_array_with((2,), "O8", b"\0" * 16),
        "a huge text": b"\x80\x04\x8d" + struct.pack("<Q", 2**60) + b"x.",
        "a negative length": b"\x80\x02T" + struct.pack("<i", -5) + b"x.",
        "a persistent id": program("x")[:-1] + b"Q.",
        "an empty stack": b"\x80\x02.",
        "a mark that is missing": b"\x80\x02t.",
        "a memo that is empty": b"\x80\x02h\x05.",
        "a key that cannot be hashed": b"\x80\x02}(]K\x01u.",
        "no end": program({"a": 1})[:-1],
        "nothing": b"",
        "text": b"mean: 1, std: 2",
    }


MALICIOUS = sorted(malicious(Path()))


@pytest.mark.parametrize("name", MALICIOUS)
def test_whatever_is_not_plain_data_is_refused_and_never_runs(tmp_path: Path, name: str) -> None:
    content = malicious(tmp_path)[name]
    path = tmp_path / "given"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match="is not one of the authors' files"):
        read_arrays(path)
    # The same inside both of PyTorch's formats.
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", content)
    with pytest.raises(CaptureError, match="is not a checkpoint"):
        read_state_dict(path)
    head = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
    for start in (head, b""):
        path.write_bytes(start + content)
        with pytest.raises(CaptureError, match="is not a checkpoint"):
            read_state_dict(path)
    assert [p.name for p in tmp_path.iterdir()] == ["given"]


def test_the_payloads_do_run_in_an_ordinary_unpickler(tmp_path: Path) -> None:
    """Else the test above would prove nothing."""
    for name in ("os.system", "eval", "in a dictionary", "INST", "OBJ", "an array of objects"):
        (tmp_path / MARKER).unlink(missing_ok=True)
        pickle.loads(malicious(tmp_path)[name])  # noqa: S301 (our own)
        assert (tmp_path / MARKER).exists(), name


def test_a_refused_name_is_told() -> None:
    with pytest.raises(FormatError, match=r"it asks for '(posix|nt)\.system'"):
        read_pickle(io.BytesIO(pickle.dumps(Reduced(os.system, "x"))))


def test_a_pickle_of_far_too_many_steps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ddfa_blender.published.plain_pickle._MAXIMUM_OPCODES", 1000)
    assert read_pickle(io.BytesIO(b"N0" * 400 + b"N.")) is None
    with pytest.raises(FormatError, match="far too long"):
        read_pickle(io.BytesIO(b"N0" * 600 + b"N."))


def test_reading_stops_behind_the_pickle() -> None:
    file = io.BytesIO(pickle.dumps([1, 2], 2) + b"rest")
    assert read_pickle(file) == [1, 2]
    assert file.read() == b"rest"


def test_missing_and_far_too_large_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CaptureError, match="cannot be read"):
        read_arrays(tmp_path / "none.pkl")
    (tmp_path / "large.pkl").write_bytes(pickle.dumps({"a": np.zeros(100)}))
    monkeypatch.setattr("ddfa_blender.published.plain_pickle.MAXIMUM_BYTES", 500)
    with pytest.raises(CaptureError, match="far larger"):
        read_arrays(tmp_path / "large.pkl")


def test_an_npz_that_unpacks_to_too_much_or_holds_objects_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "objects.npz", mean=np.array([Reduced(eval, touch(tmp_path))], dtype=object))
    with pytest.raises(CaptureError, match="is not one of the authors' files"):
        read_arrays(tmp_path / "objects.npz")
    np.savez_compressed(tmp_path / "bomb.npz", mean=np.zeros(1_000_000))
    monkeypatch.setattr("ddfa_blender.published.files.MAXIMUM_BYTES", 100_000)
    with pytest.raises(CaptureError, match="too large when unpacked"):
        read_arrays(tmp_path / "bomb.npz")
    assert not (tmp_path / MARKER).exists()


def _pickle(*parts: bytes) -> io.BytesIO:
    return io.BytesIO(b"\x80\x02" + b"".join(parts) + b".")


#: A tuple that holds the one before twice, a list that holds it three times, sixty times over: leaves without number.
_DEEP_TUPLE = b")" + b"q\x000h\x00h\x00\x86" * 60
_DEEP_LIST = b"]" + b"q\x000]h\x00ah\x00ah\x00a" * 60
_ENCODE = opcodes(Global("_codecs", "encode"))
_LONG_TEXT = opcodes("x" * 1_000_000) + b"q\x00"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((b"}", _DEEP_TUPLE, b"Ns"), "a key is neither text nor a number"),
        ((b"(", _DEEP_TUPLE, b"Nd"), "a key is neither text nor a number"),
        ((opcodes(Global("collections", "OrderedDict")), b"]", _DEEP_TUPLE, b"N\x86a\x85R"), "a key is neither"),
        ((opcodes(Global("numpy", "dtype")), _DEEP_LIST, b"\x85R"), "type that is no text"),
        ((opcodes(Global("numpy", "dtype")), _DEEP_TUPLE, b"\x85R"), "type that is no text"),
        ((_ENCODE, opcodes("x"), _DEEP_LIST, b"\x86R"), "encoding that is no text"),
        (
            (b"]", _LONG_TEXT, b"0", (_ENCODE + b"h\x00" + opcodes("latin1") + b"\x86Ra") * 200),
            "it copies too much",
        ),
        (
            (
                b"](", b"".join(opcodes(str(i)) + b"N" for i in range(5000)), b"dq\x00",
                (opcodes(Global("collections", "OrderedDict")) + b"h\x00\x85R") * 5000,
            ),
            "it copies too much",
        ),
    ],
)  # fmt: skip
def test_small_files_that_ask_for_the_world_are_refused(parts: tuple[bytes, ...], reason: str) -> None:
    """Python's own unpickler would hash, show or copy until the end of days."""
    with pytest.raises(FormatError, match=reason):
        read_pickle(_pickle(*parts))


def test_arrays_that_share_one_text_are_counted() -> None:
    array = opcodes(Global("numpy.core.multiarray", "_reconstruct")) + b")R"
    state = b"(K\x01K\x01\x85" + opcodes(Global("numpy", "dtype")) + opcodes("u1") + b"\x85R" + b"\x89h\x00tb"
    with pytest.raises(FormatError, match="copies too much"):
        read_pickle(_pickle(b"]", _LONG_TEXT, b"0", (array + state + b"a") * 200))
