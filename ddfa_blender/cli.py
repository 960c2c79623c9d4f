# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: ``image``, ``clip``, ``batch``, ``score`` and ``import-published``.

Errors are one line ``error: …`` on standard error and exit code 2; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import __version__
from .atomic import check_writable, write_json
from .batch.command import add_command as add_batch
from .batch.command import add_measuring, capture_settings
from .capture import Engine, capture
from .console import USER_ERROR, Parser, any_text_prints, check_name, path_with
from .cores import automatic_workers
from .errors import CaptureError
from .faces import Face, check_boxes, face_in_box, find_faces
from .footage.photo import read_photo
from .formats.reading import check_characters
from .paths import is_file, is_folder
from .report import capture_report
from .scoring import nme51, nme68, summarise
from .solutions import face_model
from .stills import KINDS as STILL_KINDS
from .stills import PICTURES
from .take import Take
from .timing import StageTimings
from .tracking.roi import box_from_landmarks, overlap
from .tracks import TRACKS, check_tracks, write_tracks

#: Bytes of a file of boxes or labels; a thousand photos' 68 points have three million.
_LARGEST_JSON = 64 * 2**20
#: Pixels that a labelled face is wide and high at least: errors are told as shares of its size.
_SMALLEST_LABEL = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code."""
    any_text_prints()
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as stop:  # argparse has said why, or given its help
        return int(stop.code or 0)
    try:
        return int(options.run(options) or 0)
    except CaptureError as error:
        print(f"error: {error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("error: stopped; nothing was written.", file=sys.stderr)
        return 130


def _parser() -> Parser:
    parser = Parser(prog="python -m ddfa_blender", description="Capture faces from photos and footage.")
    parser.add_argument("--version", action="version", version=f"DDFA Face Capture {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_image, _add_clip, add_batch, _add_score, _add_import_published):
        add(commands)
    return parser


def _add_image(commands: Any) -> None:
    image = commands.add_parser("image", help="measure the faces in photos")
    image.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="JPEG or PNG; all faces are measured")
    image.add_argument(
        "--boxes",
        type=Path,
        help="JSON: photo's file name → [x0, y0, x1, y1], the tight box of its 68 landmarks, in pixels",
    )
    image.add_argument("--json", type=path_with(".json"), metavar="FILE.json", help="file to write")
    image.add_argument("--stills", type=Path, metavar="FOLDER", help="write pictures and meshes of the faces there")
    image.add_argument(
        "--draw",
        nargs="+",
        choices=STILL_KINDS,
        metavar="KIND",
        help=f"which stills, by default all that the model can give: {', '.join(STILL_KINDS)}",
    )
    add_measuring(image)
    image.set_defaults(run=_image)


def _add_clip(commands: Any) -> None:
    clip = commands.add_parser("clip", help="track the face in a video")
    clip.add_argument("video", type=Path, metavar="VIDEO", help="video, or the first of numbered pictures")
    for option, endings, what in (
        ("take", (".npz",), "take to write"),
        ("csv", (".csv",), "Live Link Face recording to write"),
        ("bvh", (".bvh",), "movement of the head to write"),
        ("json", (".json", ".npz"), "cleaned channels to write, as JSON or .npz"),
        ("report", (".json",), "report to write"),
    ):
        clip.add_argument(f"--{option}", type=path_with(*endings), metavar=f"FILE{endings[0]}", help=what)
    clip.add_argument("--start", type=float, default=0.0, metavar="SECONDS", help="in point (default: 0)")
    clip.add_argument("--end", type=float, metavar="SECONDS", help="out point (default: the end)")
    clip.add_argument("--face", type=float, nargs=2, metavar=("X", "Y"), help="pixel near the face to track")
    clip.add_argument(
        "--workers", type=int, default=1, metavar="N", help="parts of the clip to track side by side; 0 = automatic"
    )
    add_measuring(clip)
    clip.set_defaults(run=_clip)


def _add_score(commands: Any) -> None:
    score = commands.add_parser("score", help="compare with labelled photos")
    score.add_argument("photos", type=Path, metavar="PHOTOS", help="folder of photos")
    score.add_argument(
        "labels",
        type=Path,
        metavar="LABELS.json",
        help='JSON: photo\'s file name → {"landmarks68": 68 × [x, y] in pixels}',
    )
    score.add_argument("--detect", action="store_true", help="find faces with the detector, not the labels' boxes")
    score.add_argument("--json", type=path_with(".json"), metavar="FILE.json", help="file to write")
    add_measuring(score)
    score.set_defaults(run=_score)


def _add_import_published(commands: Any) -> None:
    published = commands.add_parser(
        "import-published", help="make a model folder of the files that the authors of 3DDFA-V2 published"
    )
    published.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="their network, .pth or .onnx")
    published.add_argument("mean_std", type=Path, metavar="MEAN_STD", help="param_mean_std_62d_120x120.pkl (or .npz)")
    published.add_argument("bfm", type=Path, nargs="?", metavar="BFM", help="bfm_noneck_v3.pkl (or .npz)")
    published.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="new folder to make")
    published.set_defaults(run=_import_published)


def _image(options: argparse.Namespace) -> None:
    _check_image(options)
    names = [photo.name for photo in options.photos]
    boxes = check_boxes(_read_json(options.boxes)) if options.boxes else None
    missing = [name for name in names if boxes is not None and name not in boxes]
    if missing:
        raise CaptureError(f"{options.boxes} has no box for {missing[0]}; add it or leave --boxes out.")
    if options.stills:
        _check_stills(options)
    engine = _engine(options)
    result: dict[str, list[dict[str, Any]]] = {}
    for photo in options.photos:
        picture = read_photo(photo)
        faces = [face_in_box(engine, picture, boxes[photo.name])] if boxes else find_faces(engine, picture)
        result[photo.name] = [face.to_json(engine.absent_outputs) for face in faces]
        if options.stills:
            _write_stills(options, photo, picture, faces)
        _progress(len(result), len(names))
    if options.json:
        write_json(options.json, result)
    for name in (name for name, faces in result.items() if not faces):
        print(f"no face was found in {name}", file=sys.stderr)
    found = sum(map(len, result.values()))
    print(f"{_counted(found, 'face')} in {_counted(len(result), 'photo')}", file=sys.stderr)


def _check_image(options: argparse.Namespace) -> None:
    if options.json is None and options.stills is None:
        raise CaptureError("Nothing to write was asked for; give --json, --stills or both.")
    if options.draw and options.stills is None:
        raise CaptureError("--draw says which stills to write; give their folder with --stills, or leave --draw out.")
    for photo in options.photos:
        check_name(photo)
    _check_json(options.json, *options.photos, options.boxes)
    if len({photo.name for photo in options.photos}) < len(options.photos):
        raise CaptureError("Two photos have the same file name; rename one or run them apart.")


def _check_json(target: Path | None, *inputs: Path | None) -> None:
    """Make sure that the JSON file, if one is wanted, can be written, and is none of those that are read."""
    if target is None:
        return
    if target.resolve() in [path.resolve() for path in inputs if path is not None]:
        raise CaptureError(f"{target} is among the files to read; give --json another name.")
    check_writable(target)


def _check_stills(options: argparse.Namespace) -> None:
    stems = [photo.stem for photo in options.photos]
    if len(set(stems)) < len(stems):
        raise CaptureError("Two photos differ in their ending only, and so would their stills; run them apart.")
    if is_file(options.stills):
        raise CaptureError(f"{options.stills} is a file; name a folder for the stills.")
    written = re.compile(f"({'|'.join(map(re.escape, stems))})_({'|'.join(PICTURES)}|face[0-9]+_uv).png", re.IGNORECASE)
    for photo in options.photos:
        if written.fullmatch(photo.name) and photo.resolve().parent == options.stills.resolve():
            raise CaptureError(f"{photo} has the name of another photo's still; name another folder for the stills.")
    # A new folder comes into being with the first still.
    check_writable(options.stills / "still.png" if is_folder(options.stills) else options.stills)


def _write_stills(options: argparse.Namespace, photo: Path, picture: NDArray[np.uint8], faces: list[Face]) -> None:
    # Textures and drawing bring a good part of the package in; the other commands do without.
    from .stills.write import write_stills

    write_stills(options.stills, photo.stem, picture, faces, face_model(options.model), options.draw)


def _clip(options: argparse.Namespace) -> None:
    outputs = [path for path in (options.take, options.report, *map(vars(options).get, TRACKS)) if path is not None]
    check_name(options.video)
    if options.workers < 0:
        raise CaptureError("The number of workers must be at least 1, or 0 for as many as this machine is good for.")
    if outputs in ([], [options.report]):
        raise CaptureError("Nothing to write was asked for; name at least one of --take, --csv, --bvh, --json.")
    for path in outputs:
        check_writable(path)
    if len({path.resolve() for path in (*outputs, options.video)}) < len(outputs) + 1:
        raise CaptureError("The video and what is written must be different files; give each a name of its own.")
    check_tracks([kind for kind in TRACKS if getattr(options, kind)], options.model)
    settings = capture_settings(options)
    timings, notes = StageTimings(), list[str]()
    with timings.stage("total"):
        take = capture(
            options.video,
            settings=settings,
            progress=_progress,
            model=options.model,
            timings=timings,
            workers=options.workers or automatic_workers(),
            notes=notes,
        )
    for note in notes:
        print(note, file=sys.stderr)
    take = _labelled(take, options.video)
    if options.take:
        take.save(options.take)
    write_tracks(take, face_model(options.model), {kind: getattr(options, kind) for kind in TRACKS})
    report = capture_report(take, timings.seconds)
    if options.report:
        write_json(options.report, report)
    early = ", the video stopped early: the file is cut short or damaged" if report["stopped_early"] else ""
    print(f"{_counted(report['frames'], 'frame')}, {report['lost_frames']} lost{early}", file=sys.stderr)


def _engine(options: argparse.Namespace) -> Engine:
    engine = Engine.load(options.model)
    return engine.looking_twice() if options.high_quality else engine


def _labelled(take: Take, video: Path) -> Take:
    """With what Blender's list of takes shows, and with the way to the footage: camera and texture need it again."""
    captured = datetime.now(UTC).isoformat(timespec="seconds")
    title, footage = Path(take.header.source).stem, str(video.absolute())
    header = replace(take.header, title=title, footage=footage, captured=captured, uid=uuid.uuid4().hex)
    return replace(take, header=header)


