# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad archives of arrays, bad pickles and bad checkpoints, with the structure that lets them get far into a reader."""

from __future__ import annotations

import io
import json
import pickle
import struct
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .mutations import NUMBERS, TEXTS, Maker, any_value, mutated_bytes, mutated_tree, noise, zipped

_TYPES = (
    "<f8",
    "<f4",
    "<f2",
    ">f8",
    "<i4",
    "<i8",
    "|u1",
    "|b1",
    "<c16",
    "<U5",
    "|S4",
    "|O",
    "<M8[s]",
    "|V8",
    "<f16",
    "[('a','<f4')]",
)
_LENGTHS = (0, 1, 2, 3, 52, 62, 68, 2**20, 2**31, 2**40, 2**62, 2**64, -1)
_ODD_NAMES = (
    "../../../tmp/x",
    "/tmp/x",  # noqa: S108 (never made)
    "..\\x",
    "a/b",
    "",
    "header",
    "time.npy",
    "x" * 300,
    "con",
    "héllo",
)
_ODD_NUMBERS = (np.nan, np.inf, -np.inf, 1e30, -1e30, 1e300, 1e-40, 0.0, -1.0, 1e5, 2.0**31)


def npy(header: str, data: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    """An array's file with any header."""
    text = header.encode("latin-1", "replace")
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text) & 0xFFFF if version == (1, 0) else len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + data


