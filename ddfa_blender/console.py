# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command lines share: wrong arguments are one line, files end as their kind does, any text can be printed."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from .errors import CaptureError

#: Exit status for errors that the user can mend.
USER_ERROR = 2

#: Endings that say what a file is. Any other, as in ``shot.v2`` or ``scene.0010``, is a part of the name.
KNOWN_ENDINGS = (
    ".abc", ".avi", ".blend", ".bmp", ".bvh", ".csv", ".dae", ".exr", ".fbx", ".glb", ".gltf", ".gz", ".html", ".jpeg",
    ".jpg", ".js", ".json", ".m4v", ".md", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mxf", ".npy", ".npz", ".obj",
    ".onnx", ".pkl", ".ply", ".png", ".pth", ".py", ".stl", ".tif", ".tiff", ".toml", ".tsv", ".txt", ".usd", ".usda",
    ".usdc", ".usdz", ".vrm", ".wav", ".webm", ".webp", ".xml", ".yaml", ".zip",
)  # fmt: skip


class Parser(argparse.ArgumentParser):
    """A parser, and that of its sub-commands, whose errors are one line ``error: …`` and exit status 2.

    Options may not be abbreviated: what a pipeline abbreviates would break when another option begins alike.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong, and where it is told what would be right."""
        # Messages of our own say what to do; argparse's do not.
        hint = "" if "; " in message else f"; `{self.prog} --help` says what can be given"
        self.exit(USER_ERROR, f"error: {message}{hint}.\n")


def path_with(*endings: str) -> Callable[[str], Path]:
    """Takes the names of files that end in one of ``endings`` (``.fbx``); where that was left out, adds the first.

    What ends as another kind of file does is refused: ``--fbx head.glb`` would be a file that lies about itself, and
    ``--json photo.jpg`` the end of a photo.
    """

    def parse(text: str) -> Path:
        name, listed = Path(text).name, " or ".join(endings)
        if not name or text.endswith(("/", "\\")):
            raise argparse.ArgumentTypeError(f"'{text}' is no name of a file; give one that ends in {listed}")
        if text.lower().endswith(endings):
            return Path(text)
        if name.lower().endswith(KNOWN_ENDINGS):
            raise argparse.ArgumentTypeError(f"{text} has the ending of another kind of file; let it end in {listed}")
        return Path(text + endings[0])

    return parse


def check_name(path: Path) -> None:
    """Make sure that the name of a file to read is text: over others OpenCV ends the whole process.

    Raises:
        CaptureError: it is not.
    """
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:  # bytes of a foreign encoding, which Python smuggles through
        shown = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise CaptureError(f"The name {shown} is no text that other programs can read; rename the file.") from error


def any_text_prints() -> None:
    """Let standard output take titles and paths that its encoding has no characters for (Windows, into a file or pipe).

    They come out as ``\\u540d``; without this a batch would break down over the name of one clip.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
