# SPDX-License-Identifier: GPL-3.0-or-later
"""Which clips are meant by files, folders, globs and lists of them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from ..errors import CaptureError
from ..footage.image_sequence import sequence_from
from ..paths import is_file, is_folder

#: What a folder is searched for. Files that are named, or that a glob finds, may end as they like.
VIDEO_SUFFIXES = frozenset(
    {
        ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv",
        ".ts", ".webm", ".wmv",
    }
)  # fmt: skip
#: Numbered pictures are one clip: the first stands for all.
PICTURE_SUFFIXES = frozenset({".bmp", ".exr", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
LIST_SUFFIX = ".txt"


@dataclass(frozen=True)
class Clip:
    """Footage to capture. It need not exist: a missing clip fails when its turn comes, and the others do not wait."""

    path: Path  # absolute
    root: Path  # folder above it from which its results are named


def find_clips(arguments: Iterable[str | Path], leave_out: Path | None = None) -> list[Clip]:
    """The clips that ``arguments`` name, in their order and each once.

    An argument is a file, a folder (searched with those below it for videos), a glob (``**`` = any folders), or a
    ``.txt`` file with one such argument per line, relative to the list's own folder; ``#`` begins a comment there.
    Folders below ``leave_out``, where results are written, are not searched.

    Raises:
        CaptureError: a folder or a glob holds no clip, or a list cannot be read.
    """
    found: dict[str, Clip] = {}
    for argument in arguments:
        for clip in _named(str(argument), Path.cwd(), leave_out):
            found.setdefault(os.path.normcase(clip.path), clip)
    return list(found.values())


def _named(text: str, base: Path, leave_out: Path | None, *, in_list: bool = False) -> Iterator[Clip]:
    named = Path(os.path.expanduser(text))  # noqa: PTH111 (Path's own fails where there is no such user)
    path = _absolute(base / named)
    if is_folder(path):
        yield from _in_folder(path, leave_out)
    elif path.suffix.lower() == LIST_SUFFIX and not in_list:
        for line in _lines(path):
            yield from _named(line, path.parent, leave_out, in_list=True)
    elif not is_file(path) and glob.has_magic(text):
        yield from _in_glob(base, named, leave_out)
    else:
        yield Clip(path, path.parent)


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise CaptureError(f"The list {path} cannot be read ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise CaptureError(f"The list {path} is no UTF-8 text; save it as UTF-8, one clip per line.") from error
    kept = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not kept:
        raise CaptureError(f"The list {path} names no clip; write one per line.")
    return kept


def _in_folder(folder: Path, leave_out: Path | None) -> Iterator[Clip]:
    found: list[Path] = []

    def refuse(error: OSError) -> None:
        raise CaptureError(
            f"The folder {error.filename} cannot be read ({error.strerror}); check its permissions."
        ) from error

    visited: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        here, real = Path(place), os.path.realpath(place)
        if real in visited:  # a link that leads up or back
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and here / name != leave_out)
        found += [here / name for name in names if not name.startswith(".") and _suffix(name) in VIDEO_SUFFIXES]
    if not found:
        raise CaptureError(f"There is no video in {folder}; check the path, or name the files themselves.")
    yield from (Clip(path, folder) for path in sorted(found))


def _in_glob(base: Path, named: Path, leave_out: Path | None) -> Iterator[Clip]:
    # Brackets in the names of folders that nobody typed are no wildcards.
    pattern = _absolute(Path(glob.escape(str(base))) / named)
    matches = [Path(match) for match in glob.glob(str(pattern), recursive=True)]  # noqa: PTH207 (absolute, of any root)
    files = sorted(path for path in matches if is_file(path) and not (leave_out and leave_out in path.parents))
    if not files:
        raise CaptureError(f"No file matches {_absolute(base / named)}; check the pattern.")
    # The folders before the first with a wildcard.
    root = _absolute(base.joinpath(*takewhile(lambda part: not glob.has_magic(part), named.parts[:-1])))
    yield from (Clip(path, root) for path in _first_pictures(files))


def _first_pictures(files: Sequence[Path]) -> Iterator[Path]:
    """All but the pictures that continue a numbered sequence."""
    continued: set[Path] = set()
    for path in files:
        if path in continued:
            continue
        if path.suffix.lower() in PICTURE_SUFFIXES:
            continued.update(file for _, file in sequence_from(path))
        yield path


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (10,000 of them: no Path for each)


def _absolute(path: Path) -> Path:
    # Not resolved: a link's own name is the one that people know.
    return Path(os.path.abspath(path))  # noqa: PTH100
