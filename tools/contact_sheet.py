# SPDX-License-Identifier: GPL-3.0-or-later
r"""Contact sheet of a capture: footage, the fitted mesh over it, and the Blender head, frame by frame.

    python -m tools.contact_sheet --video CLIP --take TAKE.npz --blend HEAD.blend --blender-python PYTHON \
        --out SHEET.png
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.atomic import write_atomically
from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.video import Video
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import REGION_NAMES
from ddfa_blender.projection import apply, crop_to_image, decompose, euler_degrees, split
from ddfa_blender.take import Take

from .project import status_of

TILE = 256  # pixels
FRAME_COUNT = 8
_CROP_MARGIN = 1.35  # side of the crop ÷ side of the ROI
_MESH_OPACITY = 0.6
_MESH_COLOUR = np.array([225.0, 190.0, 120.0])  # RGB
_ROWS = ("footage", "fitted mesh", "Blender head")
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_HEADER = 26  # pixels above the first row, for frame number and time
#: Degrees of head rotation that count as much as one standard deviation of expression.
_DEGREES_PER_DEVIATION = 12.0
_TIME_TOLERANCE = 1e-4  # seconds

Image = NDArray[np.uint8]  # (H, W, 3) RGB


@dataclass(frozen=True, eq=False)
class Crop:
    """A square of the footage around the face: corner in pixels, side, and the tile cut from it."""

    x0: float
    y0: float
    side: float
    tile: Image


def select_frames(take: Take, count: int = FRAME_COUNT) -> list[int]:
    """Indices of at most ``count`` tracked frames spread over ``take``.

    The tracked frames are cut into ``count`` stretches of equal length; from each the frame with most
    expression and head rotation is taken.

    Raises:
        CaptureError: no frame is tracked.
    """
    tracked = np.flatnonzero(take.tracked)
    if not len(tracked):
        raise CaptureError("The take has no tracked frame to show; capture footage with a visible face.")
    transform, _, expression = split(take.params[tracked].astype(np.float64))
    expression = expression - np.median(expression, axis=0)
    angles = euler_degrees(decompose(transform).rotation)
    angles = angles - np.median(angles, axis=0)
    activity = np.linalg.norm(expression, axis=1) + np.linalg.norm(angles, axis=1) / _DEGREES_PER_DEVIATION
    stretches = np.array_split(np.arange(len(tracked)), min(count, len(tracked)))
    return [int(tracked[stretch[np.argmax(activity[stretch])]]) for stretch in stretches]


def read_frames(video: Path, times: Sequence[float]) -> list[Image]:
    """The frames of ``video`` at ``times`` (seconds, from a Take of it), in their order.

    Raises:
        CaptureError: the video cannot be read or lacks such a frame.
    """
    found: dict[int, Image] = {}
    with Video(video) as footage:
        for frame in footage.frames():
            for i, time in enumerate(times):
                if abs(frame.time - time) < _TIME_TOLERANCE:
                    found[i] = frame.image
            if len(found) == len(times):
                break
    if len(found) < len(times):
        raise CaptureError(f"{video.name} is not the footage of this take; name the video it was captured from.")
    return [found[i] for i in range(len(times))]


def crop_face(image: Image, roi: NDArray) -> Crop:
    """A tile around the ROI (4,), beyond the picture's edge black."""
    side = float(roi[2] - roi[0]) * _CROP_MARGIN
    x0, y0 = (float(roi[0] + roi[2]) - side) / 2.0, (float(roi[1] + roi[3]) - side) / 2.0
    scale = TILE / side
    # Pixel centres lie at half integers in both pictures.
    matrix = np.array([[scale, 0.0, 0.5 * scale - 0.5 - x0 * scale], [0.0, scale, 0.5 * scale - 0.5 - y0 * scale]])
    shrunk, factor = image, 1.0
    if scale < 0.5:
        factor = 2.0 * scale
        shrunk = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8)
        matrix[:, :2] /= factor
        matrix[:, 2] += 0.5 * scale / factor - 0.5 * scale
    tile = cv2.warpAffine(shrunk, matrix, (TILE, TILE), flags=cv2.INTER_LINEAR)
    return Crop(x0, y0, side, tile.astype(np.uint8))


