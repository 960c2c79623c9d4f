# SPDX-License-Identifier: GPL-3.0-or-later
"""What each clip's files are called in the folder of results: the same in every run, never two alike."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..take_library import file_stem
from .clips import Clip
from .tasks import plain

#: Names that the tables of results have.
RESERVED = ("results",)


def name_clips(
    clips: Sequence[Clip], is_free: Callable[[Clip, str], bool], known: Mapping[str, str] | None = None
) -> list[str]:
    """A name (relative, ``/`` between folders, without suffix) for each clip.

    It is the clip's own, below the clip's root. Where another clip has it, the suffix, the folders above or a number
    tell them apart. ``is_free`` says whether what may already lie under a name is this clip's or nobody's; ``known``
    are the names that clips, by their paths, have from earlier runs and keep.
    """
    taken = {_same(name) for name in RESERVED}
    stems = Counter(_same(str(clip.path.with_suffix(""))) for clip in clips)
    names = []
    for clip in clips:
        twins = stems[_same(str(clip.path.with_suffix("")))] > 1
        before = (known or {}).get(plain(clip.path))
        wanted = itertools.chain([before] if before else [], _candidates(clip, twins=twins))
        name = next(name for name in wanted if _same(name) not in taken and is_free(clip, name))
        taken.add(_same(name))
        names.append(name)
    return names


def _candidates(clip: Clip, *, twins: bool) -> Iterator[str]:
    relative = clip.path.relative_to(clip.root)
    folders = [file_stem(part) for part in relative.parent.parts]
    stem = file_stem(clip.path.stem)
    own = "/".join((*folders, stem))
    yield own
    if twins:
        yield "/".join((*folders, file_stem(clip.path.name)))
    # One folder more at a time, so that thousands of namesakes (shot/cam/take.mp4) are told apart in a few tries.
    above = ""
    for folder in (part for part in reversed(clip.root.parts) if part != clip.root.anchor):
        above = f"{file_stem(folder)}/{above}"
        yield above + own
    yield from (f"{own} {number}" for number in itertools.count(2))


def _same(name: str) -> str:
    """Equal for names that some file system takes for one."""
    return unicodedata.normalize("NFC", name).casefold()
