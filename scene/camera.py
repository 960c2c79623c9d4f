# SPDX-License-Identifier: GPL-3.0-or-later
"""The footage's camera: stands where it stood, sees as wide, and shows the footage behind the head it captured."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import ArrayLike, NDArray

from ..ddfa_blender import camera_fit
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.footage.frame_rate import average_rate
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.paths import is_file
from ..ddfa_blender.performance import Performance
from ..ddfa_blender.quaternions import to_matrices
from ..ddfa_blender.take import Take
from . import actions, axes
from .head import Head
from .rollback import rollback_on_error
from .settings import BakeSettings
from .timebase import Timebase

#: Enough frames to say where a camera stood.
_FIT_FRAMES = 300
_OFFSET_PATH = "background_images[0].image_user.frame_offset"
#: Where the camera begins and ceases to see, metres.
_CLIP_START, _CLIP_END = 0.01, 100.0


@dataclass(frozen=True, eq=False)
class Shot:
    """What the camera has to be put right for: the baked performance of a head, on its scene's clock."""

    head: Head
    model: MorphableModel
    performance: Performance
    take: Take
    settings: BakeSettings
    timebase: Timebase


def add(shot: Shot, footage: Path | None) -> bpy.types.Object:
    """Give a head a camera with the footage behind it, or put right the one that it has; returns its object.

    The camera hangs on the head's armature, so that both can be moved together. All or nothing.

    Raises:
        CaptureError: nobody knows where the footage is (None), it is not there, or Blender cannot show it.
    """
    armature = shot.head.armature
    baked = armature.ddfa.baked
    if footage is None:
        raise CaptureError("The take does not say where its footage is; choose the file.")
    if shot.take.is_recorded:
        raise CaptureError("The take was recorded by another program without a picture; capture footage instead.")
    with rollback_on_error():
        # First, for it may fail: then a camera that was deleted does not come back.
        image, rate, first = _load(footage, shot.take)
        camera = _own(armature)
        if camera is None:
            name = f"{armature.name} Camera"
            camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
            camera.parent = armature
            camera.rotation_mode = "QUATERNION"
        if not camera.users_collection:
            for collection in armature.users_collection:
                collection.objects.link(camera)
        pictures = camera.data.background_images
        picture = pictures[0] if len(pictures) else pictures.new()
        picture.source, picture.image = "IMAGE", image
        picture.frame_method, picture.display_depth, picture.alpha = "FIT", "BACK", 1.0
        picture.rotation, picture.scale = _upright(image, footage, shot.take)
        camera.data.show_background_images = True
    baked.camera, baked.camera_rate, baked.camera_first = camera, rate, first
    baked.camera_matrix, baked.camera_view, baked.camera_clip = np.zeros(16), 0.0, np.zeros(2)
    follow(shot)
    return camera


def of_head(armature: bpy.types.Object) -> bpy.types.Object | None:
    """A head's camera, if it has one that is in a scene: what was deleted lives on while something points to it."""
    camera = _own(armature)
    return camera if camera is not None and camera.users_scene else None


def _own(armature: bpy.types.Object) -> bpy.types.Object | None:
    """The camera that hangs on a head. A duplicate of a head names the original's, which it must not move."""
    camera = armature.ddfa.baked.camera
    return camera if camera is not None and camera.type == "CAMERA" and camera.parent == armature else None


def follow(shot: Shot) -> None:
    """Put a head's camera, if it has one, where the footage's camera stood, and its footage to the scene's time.

    What of place, lens and clipping was changed by hand stays, the lens until Camera View changes.
    """
    camera = of_head(shot.head.armature)
    if camera is None or not camera.is_editable or shot.take.is_recorded:
        return
    _look_as_wide(camera, shot)
    baked, scale = shot.head.armature.ddfa.baked, shot.head.armature.scale[0]
    data = camera.data
    if _is_untouched((data.clip_start, data.clip_end), baked.camera_clip):
        data.clip_start, data.clip_end = _CLIP_START * scale, _CLIP_END * scale
        baked.camera_clip = data.clip_start, data.clip_end
    if _is_untouched(np.ravel(camera.matrix_basis), baked.camera_matrix):
        field_of_view = math.degrees(shot.head.armature.ddfa.settings.head.field_of_view)
        camera.matrix_basis = Matrix(_matrix(shot, field_of_view).tolist())
        baked.camera_matrix = np.ravel(camera.matrix_basis)
    if len(data.background_images):
        _retime(camera, shot)


def _look_as_wide(camera: bpy.types.Object, shot: Shot) -> None:
    """Give the camera the footage's view."""
    header, settings = shot.take.header, shot.head.armature.ddfa.settings.head
    baked, data = shot.head.armature.ddfa.baked, camera.data
    if _is_untouched(settings.field_of_view, baked.camera_view) and not _is_untouched(data.angle, baked.camera_view):
        return
    data.sensor_fit = "HORIZONTAL" if header.width >= header.height else "VERTICAL"
    data.lens_unit, data.angle = "FOV", settings.field_of_view
    baked.camera_view = data.angle


def _is_untouched(now: ArrayLike, put: ArrayLike) -> bool:
    """Whether values are as they were put, but for rounding; also where nothing was put, or earlier releases did."""
    return not np.any(put) or np.allclose(now, put, rtol=1e-5, atol=1e-5)


