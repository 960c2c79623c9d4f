# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads of other makers' rigs: found by their names, and turned in the world exactly as was performed."""

from __future__ import annotations

import math

import bpy
import characters
import head_rigs
import numpy as np
import pytest
import support

#: Model (x, y, z) → the character's left, back and up.
_FROM_MODEL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
_MOMENTS = (3, 12, 20)


@pytest.fixture
def settings():
    return bpy.context.scene.ddfa.retarget


def turned(performance, index):
    """The head's turn (3, 3) in a sample in the character's axes: Rodrigues' formula on the quaternion's axis."""
    q = performance.head_rotation[index]
    half = math.acos(float(np.clip(q[0], -1.0, 1.0)))
    axis = q[1:] / max(math.sin(half), 1e-12)
    cross = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    turn = np.eye(3) + math.sin(2.0 * half) * cross + (1.0 - math.cos(2.0 * half)) * cross @ cross
    return _FROM_MODEL @ turn @ _FROM_MODEL.T


def angle(rotation):
    return math.degrees(math.acos(float(np.clip((np.trace(rotation) - 1.0) / 2.0, -1.0, 1.0))))


@pytest.fixture(params=head_rigs.RIGS)
def kind(request):
    return head_rigs.RIGS[request.param]


@pytest.fixture
def rig(kind):
    """On a carrier that is turned, tilted and scaled, and with a root that the animator has made larger."""
    made = kind.build("Someone")
    carrier = bpy.data.objects.new("Carrier", None)
    bpy.context.scene.collection.objects.link(carrier)
    carrier.rotation_euler, carrier.scale, carrier.location = (0.3, -0.2, 2.1), (1.7, 1.7, 1.7), (4.0, 5.0, 6.0)
    made.parent = carrier
    root = next(bone for bone in made.pose.bones if bone.parent is None)
    if root.name not in kind.necks:
        root.scale = (1.2, 1.2, 1.2)
    bpy.context.view_layer.update()
    return made


def test_its_head_and_necks_are_known(kind, rig, settings):
    settings.character = rig
    assert settings.head_bone == kind.head
    found = [name for name in (settings.lower_neck_bone, settings.neck_bone) if name]
    assert found == list(kind.necks)


@pytest.mark.parametrize("share", [0.0, 40.0])
def test_its_head_turns_in_the_world_as_was_performed(kind, rig, settings, performed, share):
    settings.character, settings.share_neck, settings.use_face = rig, share, False
    result = support.module("scene.retarget").retarget(bpy.context)
    assert result.bones == 1 + len(kind.necks) and not result.warnings
    to_world = np.array(rig.matrix_world.to_quaternion().to_matrix()) @ kind.frame()
    for index in _MOMENTS:
        wanted = turned(performed, index)
        assert angle(wanted) > 5.0
        found = characters.turn(rig, kind.moved, index + 1, world=True)
        np.testing.assert_allclose(found, to_world @ wanted @ to_world.T, atol=2e-3)
        low = characters.turn(rig, kind.necks[0], index + 1, world=True)
        assert angle(low) == pytest.approx(share / 100.0 / len(kind.necks) * angle(wanted), abs=0.2)
