# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells one clip, and one model, from another: hashes of contents, and cheap signs that nothing has changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import CaptureCancelled, CaptureError
from ..footage.image_sequence import sequence_from
from ..model_folder import MORPHABLE_MODEL, REGRESSOR, ModelFolder
from ..paths import model_file
from .clips import PICTURE_SUFFIXES

_DETECTOR = "face_detector.onnx"
#: Bytes read at a time.
_CHUNK = 1 << 20


def clip_files(clip: Path) -> list[Path]:
    """The files that a clip consists of: itself, or the numbered pictures from it on.

    Raises:
        CaptureError: its folder cannot be listed.
    """
    if clip.suffix.lower() not in PICTURE_SUFFIXES:
        return [clip]
    return [file for _, file in sequence_from(clip)] or [clip]


def clip_signs(clip: Path) -> str:
    """Changes whenever one of the clip's files is written, replaced or added; equal signs need no new hash.

    Sizes, times of modification and, where the system has it, of the last change of any kind, which copying and
    setting the clock back do not fake.

    Raises:
        CaptureError: a file is missing, cannot be looked at, or is none.
    """
    digest = hashlib.sha256()
    for file in clip_files(clip):
        try:
            status = file.stat()
        except OSError as error:
            raise _unreadable(file, error) from error
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            # Reading a pipe or a device never ends.
            raise CaptureError(f"{file} is no file that can be read to its end; name a video.")
        digest.update(os.fsencode(file.name))
        digest.update(f"\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ctime_ns}\n".encode())
    return digest.hexdigest()


def clip_size(clip: Path) -> int:
    """Bytes of the clip's first file; 0 = missing. For estimates."""
    try:
        return clip.stat().st_size
    except OSError:
        return 0


def clip_sha256(clip: Path, cancelled: Callable[[], bool] | None = None) -> str:
    """Hash of the clip's contents; of numbered pictures, of their numbers' names too.

    Raises:
        CaptureError: it is missing or cannot be read.
        CaptureCancelled: ``cancelled``, asked every megabyte, said so.
    """
    files = clip_files(clip)
    if len(files) == 1:
        return file_sha256(files[0], cancelled)
    digest = hashlib.sha256()
    for file in files:
        digest.update(os.fsencode(file.name))
        digest.update(f"\0{file_sha256(file, cancelled)}\n".encode())
    return digest.hexdigest()


def file_sha256(file: Path, cancelled: Callable[[], bool] | None = None) -> str:
    """Hash of a file, as long as it is when it is opened: one that is still being written has no end.

    Raises:
        CaptureError: it is missing or cannot be read.
        CaptureCancelled: ``cancelled`` said so.
    """
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            left = os.fstat(stream.fileno()).st_size
            while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
                left -= len(chunk)
                if cancelled is not None and cancelled():
                    raise CaptureCancelled
                digest.update(chunk)
    except OSError as error:
        raise _unreadable(file, error) from error
    return digest.hexdigest()


def model_sha256(model: Path | None) -> str:
    """Hash of all that decides what is measured: the model folder's two files and the detector.

    Raises:
        CaptureError: there is no such model folder, or a file of it is missing.
    """
    folder = ModelFolder.at(model).path
    return _joint(file_sha256(file) for file in (folder / REGRESSOR, folder / MORPHABLE_MODEL, model_file(_DETECTOR)))


def _joint(hashes: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _unreadable(file: Path, error: OSError) -> CaptureError:
    if isinstance(error, FileNotFoundError):
        return CaptureError(f"There is no file {file}; check the path.")
    if isinstance(error, IsADirectoryError):
        return CaptureError(f"{file} is a folder; name the clips in it.")
    return CaptureError(f"{file} cannot be read ({error.strerror}); check its permissions and the disk.")
