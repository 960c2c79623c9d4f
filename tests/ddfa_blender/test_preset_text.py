# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.preset_text import Step, read_preset

WRITTEN = """import bpy
settings = bpy.context.scene.ddfa.current()

settings.cleanup.gaps = 'ease'
settings.head.level_yaw = -0.5
settings.cleanup.channel_gains.clear()
item_sub_1 = settings.cleanup.channel_gains.add()
item_sub_1.name = 'jawOpen'
"""


def test_what_blender_writes_is_read() -> None:
    gains = ("cleanup", "channel_gains")
    assert read_preset(WRITTEN) == [
        Step("set", None, ("cleanup", "gaps"), "ease"),
        Step("set", None, ("head", "level_yaw"), -0.5),
        Step("clear", None, gains),
        Step("add", None, gains, "item_sub_1"),
        Step("set", "item_sub_1", ("name",), "jawOpen"),
    ]


def test_a_group_may_have_a_name_and_the_whole_path_may_stand_there() -> None:
    text = (
        "head = bpy.context.scene.ddfa.current().head\nhead.share = 1\nbpy.context.scene.ddfa.current().head.x = (1, 2)"
    )
    assert read_preset(text) == [Step("set", None, ("head", "share"), 1), Step("set", None, ("head", "x"), (1, 2))]


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "__import__('os').system('true')",
        "settings.head.share = eval('1')",
        "settings.head.share = settings.head.other",
        "settings.__class__.x = 1",
        "settings.head['share'] = 1",
        "bpy.ops.wm.quit_blender()",
        "bpy.context.scene.name = 'x'",
        "x.y = 1",
        "settings.head.share = [0] * 10**9",
        "settings.head.share = {'a': 1}",
        "settings.head.share += 1",
        "def f(): pass",
        "settings.list.add(1)",
        "settings.head.share =",
        "(" * 500,
    ],
)
def test_whatever_else_stands_in_a_preset_is_refused(line: str) -> None:
    with pytest.raises(CaptureError, match="preset"):
        read_preset(f"import bpy\nsettings = bpy.context.scene.ddfa.current()\n{line}\n")
