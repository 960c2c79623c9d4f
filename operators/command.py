# SPDX-License-Identifier: GPL-3.0-or-later
"""``blender --command ddfa capture|bake|import|takes``: the extension in pipelines, without a window.

Errors are one line ``error: …`` on standard error and exit status 2; progress goes to standard error, results to
standard output. Files come into being complete or not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import bpy

from ..ddfa_blender import solutions, take_library
from ..ddfa_blender.console import USER_ERROR, Parser, any_text_prints, check_name, path_with
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.footage.frame_rate import nearest_rate
from ..ddfa_blender.formats.live_link_face import ANGLES, read_live_link_face
from ..ddfa_blender.settings import CaptureSettings
from ..scene import live, outputs, takes
from ..scene.clock import scene_rate
from ..scene.export_tracks import Tracks
from ..scene.pipeline import apply_performance
from ..scene.preferences import MOST_THREADS, preferences
from ..scene.properties import PerformanceSettings, copy_values
from ..scene.timebase import Timebase
from . import command_outputs
from .command_settings import add_settings, apply_settings
from .task import CaptureTask

NAME = "ddfa"

_EXAMPLES = """examples:
  blender --command ddfa capture clip.mp4 --fbx head.fbx
  blender --command ddfa capture clip.mp4 --take clip.npz --blend head.blend --fps 24 --driving arkit
  blender --command ddfa bake clip.npz --fbx head.fbx --smooth-head 0.2
  blender --command ddfa bake clip.npz --glb head.glb --csv face.csv --bvh head.bvh
  blender --command ddfa import MySlate_3_iPhone.csv --take phone.npz
  blender --command ddfa takes --json
"""
_registered: Any = None


def register() -> None:
    """Make ``blender --command ddfa`` known."""
    global _registered  # noqa: PLW0603 (Blender wants back what it gave)
    _registered = bpy.utils.register_cli_command(NAME, main)


def unregister() -> None:
    """Forget the command."""
    global _registered  # noqa: PLW0603 (see above)
    if _registered is not None:
        bpy.utils.unregister_cli_command(_registered)
        _registered = None


def main(arguments: Sequence[str]) -> int:
    """Run a command; return the exit status. Blender calls it with what follows the command's name."""
    any_text_prints()
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as stop:  # argparse has said why, or given its help
        return int(stop.code or 0)
    try:
        with _only_results_on_stdout():
            results = options.run(options)
    except CaptureError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return USER_ERROR
    except KeyboardInterrupt:
        print("error: stopped; nothing was written.", file=sys.stderr, flush=True)
        return 130
    for line in results:
        print(line)
    sys.stdout.flush()
    return 0


