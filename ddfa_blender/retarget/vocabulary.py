# SPDX-License-Identifier: GPL-3.0-or-later
"""A Vocabulary: the names that one family of characters uses, and what each is made of, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

from .mapping import Point, Source
from .spelling import LEFT, RIGHT, flat, words

#: (channel, gain) of each source.
Recipe = tuple[tuple[str, float], ...]
#: What a table may say of a name: a channel, several of equal share 1, or channels with gains.
Meaning = str | Recipe
#: In tables of names and channels this stands for a side, which the two agree in.
SIDE = "{S}"
RANGE = (0.0, 1.0)


class Level(IntEnum):
    """How directly a name stands for channels. Where two levels are there for the same channel, the first is taken."""

    DIRECT = 0  # one channel, or one side of the face
    HALF = 1  # one half of a channel that has no sides: cheekPuffLeft
    BOTH = 2  # both sides at once: blink
    VISEME = 3  # a mouth shape of speech
    EMOTION = 4  # a whole face


@dataclass(frozen=True)
class Entry:
    """One name of a vocabulary."""

    name: str
    vocabulary: str
    sources: tuple[Source, ...]
    level: Level
    score: float
    weak: bool = False  # too short or too common to mean this on its own
    clamp: Point = RANGE

    @cached_property
    def flat(self) -> str:
        """The flat spelling."""
        return flat(self.name)


@dataclass(frozen=True)
class Section:
    """Names of one level: ``names`` maps each to its meaning; with ``{S}`` in it, it stands for both sides."""

    level: Level
    names: Mapping[str, Meaning]
    score: float = 0.95
    weak: bool = False
    clamp: Point = RANGE
    curve: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """A family's names. Weak ones count only where at least ``evidence`` of the family's names are found."""

    name: str
    sections: tuple[Section, ...]
    evidence: int = 3
    #: Names that belong to the family and stand for nothing that we capture; they count as evidence.
    others: tuple[str, ...] = field(default=())

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Flat spelling → entry. Where a table has a spelling twice, the first counts."""
        found: dict[str, Entry] = {}
        for section in self.sections:
            for name, meaning in _expanded(section.names):
                entry = Entry(
                    name,
                    self.name,
                    _sources(meaning, section),
                    section.level,
                    section.score,
                    section.weak,
                    section.clamp,
                )
                found.setdefault(entry.flat, entry)
        return found

    @cached_property
    def run_together(self) -> dict[str, tuple[Entry, str]]:
        """Spellings whose side is a letter that lower case hides, as in ``browdownl``: entry, and the other side's.

        Such a spelling counts only beside the other side's: ``nosewrinkler`` alone is a muscle.
        """
        found = {}
        for entry in self.entries.values():
            last = words(entry.name)[-1]
            if last in (LEFT, RIGHT):
                stem, other = entry.flat.removesuffix(last), RIGHT if last == LEFT else LEFT
                found[stem + last[0]] = entry, stem + other[0]
        return {spelling: pair for spelling, pair in found.items() if spelling not in self.entries}

    @cached_property
    def positions(self) -> dict[str, int]:
        """Name of an entry → its place in the table."""
        return {entry.name: i for i, entry in enumerate(self.entries.values())}

    @cached_property
    def known(self) -> frozenset[str]:
        """Flat spellings of all names of the family."""
        return frozenset(self.entries) | frozenset(flat(name) for name in self.others)


def _expanded(names: Mapping[str, Meaning]) -> Iterator[tuple[str, Meaning]]:
    """(name, meaning) with both sides for ``{S}``."""
    for name, meaning in names.items():
        if SIDE not in name:
            yield name, meaning
            continue
        for side in ("Left", "Right"):
            yield name.replace(SIDE, side), _for_side(meaning, side)


def _for_side(meaning: Meaning, side: str) -> Meaning:
    if isinstance(meaning, str):
        return meaning.replace(SIDE, side)
    return tuple((channel.replace(SIDE, side), gain) for channel, gain in meaning)


def _sources(meaning: Meaning, section: Section) -> tuple[Source, ...]:
    recipe = ((meaning, 1.0),) if isinstance(meaning, str) else meaning
    return tuple(Source(channel, gain, section.curve) for channel, gain in recipe)


def mean(channel: str, share: float = 0.5) -> Recipe:
    """Both sides of a channel, ``share`` of each.

    >>> mean("eyeBlink")
    (('eyeBlinkLeft', 0.5), ('eyeBlinkRight', 0.5))
    """
    return (f"{channel}Left", share), (f"{channel}Right", share)
