# SPDX-License-Identifier: GPL-3.0-or-later
"""Make bad files of good ones. Everything is drawn from the generator that is passed in, so that a seed repeats it."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Maker = Callable[[Random], bytes]

#: Numbers at which readers stumble.
NUMBERS: tuple[object, ...] = (
    0, -1, 1, 2, 3, 255, 2**15, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, 10**400, 0.0, -0.0,
    0.5, -1.5, 1e-320, 1e308, -1e308, 1e22, float("nan"), float("inf"), float("-inf"), True, False, None,
)  # fmt: skip
TEXTS = (
    "", " ", "\0", "a\0b", "\ud800", "\U0010ffff", "é", "../../etc/passwd", "..\\..\\x", "/etc/passwd", "C:\\con",
    "%s%n",
    "{}", "{0.__class__}", "__import__('os').system('true')", "NaN", "1e999", "\n", "\r\n", "a" * 70_000, "0" * 5000,
    "٣",
)  # fmt: skip
_BYTES = (
    b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x93NUMPY", b"{", b"[", b"]", b"}", b'"', b"\\", b",", b"\n", b"\r", b"1e999", b"NaN", b"null", b"9" * 40,
    b"\xef\xbb\xbf",
    b"\xff\xfe", b"c__builtin__\neval\n", b"cos\nsystem\n", b"R", b"Q", b".", b"\x8a\xff", b"(", b"t", b"moov", b"mdat",
)  # fmt: skip
#: A file's bytes are seldom mutated beyond this length: long ones would only be slow.
LONGEST = 2**20


def mutated_bytes(random: Random, data: bytes, edits: int | None = None) -> bytes:
    """A few bytes changed, put in, taken out, repeated, or the end cut off."""
    result = bytearray(data)
    for _ in range(edits or random.choice((1, 1, 2, 4, 16))):
        at = random.randrange(len(result) + 1)
        kind = random.randrange(8)
        length = min(len(result) - at, random.choice((1, 1, 2, 4, 8, 64)))
        if kind == 0 and at < len(result):
            result[at] ^= 1 << random.randrange(8)
        elif kind == 1 and at < len(result):
            result[at] = random.randrange(256)
        elif kind == 2:
            result[at : at + length] = b""
        elif kind == 3:
            token = random.choice(_BYTES)
            result[at : at + (len(token) if random.random() < 0.5 else 0)] = token
        elif kind == 4:
            result[at:at] = result[at : at + length] * random.choice((1, 2, 8))
        elif kind == 5:
            other = random.randrange(len(result) + 1)
            result[at:at] = result[other : other + length]
        elif kind == 6:
            form = random.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
            value = struct.pack(
                form, random.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF)) << random.choice((0, 0, 0, 8)) & 0xFFFF
            )
            result[at : at + len(value)] = value
        elif random.random() < 0.3:
            del result[at:]
    return bytes(result[:LONGEST])


def noise(random: Random) -> bytes:
    """Bytes that mean nothing, or tokens in a row."""
    if random.random() < 0.5:
        return random.randbytes(random.choice((0, 1, 4, 16, 100, 1000)))
    return b"".join(random.choice(_BYTES) for _ in range(random.randrange(1, 40)))


def any_value(random: Random, depth: int = 0) -> Any:
    """A JSON value that nobody expects."""
    kind = random.randrange(6 if depth < 2 else 4)
    if kind < 2:
        return random.choice(NUMBERS)
    if kind < 4:
        return random.choice(TEXTS)
    children = [any_value(random, depth + 1) for _ in range(random.choice((0, 1, 2, 3, 60)))]
    return children if kind == 4 else {random.choice(TEXTS)[:9] + str(i): value for i, value in enumerate(children)}


def _place(random: Random, tree: Any) -> tuple[Any, Any] | None:
    """(container, key) of something in a tree, reached by going down at random."""
    found = None
    while isinstance(tree, dict | list) and tree and (found is None or random.random() < 0.7):
        key = random.choice(list(tree)) if isinstance(tree, dict) else random.randrange(len(tree))
        found = tree, key
        tree = tree[key]
    return found


def mutated_tree(random: Random, tree: Any) -> Any:
    """A JSON tree with a few of its values replaced, taken out, doubled or renamed, in place."""
    longest = 0
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        place = _place(random, tree)
        if place is None:
            return any_value(random)
        node, key = place
        kind = random.randrange(7)
        if kind < 3:
            node[key] = any_value(random)
        elif kind == 3:
            del node[key]
        elif kind == 4 and isinstance(node, list):
            # Long once, or the copies of copies would fill the memory that makes them.
            node.extend([node[key]] * (random.choice((1, 1, 3, 200)) if longest < 200 else 1))
            longest = max(longest, len(node))
        elif kind == 5 and isinstance(node, dict):
            node[random.choice((*TEXTS[:12], str(key).upper()))] = node.pop(key)
        elif isinstance(node[key], int | float):
            node[key] = random.choice((-1.0, 0.5, 2.0, 1e6)) * min(max(node[key], -1e300), 1e300)
    return any_value(random) if random.random() < 0.01 else tree


def json_text(random: Random, tree: Any) -> bytes:
    """A tree as JSON, now and then in a way that a parser may dislike."""
    text = json.dumps(tree, ensure_ascii=random.random() < 0.5)
    kind = random.randrange(40)
    if kind == 0:
        deep = random.choice((100, 2000, 2000, 2000, 100_000))
        text = "[" * deep + text + "]" * deep
    elif kind == 1:
        text = text.replace(":", ": " + '{"a":' * random.choice((50, 3000)), 1)
    elif kind == 2:
        text = text.replace("1", random.choice(("1e999", "1" * 5000, "-0", "01", "0x1")), 2)
    elif kind == 3:
        text = text.replace("{", '{"format":1,"version":2,', 1)
    encoding = random.choice(("utf-8",) * 12 + ("utf-8-sig", "utf-16", "utf-32", "latin-1", "utf-7"))
    return text.encode(encoding, "surrogatepass" if encoding.startswith("utf-8") else "replace")


def json_maker(trees: Sequence[Any]) -> Maker:
    """Files out of valid JSON trees: most keep a valid syntax, some are damaged as bytes."""

    texts = [json.dumps(tree) for tree in trees]

    def make(random: Random) -> bytes:
        kind = random.random()
        if kind < 0.02:
            return noise(random)
        text = random.choice(texts)
        if kind < 0.05:
            return text.encode()
        data = json_text(random, mutated_tree(random, json.loads(text)))
        return mutated_bytes(random, data) if kind > 0.8 else data

    return make


def bytes_maker(seeds: Sequence[bytes]) -> Maker:
    """Files out of valid ones whose format only the reader knows."""

    def make(random: Random) -> bytes:
        return noise(random) if random.random() < 0.02 else mutated_bytes(random, random.choice(seeds))

    return make


def zipped(random: Random, members: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip file, mostly plain; packing, names and the list of contents may be odd."""
    buffer = io.BytesIO()
    kind = random.random()
    method = zipfile.ZIP_STORED if kind < 0.9 else zipfile.ZIP_DEFLATED if kind < 0.98 else zipfile.ZIP_BZIP2
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")  # the same name twice is meant
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def table_text(random: Random, rows: Sequence[Sequence[str]]) -> bytes:
    """Rows of cells as a CSV, with a few cells, rows and signs changed."""
    table = [list(row) for row in rows]
    for _ in range(random.choice((0, 1, 1, 2, 5))):
        row = random.choice(table)
        at = random.randrange(len(row) + 1)
        kind = random.randrange(8)
        if kind < 3 and at < len(row):
            row[at] = _cell(random)
        elif kind == 3:
            del row[at : at + random.choice((1, 1, 10, 70))]
        elif kind == 4:
            row[at:at] = [_cell(random)] * random.choice((1, 1, 3, 2000))
        elif kind == 5:
            table.insert(random.randrange(len(table) + 1), list(random.choice(table)))
        elif kind == 6:
            random.shuffle(row if random.random() < 0.5 else table)
        elif len(table) > 1:
            del table[random.randrange(len(table))]
        table = table or [[""]]
    sign, end = random.choice((",",) * 6 + (";", "\t")), random.choice(("\n",) * 6 + ("\r\n", "\r", "\n\n"))
    text = end.join(sign.join(row) for row in table)
    text = text.replace(".", ",") if sign == ";" else text
    encoding = random.choice(("utf-8",) * 12 + ("utf-16", "utf-8-sig", "latin-1"))
    return text[:LONGEST].encode(encoding, "replace")


def _cell(random: Random) -> str:
    kind = random.randrange(4)
    if kind == 0:
        return random.choice(TEXTS).replace("\ud800", "?")
    if kind == 1:
        return str(random.choice(NUMBERS[:-3]))[:400]
    if kind == 2:
        return random.choice(('"', '"a,b"', '"a\nb"', "inf", "nan", "-nan", "1_0", "0x1p3", "١", "1e5", "-99", "６"))
    parts = [random.choice((0, 1, 23, 24, 59, 60, 99)) for _ in range(4)]
    return "{:02d}:{:02d}:{:02d}:{:02d}".format(*parts) + random.choice(("", ".5", ".999999999", ";", ".1.2"))