@contextmanager
def _only_results_on_stdout() -> Iterator[None]:
    """What Blender and its exporters print goes to standard error: pipelines read the results."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # Blender on Windows may have no console
        kept = None
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


def _parser() -> Parser:
    parser = Parser(
        prog=f"blender --command {NAME}",
        description="Footage of a face in, an animated head out.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_capture, _add_bake, _add_import, _add_takes):
        add(commands)
    return parser


def _add_capture(commands: Any) -> None:
    capture = commands.add_parser(
        "capture",
        help="track a face in footage and animate a head with it",
        usage=f"%(prog)s CLIP {command_outputs.USAGE} [--blend FILE.blend] [--take FILE.npz] [settings]",
    )
    capture.add_argument("clip", type=Path, metavar="CLIP", help="the footage")
    capture.add_argument("--start", type=float, default=0.0, metavar="SECONDS", help="in point (default: 0)")
    capture.add_argument("--end", type=float, metavar="SECONDS", help="out point (default: the end)")
    capture.add_argument("--face", type=float, nargs=2, metavar=("X", "Y"), help="pixel near the face to track")
    capture.add_argument("--model", type=Path, metavar="FOLDER", help="model folder (default: as in the preferences)")
    capture.add_argument(
        "--high-quality", action="store_true", help="measure each frame twice, straight and mirrored; takes longer"
    )
    capture.add_argument(
        "--workers",
        type=_workers,
        metavar="N",
        help="parts of the footage to track side by side (default: as in the preferences); the result is the same",
    )
    capture.add_argument(
        "--take",
        type=path_with(".npz"),
        metavar="FILE.npz",
        help="keep the take here, to bake it again",
    )
    capture.set_defaults(run=_capture)
    _add_head(capture, "; with --take its settings can be changed later")


def _add_bake(commands: Any) -> None:
    bake = commands.add_parser(
        "bake",
        help="animate a head with a take, without its footage",
        usage=f"%(prog)s TAKE {command_outputs.USAGE} [--blend FILE.blend] [settings]",
    )
    bake.add_argument("take", type=Path, metavar="TAKE", help="file that `capture --take` or Blender kept")
    bake.set_defaults(run=_bake)
    _add_head(bake)


def _add_head(command: argparse.ArgumentParser, later: str = "") -> None:
    """The options of all that animates a head; ``later``: what can be done with the .blend file."""
    command_outputs.add_outputs(command)
    command.add_argument(
        "--blend",
        type=path_with(".blend"),
        metavar="FILE.blend",
        help=f"save a .blend file with the head{later}",
    )
    command.add_argument(
        "--fps", type=_rate, metavar="RATE", help="frame rate of the animation (default: the footage's)"
    )
    command.add_argument("--name", help="name of the head (default: the footage's)")
    add_settings(command, PerformanceSettings)


def _add_import(commands: Any) -> None:
    recording = commands.add_parser("import", help="make a take of a recording of the app Live Link Face")
    recording.add_argument("recording", type=Path, metavar="RECORDING.csv", help="file that the app wrote")
    recording.add_argument("--take", type=path_with(".npz"), metavar="FILE.npz", required=True, help="take to write")
    recording.add_argument("--degrees", action="store_true", help="angles are degrees (default: radians, as the app's)")
    recording.add_argument(
        "--invert",
        nargs="+",
        choices=[angle.lower() for angle in ANGLES],
        default=[],
        metavar="ANGLE",
        help="of the head's yaw, pitch and roll those that turn it the wrong way",
    )
    recording.set_defaults(run=_import)


def _add_takes(commands: Any) -> None:
    listing = commands.add_parser("takes", help="list the takes in a folder")
    listing.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="default: as in the preferences")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=_takes)


def _workers(text: str) -> int:
    count = int(text) if text.isdecimal() else 0
    if not 1 <= count <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"{text} is no number of workers between 1 and {MOST_THREADS}")
    return count


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 1.0 <= rate <= 1000.0:
        raise argparse.ArgumentTypeError(f"{text} is no frame rate between 1 and 1000")
    return rate


def _capture(options: argparse.Namespace) -> list[str]:
    check_name(options.clip)
    wanted = command_outputs.wanted(options) | {"--blend": options.blend, "--take": options.take}
    with outputs.staged(wanted, inputs=[options.clip]) as partial:
        scene = _empty_scene(options)
        settings = scene.ddfa.settings
        hint = tuple(options.face) if options.face else None
        with tempfile.TemporaryDirectory(prefix="ddfa-") as folder:
            task = CaptureTask(
                options.clip.resolve(),
                Path(folder),
                CaptureSettings(options.start, options.end, face_hint=hint, high_quality=options.high_quality),
                settings.solve_settings(),
                settings.clean_up(),
                options.model or preferences().model_folder,
                workers=options.workers or preferences().workers,
            )
            progress = _ProgressLine()
            try:
                captured = task(progress, lambda: False)
            finally:
                progress.end()
            for note in task.notes:
                print(note, file=sys.stderr)
            needs_head = any(path is not None for kind, path in wanted.items() if kind != "--take")
            if captured.model is None and needs_head:
                raise CaptureError("The model has no head to animate; give --take alone, or another --model.")
            if options.take:
                partial["--take"].write_bytes(captured.take_file.read_bytes())
            if captured.model is not None and needs_head:
                _write_head(options, partial, captured.take_file, options.take)
    return [str(path) for path in wanted.values() if path is not None]


def _bake(options: argparse.Namespace) -> list[str]:
    wanted = command_outputs.wanted(options) | {"--blend": options.blend}
    with outputs.staged(wanted, inputs=[options.take]) as partial:
        _empty_scene(options, recorded=solutions.take_at(options.take).is_recorded)
        _write_head(options, partial, options.take, options.take)
    return [str(path) for path in wanted.values() if path is not None]


def _import(options: argparse.Namespace) -> list[str]:
    with outputs.staged({"take": options.take}, inputs=[options.recording]) as partial:
        recording = read_live_link_face(
            options.recording,
            angles="DEGREES" if options.degrees else "RADIANS",
            inverted=[angle for angle in ANGLES if angle.lower() in options.invert],
        )
        with tempfile.TemporaryDirectory(prefix="ddfa-") as folder:
            take = recording.take(options.recording.name)
            made = take_library.save_new(take, folder, options.recording.stem)
            partial["take"].write_bytes(made.read_bytes())
    return [str(options.take)]


def _takes(options: argparse.Namespace) -> list[str]:
    folder = options.folder or takes.place(bpy.context.scene).folder
    if options.folder and not folder.is_dir():
        raise CaptureError(f"There is no folder {folder}; check the path.")
    entries = take_library.list_takes(folder)
    if options.json:
        return [json.dumps([_facts(entry) for entry in entries], ensure_ascii=False, indent=1)]
    return [_line(entry) for entry in entries]


def _line(entry: take_library.TakeEntry) -> str:
    date = f"{entry.captured:%Y-%m-%d %H:%M}" if entry.captured else "-"
    state = entry.problem or f"{entry.duration:.1f} s, {entry.frames} frames, {100.0 * entry.lost_share:.0f} % lost"
    return f"{entry.file}\t{entry.title}\t{date}\t{state}"


def _facts(entry: take_library.TakeEntry) -> dict[str, Any]:
    header = entry.header
    return {
        "file": str(entry.file),
        "title": entry.title,
        "captured": (header.captured or None) if header else None,
        "footage": (header.footage or header.source) if header else None,
        "seconds": round(entry.duration, 3),
        "frames": entry.frames,
        "lost_frames": entry.lost_frames,
        "model": header.model if header else None,
        "model_sha256": header.model_sha256 if header else None,
        "basis": header.basis if header else None,
        "problem": entry.problem or None,
    }


def _empty_scene(options: argparse.Namespace, *, recorded: bool = False) -> bpy.types.Scene:
    """An empty file with factory settings, whatever the user's start-up file has, and the settings asked for.

    Takes that were ``recorded`` by another program consist of ARKit channels and drive those keys, if nothing else is
    asked for.
    """
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True, load_ui=False)
    scene = bpy.context.scene
    if recorded:
        scene.ddfa.settings.head.driving = "ARKIT"
    apply_settings(options, scene.ddfa.settings)
    return scene


def _write_head(options: argparse.Namespace, partial: dict[str, Path], take_file: Path, kept: Path | None) -> None:
    """Make the head of a take and write what was asked for. ``kept`` is where the take will be found later."""
    scene = bpy.context.scene
    settings, take = scene.ddfa.settings, solutions.take_at(take_file)
    rate = nearest_rate(options.fps or take.header.fps, float(take.time[-1]))
    scene.render.fps, scene.render.fps_base = rate.fps, rate.base
    performance = live.performance_of(take_file, settings.solve_settings(), settings.clean_up())
    name = options.name or take.header.title or Path(take.header.source).stem
    result = apply_performance(bpy.context, live.model_of(take_file), performance, settings.bake_settings(), name)
    baking = settings.bake_settings()
    timebase = Timebase.of(baking, scene_rate(scene), performance.time)
    command_outputs.write_exports(result.head, Tracks(performance, baking, timebase), partial)
    if options.blend:
        armature = result.head.armature
        copy_values(settings, armature.ddfa.settings)
        scene.ddfa.head = armature
        if kept is not None:
            takes.assign(armature, take_file)
            armature.ddfa.take = outputs.relative(kept, options.blend)
        outputs.save_blend(partial["--blend"], options.blend)


class _ProgressLine:
    """A line on standard error that is written again in place."""

    def __init__(self) -> None:
        self._begun = False

    def __call__(self, done: int, total: int) -> None:
        text = f"frame {done} of {total}" if total else f"frame {done}"
        print(f"\r{text}", end="", file=sys.stderr, flush=True)
        self._begun = True

    def end(self) -> None:
        """What follows has a line of its own."""
        if self._begun:
            print(file=sys.stderr)