def _score(options: argparse.Namespace) -> None:
    _check_json(options.json, options.labels)
    labels = _read_labels(options.labels)
    engine = _engine(options)
    errors68, errors51, missed = [], [], []
    for done, (name, labelled) in enumerate(labels.items(), 1):
        picture = read_photo(options.photos / name)
        box = box_from_landmarks(labelled)
        if options.detect:
            faces = find_faces(engine, picture)
            best = max(faces, key=lambda face: overlap(face.box, box), default=None)
        else:
            best = face_in_box(engine, picture, box)
        _progress(done, len(labels))
        if best is None or overlap(best.box, box) == 0.0:
            missed.append(name)
            continue
        errors68.append(nme68(best.fit.landmarks68, labelled))
        errors51.append(nme51(best.fit.landmarks68, labelled))
    if not errors68:
        raise CaptureError("No labelled face was found in the photos; check that photos and labels belong together.")
    result = {
        "photos": len(labels),
        "missed": missed,
        "nme68": summarise(errors68)._asdict(),
        "nme51": summarise(errors51)._asdict(),
    }
    if options.json:
        write_json(options.json, result)
    print(json.dumps(result, allow_nan=False))


def _import_published(options: argparse.Namespace) -> None:
    # Nobody else needs it, and it brings the `onnx` package in.
    from .published.convert import import_published

    folder = import_published(options.checkpoint, options.mean_std, options.bfm, options.out)
    absent = ", ".join(folder.regressor().absent_outputs)
    print(f"{folder.path} is a model folder; its network does not measure: {absent}", file=sys.stderr)


