# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that ``blender --command ddfa capture|bake`` writes: their options, and the exports among them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..ddfa_blender.console import path_with
from ..ddfa_blender.errors import CaptureError
from ..scene.export_tracks import Tracks
from ..scene.exports import FORMATS
from ..scene.head import Head


@dataclass(frozen=True)
class _Output:
    """An option that names a file to write."""

    format_id: str
    suffixes: tuple[str, ...]
    description: str


#: By option; the suffix first named is the one that is added.
_OUTPUTS: dict[str, _Output] = {
    "fbx": _Output("FBX", (".fbx",), "write the head and its animation as FBX"),
    "glb": _Output("GLTF", (".glb",), "write the head and its animation as binary glTF"),
    "usd": _Output(
        "USD", (".usdc", ".usdz", ".usda", ".usd"), "write the head and its animation as USD (or .usdz, .usda, .usd)"
    ),
    "csv": _Output("CSV", (".csv",), "write the ARKit channels as Live Link Face CSV"),
    "bvh": _Output("BVH", (".bvh",), "write the movement of head and neck as BVH"),
    "json": _Output("PERFORMANCE", (".json", ".npz"), "write all cleaned channels as JSON (or .npz)"),
}
#: Those that need no head in the scene.
_TRACKS: dict[str, Callable[[Tracks, Path], Path]] = {
    "csv": Tracks.write_csv,
    "bvh": Tracks.write_bvh,
    "json": Tracks.write_performance,
}
USAGE = " ".join(f"[--{name} FILE{output.suffixes[0]}]" for name, output in _OUTPUTS.items())


def add_outputs(command: argparse.ArgumentParser) -> None:
    """Add an option for each format."""
    for name, output in _OUTPUTS.items():
        command.add_argument(
            f"--{name}",
            type=path_with(*output.suffixes),
            metavar=f"FILE{output.suffixes[0]}",
            help=output.description,
        )


def wanted(options: argparse.Namespace) -> dict[str, Path | None]:
    """The files asked for, by the name that messages use; None = not asked for.

    Raises:
        CaptureError: Blender cannot write one of them as it is set up.
    """
    found: dict[str, Path | None] = {}
    for name, output in _OUTPUTS.items():
        known = FORMATS[output.format_id]
        path = getattr(options, name)
        missing = known.missing() if path is not None else None
        if missing:
            raise CaptureError(f"{missing}.")
        found[f"--{name}"] = path
    return found


def write_exports(head: Head, tracks: Tracks, partial: dict[str, Path]) -> None:
    """Write what was asked for to the temporary files of :func:`scene.outputs.staged`.

    Raises:
        CaptureError: one cannot be written.
    """
    for name, output in _OUTPUTS.items():
        path = partial.get(f"--{name}")
        if path is None:
            continue
        if name in _TRACKS:
            _TRACKS[name](tracks, path)
        else:
            FORMATS[output.format_id].write(bpy.context, head, path)
