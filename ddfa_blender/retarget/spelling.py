# SPDX-License-Identifier: GPL-3.0-or-later
"""Names as people and programs spell them: words, sides, numbering, and what stands in front of the name proper.

Two names mean the same if their flat spellings agree: words in lower case without anything between them, sides
written out. ``Eye_Blink_L``, ``eyeBlinkLeft``, ``EYE BLINK.LFT`` are all ``eyeblinkleft``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

LEFT, RIGHT = "left", "right"
#: Spellings of the sides as words of their own.
_SIDES = {
    **dict.fromkeys(("l", "left", "lft", "左"), LEFT),
    **dict.fromkeys(("r", "right", "rgt", "rght", "右"), RIGHT),
}
#: Words inside a run of letters and digits: camel case, capitals, numbers, Japanese sides.
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[左右]|[^\W_A-Za-z0-9左右]+")
#: Blender's number of a name that was taken.
_COPY = re.compile(r"\.[0-9]{3}$")
#: What ends a name space: of Maya, of FBX nodes and of glTF exporters.
_NAMESPACE = re.compile(r"\||::?|__|\.")

#: Words in front of a name that say where it comes from, not what it does. ``jnt``, ``bs``, ``ctrl`` and ``facs``
#: are Daz's, ``expressions`` is MetaHuman's, ``wolf3d`` Ready Player Me's.
_PREFIXES = frozenset((
    "blendshape", "blendshapes", "bs", "facs", "jnt", "ctrl", "expressions", "expression", "expr", "exp", "head",
    "face", "facial", "arkit", "morph", "morphs", "morpher", "shape", "shapes", "shapekey", "key", "keys", "mesh",
    "geo", "m", "f", "e", "avatar", "char", "character", "wolf3d", "mix", "mixamo", "vrm", "cc", "rig", "prop",
    "blends", "blend", "genesis", "female", "male", "base", "target", "targets",
))  # fmt: skip
#: Whole words behind a name that do not change what it does: Maya's ``jawOpenShape``, Daz's ``…_div2``.
_SUFFIXES = (("shape",), ("blendshape",), ("bs",), ("morph",), ("key",), ("div", "2"))
#: A name with one of these words is not the plain shape, whatever else it says.
_BLOCKED = frozenset((
    "corrective", "correctives", "correction", "corr", "cor", "fix", "fixed", "fixer", "combo", "combination", "jcm",
    "pjcm", "mcm", "cbs", "cjnt", "csc", "inbetween", "ib", "old", "backup", "bak", "copy", "test", "temp", "tmp",
    "unused", "wip", "deprecated", "driver", "adjust",
))  # fmt: skip
#: Share of an object's names, and their least number, that make what they begin or end with a prefix or suffix.
_COMMON_SHARE, _COMMON_COUNT = 0.6, 4
#: Daz's controllers move what its joints and shapes do together, so they come first.
_CONTROLLERS = {("facs", "ctrl"): 2, ("facs", "jnt"): 1}


@dataclass(frozen=True)
class Candidate:
    """One way to read a name."""

    flat: str
    stripped: bool  # something was left out
    rank: int  # the higher, the better, among readings that mean the same
    # Names of one set of shapes share these two: what was left out in front, numbers aside, and how a side is spelt.
    prefix: tuple[str, ...]
    side: str


@dataclass(frozen=True)
class Affixes:
    """Words that most names of an object begin or end with."""

    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()


def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, sides as ``left`` and ``right`` where they stand beside other words.

    >>> words("Eye_Blink_L"), words("mouthSmileRight"), words("R")
    (('eye', 'blink', 'left'), ('mouth', 'smile', 'right'), ('r',))
    """
    found = [word.lower() for word in _WORDS.findall(unicodedata.normalize("NFKC", name))]
    return tuple(_SIDES.get(word, word) for word in found) if len(found) > 1 else tuple(found)


def flat(name: str) -> str:
    """A name's flat spelling.

    >>> flat("Brow_Raise_Inner_L"), flat("browRaiseInnerLeft")
    ('browraiseinnerleft', 'browraiseinnerleft')
    """
    return "".join(words(name))


def is_blocked(name: str) -> bool:
    """Whether a name says that it is a corrective, a copy or the like."""
    return not _BLOCKED.isdisjoint(words(name))


def common_affixes(names: Iterable[str]) -> Affixes:
    """The words that most of an object's names begin and end with, sides aside."""
    split = [words(_COPY.sub("", name)) for name in names]
    return Affixes(_common(split), _common([row[::-1] for row in split])[::-1])


