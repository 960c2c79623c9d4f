# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose for all files. The class with its drawing is in ``panels/preferences.py``; this is the access."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import bpy

from ..ddfa_blender.cores import automatic_workers

#: The extension's own package, ``bl_ext.<repository>.ddfa_face_capture``.
EXTENSION = __package__.rpartition(".")[0]

#: Most segments of a clip to track side by side that anybody may ask for.
MOST_THREADS = 64

TakesLocation = Literal["USER", "BLEND", "FOLDER"]

#: Where takes may be kept, as items of an enumeration.
TAKES_LOCATIONS = (
    ("USER", "User Folder", "In the folder that Blender gives the extension; every file of yours finds them there"),
    ("BLEND", "Beside .blend", "In a folder 'takes' beside the .blend file, so that they move with the project"),
    ("FOLDER", "Folder", "In a folder of your choice"),
)


@dataclass(frozen=True)
class Preferences:
    """Plain values. ``model_folder`` None = the bundled model."""

    model_folder: Path | None = None
    takes_location: TakesLocation = "USER"
    takes_folder: str = ""  # for FOLDER
    threads: int = 0  # 0 = automatic

    @property
    def workers(self) -> int:
        """Segments of a clip that a capture tracks side by side."""
        return self.threads or automatic_workers()


def preferences() -> Preferences:
    """The user's choice; the defaults where the extension runs without any, as from a script."""
    addon = bpy.context.preferences.addons.get(EXTENSION)
    chosen = addon.preferences if addon is not None else None
    if chosen is None:
        return Preferences()
    model = chosen.model_folder.strip()
    return Preferences(
        model_folder=Path(bpy.path.abspath(model)) if model else None,
        takes_location=chosen.takes_location,
        takes_folder=chosen.takes_folder,
        threads=chosen.threads,
    )
