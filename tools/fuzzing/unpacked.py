# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives as a coverage-guided fuzzer can change them: their members end to end, without packing and checksums.

A changed bit in a packed member fails at the checksum, before our code sees it. So the fuzzer works on this form, and
each file is packed anew, soundly, for the reader. Any bytes are the form of some file.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

#: The first byte: a file as it is, or an archive's members.
_PLAIN, _MEMBERS = b"P", b"M"
#: Before each member: bytes of its name, whether it is an array that holds one text, bytes of its data.
_HEAD = struct.Struct("<B?I")
#: Most members of a file; ours have a dozen.
_MOST = 64


@dataclass(frozen=True)
class Member:
    """A member of an archive. ``is_text``: its array holds one text, and ``data`` is that text in UTF-8."""

    name: bytes
    data: bytes
    is_text: bool = False


def unpack(file: bytes) -> bytes:
    """The form of a file: of an archive that can be read its members, of anything else the file as it is."""
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            members = [_member(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:  # noqa: BLE001 (damaged archives raise a dozen unrelated types)
        return _PLAIN + file
    return joined(members)


def pack(form: bytes) -> bytes:
    """The file of a form."""
    if not form.startswith(_MEMBERS):
        return form[1:]
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        warnings.simplefilter("ignore")  # a name may be in it twice
        for member in split(form):
            archive.writestr(zipfile.ZipInfo(member.name.decode("utf-8", "replace")), _content(member))
    return buffer.getvalue()


def joined(members: Sequence[Member]) -> bytes:
    """The form of an archive of these members."""
    parts = [_MEMBERS]
    for member in members[:_MOST]:
        name = member.name[:255]
        parts += [_HEAD.pack(len(name), member.is_text, len(member.data)), name, member.data]
    return b"".join(parts)


def split(form: bytes) -> list[Member]:
    """The members of an archive's form; the last one may be cut short."""
    found: list[Member] = []
    at = len(_MEMBERS)
    while at + _HEAD.size <= len(form) and len(found) < _MOST:
        name_size, is_text, size = _HEAD.unpack_from(form, at)
        at += _HEAD.size
        name = form[at : at + name_size]
        at += name_size
        found.append(Member(name, form[at : at + size], is_text))
        at += size
    return found


def mutated(form: bytes, largest: int, seed: int, mutate: Callable[[bytes, int], bytes]) -> bytes:
    """A form changed in one place, by ``mutate(bytes, most bytes)``: mostly one member's data, so that the rest stays.

    It has at most ``largest`` bytes.
    """
    members = split(form) if form.startswith(_MEMBERS) else []
    if not members:
        return form[:1] + mutate(form[1:], max(1, largest - 1))
    random = Random(seed)  # noqa: S311 (nothing is kept secret)
    at, kind = random.randrange(len(members)), random.random()
    member = members[at]
    if kind < 0.85:
        room = max(1, largest - len(form) + len(member.data))
        members[at] = replace(member, data=mutate(member.data, room))
    elif kind < 0.9:
        members[at] = replace(member, name=mutate(member.name, 255))
    elif kind < 0.95:
        del members[at]
    else:
        members.insert(at, replace(random.choice(members), name=member.name))
    result = joined(members)
    return result if len(result) <= largest else form


def _member(name: str, data: bytes) -> Member:
    text = _only_text(data)
    raw = name.encode("utf-8", "replace")
    return Member(raw, data) if text is None else Member(raw, text.encode("utf-8", "replace"), is_text=True)


def _only_text(data: bytes) -> str | None:
    """The text in a member that is an array of one text and nothing else."""
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception:  # noqa: BLE001 (as above)
        return None
    return str(array) if array.shape == () and array.dtype.kind == "U" and array.dtype.itemsize else None


def _content(member: Member) -> bytes:
    if not member.is_text:
        return member.data
    buffer = io.BytesIO()
    np.save(buffer, np.array(member.data.decode("utf-8", "replace")), allow_pickle=False)
    return buffer.getvalue()