def lines_up(armature: bpy.types.Object) -> str:
    """Why the head does not cover the face in its camera's footage, for the panel; "" = it does, or has no camera."""
    settings = armature.ddfa.settings.head
    if of_head(armature) is None:
        return ""
    if not settings.use_translation:
        return "The head stands still: switch on Head Translation to line it up with the footage"
    if settings.translation_amount != 1.0 or not all(settings.directions):
        return "The head moves only in part: set Amount to 1 in all directions to line it up with the footage"
    return ""


def _matrix(shot: Shot, field_of_view: float) -> NDArray[np.float64]:
    """The camera (4, 4) in the armature's space, metres."""
    performance, header = shot.performance, shot.take.header
    seen = np.flatnonzero(performance.tracked & shot.take.tracked)
    seen = seen[:: max(1, len(seen) // _FIT_FRAMES)]
    face = shot.model.landmarks68(performance.identity, performance.expression[seen])
    points = face @ to_matrices(performance.head_rotation[seen]).swapaxes(-1, -2)
    points += performance.head_translation[seen, None]
    focal = camera_fit.focal_length(header.width, header.height, field_of_view)
    pixels = camera_fit.centred(shot.take.landmarks68[seen], header.width, header.height)
    pivot = camera_fit.fit_origin(points, pixels, focal)
    # The head has been set straight by a turn of its whole world: the camera was turned with it.
    turn = shot.settings.head_motion.straight(performance.head_rotation, performance.tracked).T
    matrix = np.eye(4)
    matrix[:3, :3] = axes.directions(turn.T).T
    matrix[:3, 3] = axes.positions(-turn @ pivot)
    return matrix


def _load(footage: Path, take: Take) -> tuple[bpy.types.Image, float, int]:
    """The footage as an image; pictures per second as Blender counts them (0 = a still); number of the first one."""
    if not is_file(footage):
        raise CaptureError(f"There is no footage at {footage}; choose the file where it is now.")
    try:
        image = bpy.data.images.load(str(footage))
    except RuntimeError as error:
        raise CaptureError(f"Blender cannot show {footage.name}; convert it to MP4.") from error
    if image.source == "MOVIE":
        return _known(image), _movie_rate(footage) or take.header.fps, 1
    number = re.search(r"(\d+)\D*$", footage.stem)
    if len(take) > 1 and number is not None:
        image.source = "SEQUENCE"
        return _known(image), take.header.fps, int(number[1])
    return _known(image), 0.0, 1


def _known(image: bpy.types.Image) -> bpy.types.Image:
    """Another image of the same file that is read the same way, instead of this new one; itself if there is none.

    One that is read in another way, as a single picture perhaps, is the user's, and stays as it is.
    """
    path = bpy.path.abspath(image.filepath)
    for other in bpy.data.images:
        same = other.source == image.source and bpy.path.abspath(other.filepath, library=other.library) == path
        if same and other != image:
            bpy.data.images.remove(image)
            return other
    return image


def _upright(image: bpy.types.Image, footage: Path, take: Take) -> tuple[float, float]:
    """Rotation in radians and scale by which a picture that Blender shows lying on its side stands upright.

    Up to 4.3 Blender passes over the turn that phones note in their videos.
    """
    width, height = take.header.width, take.header.height
    if (image.size[0] > image.size[1]) == (width > height):
        return 0.0, 1.0
    import cv2

    capture = cv2.VideoCapture(str(footage), cv2.CAP_FFMPEG)
    turn = math.radians(capture.get(cv2.CAP_PROP_ORIENTATION_META))
    capture.release()
    # Blender first fits the lying picture into the standing frame, then turns it.
    return turn, max(width, height) / min(width, height)


def _movie_rate(footage: Path) -> float:
    """The rate by which Blender numbers a movie's pictures; not always the container's mean."""
    known = set(bpy.data.movieclips)
    clip = bpy.data.movieclips.load(str(footage), check_existing=True)
    rate = float(clip.fps)
    if clip not in known:
        bpy.data.movieclips.remove(clip)
    return rate


def _retime(camera: bpy.types.Object, shot: Shot) -> None:
    """Show in each frame of the scene the picture of the footage that belongs there.

    Blender shows one picture of a movie in each frame of the scene. Where that is not what is wanted, the offset is
    keyed frame by frame: stretched or of another rate, the footage keeps time with the head.
    """
    baked = shot.head.armature.ddfa.baked
    user = camera.data.background_images[0].image_user
    first, last = math.floor(baked.first_frame), math.ceil(baked.last_frame)
    user.use_auto_refresh, user.use_cyclic = True, False
    user.frame_start, user.frame_duration = 1, max(last, 1)
    rate = baked.camera_rate or average_rate(shot.performance.time)
    frames = np.arange(first, last + 1)
    end = shot.performance.time[-1]
    wanted = baked.camera_first + np.round(np.clip(shot.timebase.seconds_at(frames), 0.0, end) * rate)
    offsets = wanted - frames
    user.frame_offset = int(offsets[0])
    channels = actions.assigned(camera.data)
    if np.ptp(offsets) > 0:
        channels = channels or actions.animate(camera.name, [camera.data])[0]
        channels.write(_OFFSET_PATH, 0, frames, offsets, group="Footage")
    elif channels is not None:
        channels.remove(_OFFSET_PATH)
