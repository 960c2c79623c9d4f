# SPDX-License-Identifier: GPL-3.0-or-later
"""How good the automatic mapping is, measured against mappings made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ddfa_blender.retarget.naming import match


@dataclass(frozen=True)
class NamingScore:
    """One naming scheme. A target counts as right if exactly the channels that belong to it make it up."""

    scheme: str
    names: int  # in the list, those that nothing should drive included
    expected: int  # that should be driven
    found: int  # that are driven
    wrong: tuple[str, ...]  # driven, but by the wrong channels or at all
    missing: tuple[str, ...]  # should be driven and are not

    @property
    def precision(self) -> float:
        """0…1 of what was matched that is right; 1 of nothing."""
        return 1.0 - len(self.wrong) / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """0…1 of what should be matched that is, rightly."""
        right = self.found - len(self.wrong)
        return right / self.expected if self.expected else 1.0


def measure(scheme: str, names: Iterable[str], truth: Mapping[str, frozenset[str]]) -> NamingScore:
    """Match one object's ``names`` and compare with ``truth``: name → the channels that make it up.

    Names outside ``truth`` should stay unmatched.
    """
    listed = list(dict.fromkeys(names))
    found = {target.key.name: target.leading for target in match({"Face": listed}).mapping.targets}
    wrong = tuple(name for name, channels in found.items() if truth.get(name) != channels)
    missing = tuple(name for name in truth if name not in found)
    return NamingScore(scheme, len(listed), len(truth), len(found), wrong, missing)


def report(scores: Iterable[NamingScore]) -> str:
    """A table for people, a line for each scheme."""
    rows = [f"{'scheme':<28} {'names':>5} {'expected':>8} {'found':>5} {'precision':>9} {'recall':>6}  wrong, missing"]
    for score in scores:
        faults = ", ".join([*(f"{name}!" for name in score.wrong), *score.missing])
        rows.append(
            f"{score.scheme:<28} {score.names:>5} {score.expected:>8} {score.found:>5} "
            f"{score.precision:>9.3f} {score.recall:>6.3f}  {faults}".rstrip()
        )
    return "\n".join(rows)