def draw_mesh(crop: Crop, points: NDArray, model: MorphableModel) -> Image:
    """Lay the mesh over a tile: shaded, half transparent, hidden surfaces removed by depth order.

    Args:
        points: (V, 3) footage pixels, y down, z towards the camera.
    """
    drawn = np.isin(model.quad_regions, [REGION_NAMES.index(n) for n in ("skin", "eye_left", "eye_right")])
    quads = model.quads[drawn]
    eyes = model.quad_regions[drawn] != REGION_NAMES.index("skin")
    tile_points = np.asarray((points - [crop.x0, crop.y0, 0.0]) * (TILE / crop.side))
    corners = tile_points[quads]
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    # y points down, so a counter-clockwise quad that faces the camera has a negative z component.
    facing = -normal[:, 2]
    visible = np.flatnonzero(facing > 0.0)
    visible = visible[np.argsort(corners[visible, :, 2].mean(axis=1))]
    layer, covered = crop.tile.copy(), np.zeros((TILE, TILE), dtype=np.uint8)
    fixed = np.round((corners[..., :2] - 0.5) * 16.0).astype(np.int32)
    for i in visible:
        shade = 0.25 + 0.75 * facing[i]
        colour = np.full(3, 255.0) if eyes[i] else _MESH_COLOUR
        cv2.fillConvexPoly(layer, fixed[i], (colour * shade).tolist(), cv2.LINE_AA, 4)
        cv2.polylines(layer, [fixed[i]], True, (colour * shade * 0.75).tolist(), 1, cv2.LINE_AA, 4)
        cv2.fillConvexPoly(covered, fixed[i], 255, cv2.LINE_8, 4)
    opacity = (covered[..., None] > 0) * _MESH_OPACITY
    return np.round(crop.tile * (1.0 - opacity) + layer * opacity).astype(np.uint8)


def mesh_in_footage(take: Take, index: int, model: MorphableModel) -> NDArray[np.float64]:
    """The mesh (V, 3) of frame ``index`` in footage pixels, from the take's 62 parameters alone."""
    transform, shape, expression = split(take.params[index].astype(np.float64))
    return crop_to_image(apply(transform, model.vertices(shape, expression)), take.roi[index])


def compose_contact_sheet(video: Path, take_path: Path, head_images: Mapping[int, Path], out_png: Path) -> None:
    """Write the sheet: a column for each frame; footage, mesh over footage, Blender head.

    Args:
        video: the footage that the take was captured from.
        take_path: the take.
        head_images: frame index in the take → picture of the Blender head there.
        out_png: the sheet; replaced only when complete.

    Raises:
        CaptureError: video, take or a picture cannot be read, or the sheet cannot be written.
    """
    take, model = Take.load(take_path), MorphableModel.load()
    indices = sorted(head_images)
    images = read_frames(video, [float(take.time[i]) for i in indices])
    columns = []
    for index, image in zip(indices, images, strict=True):
        crop = crop_face(image, take.roi[index])
        mesh = draw_mesh(crop, mesh_in_footage(take, index, model), model)
        columns.append(np.vstack([_header(index, float(take.time[index])), crop.tile, mesh, _read(head_images[index])]))
    sheet = np.hstack(columns)
    for row, name in enumerate(_ROWS):
        _text(sheet, name, (6, _HEADER + row * TILE + 16), 0.45)
    encoded = cv2.imencode(".png", sheet[..., ::-1])[1].tobytes()

    def write(file: BinaryIO) -> None:
        file.write(encoded)

    write_atomically(out_png, write)


def _header(index: int, time: float) -> Image:
    strip = np.full((_HEADER, TILE, 3), 24, dtype=np.uint8)
    _text(strip, f"frame {index}   {time:.2f} s", (6, 18), 0.45)
    return strip


def _text(image: Image, text: str, place: tuple[int, int], scale: float) -> None:
    cv2.putText(image, text, place, _FONT, scale, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(image, text, place, _FONT, scale, (255, 255, 255), 1, cv2.LINE_AA)


def _read(path: Path) -> Image:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise CaptureError(f"The picture {path} of the Blender head is missing; run the demo again.")
    return cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)[..., ::-1].astype(np.uint8)


def render_heads(
    blend: Path, take: Take, indices: Sequence[int], blender_python: Path, folder: Path
) -> dict[int, Path]:
    """Have a Python with bpy render the head at the take's frames ``indices``; see contact_sheet_in_blender.

    The .blend's own fps and start frame place the frames, as the capture operator left them.

    Raises:
        CaptureError: Blender did not write every picture.
    """
    script = Path(__file__).with_name("contact_sheet_in_blender.py")
    seconds = [f"{i}={take.time[i] - take.time[0]:.6f}" for i in indices]
    done = subprocess.run(
        [blender_python, script, blend, folder, *seconds], capture_output=True, text=True, check=False, errors="replace"
    )
    pictures = {i: folder / f"{i}.png" for i in indices}
    if not all(path.exists() for path in pictures.values()):
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-2000:])
        raise CaptureError(f"Blender could not render {blend.name}; see its messages above.")
    return pictures


def main() -> None:
    """Read the command line and draw the sheet.

    Raises:
        CaptureError: a file cannot be read, or nothing can be drawn.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("video", "take", "blend", "blender-python", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=FRAME_COUNT, help="columns of the sheet")
    options = parser.parse_args()
    take = Take.load(options.take)
    indices = select_frames(take, options.frames)
    with tempfile.TemporaryDirectory() as folder:
        heads = render_heads(options.blend, take, indices, options.blender_python, Path(folder))
        compose_contact_sheet(options.video, options.take, heads, options.out)


if __name__ == "__main__":
    sys.exit(status_of(main))
