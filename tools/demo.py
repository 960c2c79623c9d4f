# SPDX-License-Identifier: GPL-3.0-or-later
"""``build.py demo``: the whole line, from the zip as users get it to the files that a capture leaves."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from . import environments, extension_zip
from .project import BUILD, DEMO, RENDERED_CLIP, ROOT, BuildError, check, footage_at, log, run

#: Seconds after which Blender counts as hung.
TIMEOUT = 3600.0


def make(video: Path | None, blender: str | None) -> Path:
    """Capture ``video`` in headless Blender and leave the results in ``demo/``; return that folder.

    An older ``demo/`` is replaced only by a complete new one.

    Raises:
        BuildError: the video cannot be used, or a step fails.
    """
    footage = _check_video(video)
    python = environments.ensure_core()
    environment = environments.blender_or_newest(blender)
    environment.ensure()
    (zip_path,) = extension_zip.build([extension_zip.this_platform()])
    with tempfile.TemporaryDirectory(prefix="demo-", dir=BUILD, ignore_cleanup_errors=True) as work:
        results = Path(work) / "results"
        results.mkdir()
        log(f"Capturing {footage.name} …")
        _capture(environment, zip_path, footage, results, home=Path(work) / "home")
        log("Drawing the contact sheet …")
        _contact_sheet(python, environment, footage, results)
        _replace(DEMO, results, Path(work) / "old")
    return DEMO


def _check_video(video: Path | None) -> Path:
    """The footage's absolute path: what can be told before anything is set up."""
    if video is None:
        if not RENDERED_CLIP.is_file():
            raise BuildError(f"{RENDERED_CLIP.relative_to(ROOT)} is missing; restore it, or name a video.")
        return RENDERED_CLIP
    return footage_at(video)


def _capture(environment: environments.Environment, zip_path: Path, video: Path, results: Path, *, home: Path) -> None:
    home.mkdir()
    script = ROOT / "tools" / "demo_in_blender.py"
    command = [environment.python, script, zip_path, video, results]
    # Blender repeats an operator's error in its own words, so its chatter is shown only when it is needed.
    chatter = home.with_name("blender.log")
    status = run(command, environment=environments.fresh_home(home), timeout=TIMEOUT, output=chatter)
    error = results / "error.txt"
    if error.exists():
        raise BuildError(error.read_text(encoding="utf-8"))
    missing = [name for name in ("head.fbx", "head.blend", "take.npz", "report.json") if not (results / name).exists()]
    if missing:
        log(chatter.read_text(encoding="utf-8", errors="replace"))
        raise BuildError(f"Blender ended with status {status} before {', '.join(missing)} was written; see above.")


def _contact_sheet(python: Path, environment: environments.Environment, video: Path, results: Path) -> None:
    check(
        [
            python, "-m", "tools.contact_sheet", "--video", video, "--take", results / "take.npz", "--blend",
            results / "head.blend", "--blender-python", environment.python, "--out", results / "contact_sheet.png",
        ],
        "The contact sheet cannot be drawn",
        timeout=TIMEOUT,
    )  # fmt: skip


def _replace(target: Path, new: Path, old: Path) -> None:
    """Put ``new`` in the place of ``target``; what was there goes to ``old``."""
    if target.exists():
        shutil.move(target, old)
    new.rename(target)