def _saved(array: NDArray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def _array_member(random: Random, array: NDArray) -> bytes:
    """An array as it is, with odd numbers, or with a header that claims something else."""
    kind = random.randrange(10)
    if kind < 4 and array.size and array.dtype.kind == "f":
        array = array.copy()
        for _ in range(random.choice((1, 1, 5))):
            with np.errstate(over="ignore"):
                array.flat[random.randrange(array.size)] = random.choice(_ODD_NUMBERS)
    elif kind == 4 and array.ndim:
        array = array[: random.randrange(len(array) + 1)] if random.random() < 0.5 else np.repeat(array, 2, axis=0)
    elif kind == 5:
        with np.errstate(all="ignore"):
            kinds = ("<U8", "|S3") if array.dtype.kind == "U" else ("<f8", "<f2", "<i4", "|b1", "<c8", "<U8", "|S3")
            array = array.astype(random.choice(kinds))
    elif kind == 6:
        array = array.T.copy(order="F") if random.random() < 0.5 else array.reshape(-1)
    if kind == 7:
        return _saved(np.array([_Evil()], dtype=object))
    data = _saved(array)
    if kind > 7:
        shape = tuple(random.choice((*array.shape, *_LENGTHS)) for _ in range(random.randrange(4)))
        kind_of_number, fortran = random.choice((array.dtype.str, *_TYPES)), random.random() < 0.2
        text = f"{{'descr': '{kind_of_number}', 'fortran_order': {fortran}, 'shape': {shape}, }}"
        if random.random() < 0.2:
            text = random.choice(
                ("{" * 3000, "[" * 9000, text[:-9], "__import__('os')", text * 90, text.replace("'", '"'))
            )
        data = npy(text + "\n", data[128:], random.choice(((1, 0), (1, 0), (2, 0), (3, 0), (9, 9))))
    return data


class _Evil:
    """What a pickle may do to who loads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("__import__('os').system('touch /tmp/ddfa-fuzz-was-here')",)


def npz_maker(seeds: Sequence[Mapping[str, NDArray]], texts: Sequence[str] = ("header",)) -> Maker:
    """Archives out of arrays by name; those named in ``texts`` hold JSON or a word."""

    kinds = [[(f"{name}.npy", array, _saved(array)) for name, array in seed.items()] for seed in seeds]

    def make(random: Random) -> bytes:
        kind = random.random()
        if kind < 0.01:
            return noise(random)
        members = random.choice(kinds)
        changed = {random.randrange(len(members)) for _ in range(random.choice((0, 1, 1, 1, 2)))}
        packed: list[tuple[str, bytes]] = []
        for i, (name, array, saved) in enumerate(members):
            if i in changed and name.removesuffix(".npy") in texts:
                packed.append((name, _saved(np.array(_text(random, str(array))))))
            elif i in changed:
                packed.append((name, _array_member(random, array)))
            else:
                packed.append((name, saved))
        if random.random() < 0.15:
            packed = _other_members(random, packed)
        data = zipped(random, packed)
        return mutated_bytes(random, data) if kind > 0.85 else data

    return make


def _text(random: Random, text: str) -> str:
    try:
        changed = json.dumps(mutated_tree(random, json.loads(text)), ensure_ascii=random.random() < 0.5)
    except ValueError:
        changed = random.choice(TEXTS)
    return changed if random.random() < 0.95 else "[" * random.choice((5, 100_000))


def _other_members(random: Random, members: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    kind, (name, data) = random.randrange(5), random.choice(members)
    if kind == 0:
        return [member for member in members if member[0] != name]
    if kind == 1:
        return [*members, (random.choice((name, *_ODD_NAMES)), data)]
    if kind == 2:
        return [(random.choice(_ODD_NAMES) if other == name else other, found) for other, found in members]
    if kind == 3:
        return [*members, ("bomb.npy", npy(_bomb_header(2**26), bytes(2**18)))]
    return [(other, npy(_bomb_header(2**28), found[128:]) if other == name else found) for other, found in members]


def _bomb_header(count: int) -> str:
    return f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({count},), }}\n"


def pickle_maker(seeds: Sequence[bytes]) -> Maker:
    """Pickles out of valid ones: as bytes, with opcodes put in, or with programmes that call things."""

    def make(random: Random) -> bytes:
        kind = random.random()
        if kind < 0.02:
            return noise(random)
        if kind < 0.25:
            return _programme(random)
        data = random.choice(seeds)
        if kind < 0.4:
            return pickle.dumps(_tree(random), random.randrange(6))
        return mutated_bytes(random, data)

    return make


#: Opcodes, and what calls somebody.
_CODES = (
    b"(", b"t", b"l", b"d", b"]", b"}", b")", b"N", b"\x88", b"\x89", b"K\x05", b"J\xff\xff\xff\x7f", b"X\x02\0\0\0ab",
    b"U\x01a", b"q\0", b"h\0", b"q\1", b"h\1", b"R", b"b", b"Q", b"a", b"e", b"s", b"u", b"0", b"1", b"2", b"\x81",
    b"\x92", b"\x93",
    b"\x94", b"cnumpy\ndtype\n", b"cnumpy\nndarray\n", b"cnumpy.core.multiarray\n_reconstruct\n",
    b"ccollections\nOrderedDict\n",
    b"cos\nsystem\n", b"cbuiltins\neval\n", b"c__builtin__\nbytes\n", b"c_codecs\nencode\n", b"U\x02f4",
    b"U\x06latin1", b"\x85",
    b"\x86", b"\x87", b"C\x04\0\0\0\0", b"ctorch\nFloatStorage\n", b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"B\xff\xff\xff\x7f",
    b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f", b"I99999999999999999999\n", b"L9L\n", b"F1e999\n", b"\x8b\xff\xff\xff\x7f",
)  # fmt: skip


def _programme(random: Random) -> bytes:
    codes = b"".join(random.choice(_CODES) for _ in range(random.choice((2, 5, 20, 60))))
    return b"\x80" + bytes([random.randrange(7)]) + codes + (b"." if random.random() < 0.9 else b"")


def _tree(random: Random) -> dict[Any, Any]:
    """A dictionary of arrays as the authors publish, of odd shapes and types."""
    tree: dict[Any, Any] = {}
    for name in ("mean", "std", "u", "w_shp", "w_exp", "keypoints", "tri"):
        shape = tuple(random.choice((0, 1, 3, 10, 40, 62, 204)) for _ in range(random.randrange(1, 3)))
        array = np.full(shape, random.choice((0.5, *_ODD_NUMBERS[:4]))) if random.random() < 0.9 else any_value(random)
        tree[name if random.random() < 0.95 else random.choice((*TEXTS[:9], 7, None))] = array
    return tree


def torch_maker(trees: Sequence[tuple[bytes, Mapping[str, bytes]]], legacy: Sequence[bytes]) -> Maker:
    """Checkpoints, new (a zip of a pickle and its storages) and old."""

    def make(random: Random) -> bytes:
        kind = random.random()
        if kind < 0.01:
            return noise(random)
        if kind < 0.4:
            return mutated_bytes(random, random.choice(legacy))
        programme, storages = random.choice(trees)
        if kind < 0.75:
            programme = mutated_bytes(random, programme)
        members = [("c/data.pkl", programme), ("c/byteorder", b"little")]
        members += [(f"c/data/{key}", data) for key, data in storages.items()]
        if random.random() < 0.3:
            i = random.randrange(len(members))
            name, data = members[i]
            members[i] = (random.choice((name, *_ODD_NAMES)), mutated_bytes(random, data))
        data = zipped(random, members)
        return mutated_bytes(random, data) if kind > 0.9 else data

    return make


def number_texts(random: Random) -> str:
    """A number as people and programs write it."""
    return str(random.choice(NUMBERS))