def candidates(name: str, affixes: Affixes) -> list[Candidate]:
    """The ways to read a name, the most literal first."""
    literal, copied = _COPY.sub("", name), bool(_COPY.search(name))
    found: dict[str, Candidate] = {}
    for text in _without_namespaces(literal):
        namespace = words(literal.removesuffix(text))
        for prefix, rest in _readings(words(text), affixes):
            spelling = "".join(rest)
            stripped = copied or text != literal or len(rest) < len(words(text))
            if spelling and spelling not in found:
                # Numbers go: Reallusion's A01…A52 are one set.
                front = tuple(word for word in (*namespace, *prefix) if not word.isdigit())
                found[spelling] = Candidate(spelling, stripped, _rank(prefix, copied), front, _spelling_of_side(text))
    return list(found.values())


@lru_cache(maxsize=4096)
def replace_side(name: str, side: str) -> str:
    """``name`` with its last word for ``side`` ("Left" or "Right") turned to the other side, in the same spelling.

    >>> replace_side("Eye_L_Look_L", "Left"), replace_side("browDown.left", "Left")
    ('Eye_L_Look_R', 'browDown.right')
    """
    mine, other = (LEFT, RIGHT) if side == "Left" else (RIGHT, LEFT)
    pairs = {"l": "r", LEFT: RIGHT, "lft": "rgt", "左": "右"}
    spellings = pairs if other == RIGHT else {b: a for a, b in pairs.items()} | {"rght": "lft"}
    for match in reversed(list(_WORDS.finditer(name))):
        word = match.group()
        if _SIDES.get(word.lower()) == mine and word.lower() in spellings:
            new = spellings[word.lower()]
            new = new.upper() if word.isupper() else new.capitalize() if word[0].isupper() else new
            return name[: match.start()] + new + name[match.end() :]
    return name


def _without_namespaces(name: str) -> list[str]:
    """The name, then shorter and shorter without what its name spaces say; a side after a dot stays with its word."""
    texts = [name]
    for match in _NAMESPACE.finditer(name):
        rest = name[match.end() :]
        if rest and _startproper(rest):
            texts.append(rest)
    return texts


def _rank(prefix: tuple[str, ...], copied: bool) -> int:
    controller = next((rank for start, rank in _CONTROLLERS.items() if prefix[-2:] == start), 0)
    return controller - 10 * copied


def _startproper(text: str) -> bool:
    """Whether there is more in it than a side or a number."""
    return any(word.lower() not in _SIDES and not word.isdigit() for word in _WORDS.findall(text))


def _readings(row: tuple[str, ...], affixes: Affixes) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(words taken off the front, words left), the most literal first."""
    ends = [row, *(row[: -len(end)] for end in (*_SUFFIXES, affixes.suffix) if end and row[-len(end) :] == end)]
    for rest in ends:
        for start in _starts(rest, affixes):
            yield rest[:start], rest[start:]


def _starts(row: Sequence[str], affixes: Affixes) -> list[int]:
    """Where the name proper may begin."""
    starts = [0]
    common = len(affixes.prefix)
    if common and tuple(row[:common]) == affixes.prefix:
        starts.append(common)
    position = 0
    while position < len(row) - 1 and _is_prefix(row, position):
        position += 1
        starts.append(position)
    return sorted(set(starts))


def _is_prefix(row: Sequence[str], position: int) -> bool:
    word = row[position]
    # A14_Eye_Blink_Left, M_F00_000_00_Fcl_…: a letter counts only beside a number or in the table.
    numbered = position + 1 < len(row) and row[position + 1].isdigit()
    return word in _PREFIXES or word.isdigit() or (len(word) == 1 and numbered)


def _common(rows: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The longest start that most rows share and that leaves a word in each."""
    best: tuple[str, ...] = ()
    for length in range(1, max(map(len, rows), default=1)):
        starts = Counter(row[:length] for row in rows if len(row) > length)
        start, count = starts.most_common(1)[0] if starts else ((), 0)
        if count < max(_COMMON_COUNT, _COMMON_SHARE * len(rows)) or start[-1] in (LEFT, RIGHT):
            break
        best = start
    return best


def _spelling_of_side(text: str) -> str:
    found = [word.lower() for word in _WORDS.findall(text) if word.lower() in _SIDES]
    return "" if not found else "long" if len(found[-1]) > 3 else "short"
