# SPDX-License-Identifier: GPL-3.0-or-later
"""Several files that come into being together, complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import bpy

from ..ddfa_blender.atomic import cannot_write, check_writable, put_all_in_place, work_folder
from ..ddfa_blender.errors import CaptureError

#: How a .blend file begins, its last block, and how one that is packed (Zstandard's seekable format) ends.
_PLAIN, _END, _PACKED_END = b"BLENDER", b"ENDB", b"\xb1\xea\x92\x8f"
_LAST_BYTES = 64


@contextmanager
def staged(wanted: Mapping[str, Path | None], inputs: Sequence[Path]) -> Iterator[dict[str, Path]]:
    """Give temporary files of the same names for the ``wanted`` ones (None = not wanted), to be written inside.

    When the block ends well, all move to their places; otherwise nothing of them stays, and older files are as before.
    A temporary file lies in a folder beside its place, because exporters write a file's name into it.

    Raises:
        CaptureError: no file is wanted, two are the same, one is among the ``inputs``, or one cannot be written.
    """
    files = {kind: path for kind, path in wanted.items() if path is not None}
    if not files:
        raise CaptureError(f"Nothing to write was asked for; name at least one of {', '.join(wanted)}.")
    everything = [path.resolve() for path in (*files.values(), *inputs)]
    if len(set(everything)) < len(everything):
        raise CaptureError("The files to read and to write must all be different.")
    for path in files.values():
        check_writable(path)
    with ExitStack() as stack:
        partial = {}
        for kind, path in files.items():
            try:
                partial[kind] = stack.enter_context(work_folder(path.resolve().parent)) / path.name
            except OSError as error:
                raise cannot_write(path, error) from error
        yield partial
        try:
            put_all_in_place([(partial[kind], path) for kind, path in files.items()])
        except OSError as error:
            raise CaptureError(
                f"{error.filename} cannot be written ({error.strerror}); close other programs that use it."
            ) from error


def save_blend(partial: Path, place: Path) -> None:
    """Save the open file at ``partial``, from where it is to go to ``place``.

    Raises:
        CaptureError: it could not be written, or not to its end, which Blender does not always notice.
    """
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(partial), copy=True, compress=True, relative_remap=False)
        whole = _is_whole(partial)
    except (RuntimeError, OSError):
        whole = False
    if not whole:
        raise CaptureError(f"{place} cannot be written; free some space on the disk or choose another folder.")


def _is_whole(blend: Path) -> bool:
    """Whether a .blend file ends as one: with its last block, or packed with the list of its parts."""
    with blend.open("rb") as file:
        start = file.read(len(_PLAIN))
        file.seek(max(blend.stat().st_size - _LAST_BYTES, 0))
        end = file.read()
    return _END in end if start == _PLAIN else end.endswith(_PACKED_END)


def relative(file: Path, blend: Path) -> str:
    """``file`` as a .blend file at ``blend`` keeps it: from its own folder, unless they share no drive."""
    try:
        return "//" + Path(os.path.relpath(file.resolve(), blend.resolve().parent)).as_posix()
    except ValueError:
        return str(file.resolve())
