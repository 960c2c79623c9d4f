# SPDX-License-Identifier: GPL-3.0-or-later
"""Several files that come into being together, complete or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..ddfa_blender.atomic import check_writable
from ..ddfa_blender.errors import CaptureError


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
        raise CaptureError(f"Nothing to write was asked for; name at least one of: {', '.join(wanted)}.")
    everything = [path.resolve() for path in (*files.values(), *inputs)]
    if len(set(everything)) < len(everything):
        raise CaptureError("The files to read and to write must all be different.")
    for path in files.values():
        check_writable(path)
    with ExitStack() as stack:
        partial = {}
        for kind, path in files.items():
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=".ddfa-", dir=path.resolve().parent))
            partial[kind] = Path(folder) / path.name
        yield partial
        for kind, path in files.items():
            try:
                os.replace(partial[kind], path)
            except OSError as error:
                raise CaptureError(
                    f"{path} cannot be written ({error.strerror}); close other programs that use it."
                ) from error


def relative(file: Path, blend: Path) -> str:
    """``file`` as a .blend file at ``blend`` keeps it: from its own folder, unless they share no drive."""
    try:
        return "//" + Path(os.path.relpath(file.resolve(), blend.resolve().parent)).as_posix()
    except ValueError:
        return str(file.resolve())
