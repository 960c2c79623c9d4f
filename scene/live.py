# SPDX-License-Identifier: GPL-3.0-or-later
"""A captured head follows its settings: changing one bakes its take anew, without reading the footage again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt_

from ..ddfa_blender import solutions
from ..ddfa_blender.cleaning.cleanup import CleanUpSettings
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.performance import Performance
from ..ddfa_blender.solve import SolveSettings
from . import head, pipeline, takes
from .preferences import preferences

_paused = 0

#: Called with the armature of a captured head after it was baked again.
after_bake: list[Callable[[bpy.types.Object], None]] = []


@contextmanager
def paused() -> Iterator[None]:
    """Settings may change inside without any effect."""
    global _paused  # noqa: PLW0603 (update callbacks have no other way to know)
    _paused += 1
    try:
        yield
    finally:
        _paused -= 1


def is_paused() -> bool:
    """Settings change without any effect just now."""
    return _paused > 0


def changed(settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """The ``update`` of every setting: if it is a captured head's, re-bake that head."""
    owner = settings.id_data
    if is_paused() or not isinstance(owner, bpy.types.Object):
        return
    try:
        rebake(context.scene, owner)
    except CaptureError as error:
        owner.ddfa.problem = str(error)
    else:
        owner.ddfa.problem = ""


def read_only_reason(armature: bpy.types.Object | None) -> str | None:
    """Why a captured head cannot follow its settings here; None when it can, or is no captured head."""
    captured = head.of_armature(armature)
    if captured is None:
        return None
    for block in (captured.armature, captured.mesh, captured.mesh.data.shape_keys):
        animated = block.animation_data.action if block.animation_data is not None else None
        for owner in (block, animated):
            if owner is None or (owner.library is None and owner.override_library is None):
                continue
            source = owner.library or owner.override_library.reference.library
            text = rpt_(
                "The head is linked from {file}; change it there, or make all of it local "
                "(Object, Relations, Make Local)"
            )
            return text.format(file=bpy.path.basename(source.filepath))
    return None


def rebake(scene: bpy.types.Scene, armature: bpy.types.Object) -> None:
    """Bake the take of a captured head again, with its settings as they are now, over its animation.

    Raises:
        CaptureError: it is no captured head or a linked one, lacks a bone, or its take is gone or does not fit;
            nothing has changed then.
    """
    captured = head.of_armature(armature)
    if captured is None:
        raise CaptureError("The armature carries no captured head any more; capture the footage again.")
    reason = read_only_reason(armature)
    if reason is not None:
        raise CaptureError(f"{reason}.")
    trouble = takes.problem(armature)
    if trouble:
        raise CaptureError(trouble)
    settings, take_file = armature.ddfa.settings, takes.of_head(armature)
    performance = performance_of(take_file, settings.solve_settings(), settings.clean_up())
    take = solutions.take_at(take_file) if armature.ddfa.baked.camera is not None else None
    pipeline.bake_again(scene, captured, model_of(take_file), performance, settings.bake_settings(), take)
    for follow in after_bake:
        follow(armature)


def performance_of(take_file: Path, solving: SolveSettings, cleaning: CleanUpSettings) -> Performance:
    """Solve and clean the take in a file. What has not changed since the last time is not done again.

    Raises:
        CaptureError: the take is missing or damaged, no frame of it is good enough, or its model has no head.
    """
    return solutions.performance_of(take_file, model_of(take_file), solving, cleaning)


def model_of(take_file: Path) -> MorphableModel:
    """The head whose coefficients a take holds.

    Raises:
        CaptureError: the take is missing or damaged, or its model has no head.
    """
    return solutions.head_model(solutions.take_at(take_file).header.basis, preferences().model_folder)
