# SPDX-License-Identifier: GPL-3.0-or-later
"""The automatic mapping: which of a character's shape keys, bones or properties our channels drive, told by names.

A wrong match moves the wrong part of the face, a missing one is seen at once and mapped by hand; so whatever a name
leaves open stays unmatched, with the reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..names import ARKIT_NAMES
from .mapping import Mapping as ChannelMapping
from .mapping import Target, TargetKey
from .spelling import Candidate, candidates, common_affixes, is_blocked
from .tables import vocabularies
from .vocabulary import Entry, Level, Vocabulary

#: What a name loses of its score for every part that had to be left out to recognise it.
_STRIPPED = 0.05


@dataclass(frozen=True)
class Unmatched:
    """A target that stays as it is, and why."""

    key: TargetKey
    reason: str


@dataclass(frozen=True)
class Match:
    """What the automatic mapping found."""

    mapping: ChannelMapping
    unmatched: tuple[Unmatched, ...]
    #: ARKit's channels that drive nothing, in their order.
    unused_channels: tuple[str, ...]
    #: Families of names that were recognised, the most frequent first.
    vocabularies: tuple[str, ...]


@dataclass(frozen=True)
class _Present:
    """What all objects of a character have."""

    flats: frozenset[str]  # every reading of every name
    counts: dict[str, int]  # vocabulary → how many of its names are among them

    @classmethod
    def of(cls, readings: Iterable[dict[str, list[Candidate]]]) -> _Present:
        flats = frozenset(candidate.flat for names in readings for found in names.values() for candidate in found)
        together = {
            v.name: {spelling for spelling, (_, other) in v.run_together.items() if {spelling, other} <= flats}
            for v in vocabularies()
        }
        return cls(flats, {v.name: len(flats & (v.known | together[v.name])) for v in vocabularies()})

    def entry(self, vocabulary: Vocabulary, flat: str) -> Entry | None:
        """What a spelling means to a family; None if it is no name of it, or too weak a sign."""
        entry = vocabulary.entries.get(flat)
        if entry is None:
            pair, other = vocabulary.run_together.get(flat, (None, ""))
            entry = pair if other in self.flats else None
        if entry is not None and entry.weak and self.counts[vocabulary.name] < vocabulary.evidence:
            return None
        return entry


@dataclass(frozen=True)
class _Hit:
    """A name that a table knows."""

    key: TargetKey
    order: int  # of the name among its owner's
    entry: Entry
    candidate: Candidate


def match(names: Mapping[str, Iterable[str]]) -> Match:
    """Map channels to the names of each object of a character (owner → its shape keys, bones or properties).

    Objects are matched apart: a face, its lashes and its teeth may each have a jaw of their own. Which family a
    short name belongs to is decided by all of them together.

    >>> found = match({"Face": ["Basis", "Jaw_Open", "eyeBlink.L", "Hat"]})
    >>> [(target.key.name, target.sources[0].channel) for target in found.mapping.targets]
    [('Jaw_Open', 'jawOpen'), ('eyeBlink.L', 'eyeBlinkLeft')]
    >>> [item.key.name for item in found.unmatched]
    ['Basis', 'Hat']
    """
    lists = {owner: list(dict.fromkeys(keys)) for owner, keys in names.items()}
    readings = {owner: _readings(keys) for owner, keys in lists.items()}
    present = _Present.of(readings.values())
    targets: list[Target] = []
    unmatched: list[Unmatched] = []
    families: Counter[str] = Counter()
    for owner, keys in lists.items():
        hits, problems = _hits(owner, keys, readings[owner], present)
        kept = _without_doubles(hits, problems)
        families.update(hit.entry.vocabulary for hit in kept)
        order = {key: i for i, key in enumerate(keys)}
        targets += [_target(hit) for hit in sorted(kept, key=lambda hit: hit.order)]
        unmatched += [
            Unmatched(TargetKey(owner, key), problems[key]) for key in sorted(problems, key=order.__getitem__)
        ]
    mapping = ChannelMapping(tuple(targets))
    unused = tuple(name for name in ARKIT_NAMES if name not in mapping.channels)
    return Match(mapping, tuple(unmatched), unused, tuple(name for name, _ in families.most_common()))


def _readings(keys: list[str]) -> dict[str, list[Candidate]]:
    affixes = common_affixes(keys)
    return {key: candidates(key, affixes) for key in keys}


def _hits(
    owner: str, keys: list[str], readings: dict[str, list[Candidate]], present: _Present
) -> tuple[list[_Hit], dict[str, str]]:
    """What the tables know of an object's names, and the reason for each that they do not."""
    hits: list[_Hit] = []
    problems: dict[str, str] = {}
    for order, key in enumerate(keys):
        found = _read(readings[key], present)
        if found is not None and not is_blocked(key):
            hits.append(_Hit(TargetKey(owner, key), order, *found))
        else:
            problems[key] = "corrective or copy" if is_blocked(key) else "unknown name"
    return hits, problems


