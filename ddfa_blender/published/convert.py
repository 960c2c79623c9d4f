# SPDX-License-Identifier: GPL-3.0-or-later
"""The authors' files → a model folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..atomic import write_atomically
from ..errors import CaptureError
from ..model_folder import MORPHABLE_MODEL, REGRESSOR, ModelFolder
from ..morphable_model import MorphableModel
from ..paths import is_file, is_folder
from ..projection import CROP_SIZE
from .convention import AffineMap, align, imported_model, landmarks_map, params_map
from .files import PublishedFace, Statistics, face_from, has_face, read_arrays, statistics_from
from .graph import import_onnx, mobilenet_model, wrapped_model
from .mobilenet import mobilenet
from .torch_file import read_state_dict


def import_published(checkpoint: Path, mean_std: Path, bfm: Path | None, out: Path) -> ModelFolder:
    """Make the model folder ``out`` of the authors' files.

    Args:
        checkpoint: their network, ``.pth`` or ``.onnx``.
        mean_std: ``param_mean_std_62d_120x120.pkl``, or an ``.npz`` with the same, and with the bases if it has them.
        bfm: ``bfm_noneck_v3.pkl``, or an ``.npz`` with the bases at the 68 landmarks; None = they are in ``mean_std``.
        out: a folder that does not exist yet or is empty; the folder that it is to lie in exists.

    Raises:
        CaptureError: a file is missing, damaged, malicious or another one; ``onnx`` is not installed; ``out`` cannot
            be written. Nothing is left behind.
    """
    import_onnx()
    statistics, face = _read_model(mean_std, bfm)
    alignment = align(face, MorphableModel.load())
    network = _network(checkpoint, params_map(statistics, alignment))
    with _new_folder(out.resolve()) as folder:
        write_atomically(folder / REGRESSOR, lambda file: _write(file, network))
        imported_model(face, statistics, alignment).save(folder / MORPHABLE_MODEL)
        _try_out(ModelFolder(folder), checkpoint)
    return ModelFolder(out)


def _read_model(mean_std: Path, bfm: Path | None) -> tuple[Statistics, PublishedFace]:
    arrays = read_arrays(mean_std)
    statistics = statistics_from(arrays, mean_std)
    if bfm is not None:
        return statistics, face_from(read_arrays(bfm), bfm)
    if not has_face(arrays):
        raise CaptureError(f"{mean_std} holds no morphable model; give the authors' bfm_noneck_v3.pkl as well.")
    return statistics, face_from(arrays, mean_std)


def _network(checkpoint: Path, params: AffineMap) -> bytes:
    if checkpoint.suffix.lower() == ".onnx":
        return wrapped_model(checkpoint, params)
    return mobilenet_model(mobilenet(read_state_dict(checkpoint), checkpoint), params, landmarks_map())


def _write(file: BinaryIO, content: bytes) -> None:
    file.write(content)


def _try_out(folder: ModelFolder, checkpoint: Path) -> None:
    """Run the network once on a grey picture.

    Raises:
        CaptureError: it does not run here, or its parameters are not finite.
    """
    try:
        result = folder.regressor().predict(np.full((2, CROP_SIZE, CROP_SIZE, 3), 127, np.uint8))
    except Exception as error:  # onnxruntime's own exception types share no public base class
        raise CaptureError(
            f"The network in {checkpoint} does not run; give the authors' .pth or .onnx file."
        ) from error
    if not np.isfinite(result.params).all():
        raise CaptureError(f"{checkpoint} does not give finite parameters; download it again.")


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """A folder to fill beside ``out``, which gets that name when the block ends well and is removed when not."""
    if not is_folder(out.parent):
        raise CaptureError(f"The folder {out.parent} does not exist; make it first or write elsewhere.")
    if is_file(out) or (is_folder(out) and any(out.iterdir())):
        raise CaptureError(f"{out} exists already; name a new folder.")
    temporary = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        yield temporary
        if out.is_dir():
            out.rmdir()  # Windows renames onto nothing that exists
        temporary.rename(out)
    except OSError as error:
        raise CaptureError(f"{out} cannot be written ({error.strerror}); choose another folder.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