def _read_labels(path: Path) -> dict[str, np.ndarray]:
    """Landmarks (68, 2) by photo name from a file like ``bench/labels.json``.

    Raises:
        CaptureError: it is no such file, or some photo's points are not a face's.
    """
    try:
        labels = {name: np.array(entry["landmarks68"], dtype=np.float64) for name, entry in _read_json(path).items()}
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise CaptureError(
            f"{path} has no `landmarks68` for each photo; `score --help` says what it must hold."
        ) from error
    if not labels or any(points.shape != (68, 2) or not np.isfinite(points).all() for points in labels.values()):
        raise CaptureError(f"{path} must give 68 finite points [x, y] for each of at least one photo.")
    for name, points in labels.items():
        if np.ptp(points, axis=0).min() < _SMALLEST_LABEL:
            raise CaptureError(f"The points that {path} gives for {name} enclose no face; correct or remove them.")
    return labels


def _read_json(path: Path) -> Any:
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise CaptureError(f"{path} is far too large to be a file of boxes or labels; give another.")
        text = path.read_text(encoding="utf-8")
        value = json.loads(text)
        check_characters(text, value)
    except OSError as error:
        raise CaptureError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    except (ValueError, RecursionError) as error:
        raise CaptureError(f"{path} is not a JSON file; `--help` says what it must hold.") from error
    return value


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _progress(done: int, total: int) -> None:
    """One line on standard error, rewritten in place on a terminal, silent elsewhere but for every hundredth."""
    terminal = sys.stderr.isatty()
    if terminal or done % 100 == 0:
        print(f"{done} of {total or '?'}", end="\r" if terminal else "\n", file=sys.stderr, flush=True)