def _read(readings: list[Candidate], present: _Present) -> tuple[Entry, Candidate] | None:
    """The meaning of the most literal reading that a table knows; None where families disagree."""
    for candidate in readings:
        found = [entry for v in vocabularies() if (entry := present.entry(v, candidate.flat)) is not None]
        if not found:
            continue
        most = max(present.counts[entry.vocabulary] for entry in found)
        likely = [entry for entry in found if present.counts[entry.vocabulary] == most]
        if any(entry.sources != likely[0].sources for entry in likely):
            return None
        same = [entry for entry in found if entry.sources == likely[0].sources]
        return min(same, key=lambda entry: entry.level), candidate
    return None


def _without_doubles(hits: list[_Hit], problems: dict[str, str]) -> list[_Hit]:
    """The hits that do not move one part of the face twice; the others go to ``problems``."""
    hits = _one_of_each(hits, problems)
    sizes = Counter(hit.entry.vocabulary for hit in hits)
    groups: dict[tuple[int, int, str], list[_Hit]] = defaultdict(list)
    for hit in hits:
        groups[hit.entry.level, -sizes[hit.entry.vocabulary], hit.entry.vocabulary].append(hit)
    kept: list[_Hit] = []
    covered: dict[str, str] = {}  # channel → the name that it drives already
    for level, _, vocabulary in sorted(groups):
        taken: dict[str, str] = {}
        for hit in sorted(groups[level, _, vocabulary], key=_table_order):
            leading = _target(hit).leading
            # Several names of one family may share a channel (quarters of the lips), but not whole faces.
            barred = covered if level <= Level.HALF else covered | taken
            double = next((channel for channel in sorted(leading) if channel in barred), None)
            if double is not None:
                problems[hit.key.name] = f"{double} drives {barred[double]} already"
                continue
            kept.append(hit)
            taken |= dict.fromkeys(leading, hit.key.name)
        covered |= {channel: name for channel, name in taken.items() if channel not in covered}
    return kept


def _table_order(hit: _Hit) -> int:
    vocabulary = next(v for v in vocabularies() if v.name == hit.entry.vocabulary)
    return vocabulary.positions[hit.entry.name]


def _one_of_each(hits: list[_Hit], problems: dict[str, str]) -> list[_Hit]:
    """Where several names of an object mean the very same, the one that belongs to the larger set, or none."""
    sets = Counter((hit.entry.vocabulary, hit.candidate.prefix) for hit in hits)
    spellings = Counter((hit.entry.vocabulary, hit.candidate.prefix, hit.candidate.side) for hit in hits)

    def standing(hit: _Hit) -> tuple[int, int, int]:
        vocabulary, found = hit.entry.vocabulary, hit.candidate
        return found.rank, sets[vocabulary, found.prefix], spellings[vocabulary, found.prefix, found.side]

    same: dict[tuple[str, str], list[_Hit]] = defaultdict(list)
    for hit in hits:
        same[hit.entry.vocabulary, hit.entry.name].append(hit)
    kept: list[_Hit] = []
    for group in same.values():
        ranked = sorted(group, key=standing, reverse=True)
        ties = [hit for hit in ranked if standing(hit) == standing(ranked[0])]
        if len(ties) == 1:
            kept.append(ranked[0])
            problems.update({hit.key.name: f"means the same as {ranked[0].key.name}" for hit in ranked[1:]})
        else:
            names = " and ".join(hit.key.name for hit in ties)
            problems.update({hit.key.name: f"{names} mean the same" for hit in group})
    return kept


def _target(hit: _Hit) -> Target:
    entry = hit.entry
    score = entry.score - _STRIPPED * hit.candidate.stripped
    reason = f"{entry.vocabulary}: {entry.name}"
    return Target(hit.key, entry.sources, entry.clamp, score, reason)
