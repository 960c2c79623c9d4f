# SPDX-License-Identifier: GPL-3.0-or-later
"""The panels drawn into a layout that checks every name against what is registered; no window exists here."""

from __future__ import annotations

import types

import bpy
import pytest
import support


class Layout:
    """Records what a panel draws; unknown properties and operators fail."""

    def __init__(self, record=None):
        self.record = [] if record is None else record

    def row(self, **_):
        return Layout(self.record)

    column = box = row

    def prop_search(self, data, name, searched, collection, **_):
        assert collection in searched.bl_rna.properties
        self.prop(data, name)

    def operator_menu_enum(self, name, prop, **_):
        self.operator(name)
        assert prop in getattr(bpy.ops.ddfa, name.partition(".")[2]).get_rna_type().properties

    def separator(self, **_):
        pass

    def prop(self, data, name, **_):
        assert name in data.bl_rna.properties, name
        self.record.append(("prop", name))

    def operator(self, name, **_):
        namespace, _, function = name.partition(".")
        assert getattr(getattr(bpy.ops, namespace), function).get_rna_type() is not None
        self.record.append(("operator", name))
        return types.SimpleNamespace()  # takes the operator's properties

    def label(self, text, icon="NONE", **_):
        self.record.append(("label", text))

    def template_list(self, list_type, _name, data, items, active_data, active, **_):
        assert getattr(bpy.types, list_type).is_registered
        assert items in data.bl_rna.properties and active in active_data.bl_rna.properties
        self.record.append(("list", list_type))

    def template_icon(self, icon_value, scale):
        self.record.append(("picture", scale))

    def progress(self, factor, type, text):  # noqa: A002 (Blender's name)
        assert 0.0 <= factor <= 1.0
        self.record.append(("progress", text))


def panel_classes():
    """Every panel of the tab by its class name, but the presets' list, which Blender draws."""
    classes = support.module("panels").panel_classes()
    return {cls.__name__: cls for cls in classes if not cls.__name__.endswith("_presets")}


@pytest.fixture
def draw():
    """Draw a panel by its class name; gives what it drew."""
    context = support.sidebar_context()

    def draw_panel(name):
        cls = panel_classes()[name]
        panel = types.SimpleNamespace(layout=Layout())  # only Blender can make a real one
        if hasattr(cls, "draw_settings"):
            panel.draw_settings = types.MethodType(cls.draw_settings, panel)
        cls.draw(panel, context)
        return panel.layout.record

    draw_panel.context = context
    return draw_panel


@pytest.fixture
def state():
    module = support.module("operators.state")
    yield module
    module.job = None


def labels(record):
    return " ".join(text for kind, text in record if kind == "label")


def test_a_grey_capture_button_says_why(draw, state):
    record = draw("DDFA_PT_capture")
    assert ("operator", "ddfa.capture") in record
    assert labels(record) == "Pick the footage first"
    bpy.context.scene.ddfa.footage.video = "//a.mp4"
    assert labels(draw("DDFA_PT_capture")) == "Reading the footage…"


def test_a_running_capture_shows_progress_and_cancel_instead_of_the_button(draw, state):
    progress = support.module("operators.job").Progress(30, 120, 60.0)
    state.job = types.SimpleNamespace(progress=progress, cancelling=False)
    record = draw("DDFA_PT_capture")
    assert ("progress", "30 of 120, 60 fps, 2 s left") in record
    assert ("operator", "ddfa.cancel_capture") in record
    assert ("operator", "ddfa.capture") not in record
    state.job.cancelling = True
    assert ("progress", "Cancelling…") in draw("DDFA_PT_capture")


@pytest.fixture
def heads(model):
    """The armatures of two captured heads."""
    apply, performance = support.module("scene.pipeline").apply_performance, support.performance()
    made = [apply(bpy.context, model, performance, name=name).head.armature for name in ("Anna", "Bert")]
    for armature in made:
        armature.ddfa.take = "made up"
    return made


def test_the_panel_says_whose_settings_it_shows_if_it_may_not_be_who_is_meant(draw, state, heads):
    scene, (anna, bert) = bpy.context.scene, heads
    assert "No head is chosen: the panels below are for the next capture" in labels(draw("DDFA_PT_capture"))
    scene.ddfa.head = anna
    assert "head" not in labels(draw("DDFA_PT_capture")).split("first")[-1].lower()
    draw.context.active_object = bert.children[0]
    assert "Bert is selected, but not the current head" in labels(draw("DDFA_PT_capture"))
    draw.context.active_object = anna
    assert "selected" not in labels(draw("DDFA_PT_capture"))


def test_the_panel_names_the_action_that_keeps_edited_keys(draw, state, heads):
    scene, (anna, _) = bpy.context.scene, heads
    scene.ddfa.head = anna
    assert ("operator", "ddfa.dismiss_kept_edits") not in draw("DDFA_PT_capture")
    anna.ddfa.baked.kept_edits = bpy.data.actions.new("Anna Edited").name
    record = draw("DDFA_PT_capture")
    assert "the action Anna Edited keeps them" in labels(record)
    assert ("operator", "ddfa.dismiss_kept_edits") in record


def test_gains_that_do_nothing_to_the_head_are_told_of_beside_their_list(draw, state):
    assert "only eyelids, gaze and tongue move" in labels(draw("DDFA_PT_gains"))
    bpy.context.scene.ddfa.settings.head.driving = "ARKIT"
    assert "gaze" not in labels(draw("DDFA_PT_gains"))


def test_a_frame_range_of_the_users_own_is_told_of_beside_its_setting(draw, state):
    scene = bpy.context.scene
    assert "by hand" not in labels(draw("DDFA_PT_timing"))
    scene.frame_start, scene.frame_end = 1001, 1100
    assert "The scene's range was set by hand and stays" in labels(draw("DDFA_PT_timing"))


def test_while_shape_keys_are_made_their_panel_shows_progress_and_cancel(draw, state, monkeypatch):
    keys = support.module("operators.key_transfer")
    assert ("operator", "ddfa.make_keys") in draw("DDFA_PT_new_keys")
    progress = support.module("operators.job").Progress(450, 1000)
    state.job = types.SimpleNamespace(progress=progress, cancelling=False)
    assert ("operator", "ddfa.make_keys") in draw("DDFA_PT_new_keys")  # a capture, not ours
    monkeypatch.setattr(keys, "_fitting", state.job)
    monkeypatch.setattr(state, "_told", keys._told)
    record = draw("DDFA_PT_new_keys")
    assert ("progress", "Fitting the head, 45 %") in record and ("operator", "ddfa.cancel_capture") in record
    assert ("operator", "ddfa.make_keys") not in record
    assert ("progress", "Fitting the head, 45 %") in draw("DDFA_PT_capture")


def test_the_status_bar_tells_how_far_and_how_to_stop_until_the_end(state):
    bar, shown = support.module("operators.status_bar"), []
    status = [(0.25, "12 of 48")]
    original, bar._set = bar._set, shown.append
    try:
        bar.show(lambda: status[0])
        bar.hide()
    finally:
        bar._set = original
    draw_bar, last = shown
    assert last is None
    layout = Layout()
    draw_bar(types.SimpleNamespace(layout=layout), None)
    assert ("label", "Cancel") in layout.record and ("progress", "12 of 48") in layout.record
    status[0] = None  # ended between two redraws
    empty = Layout()
    draw_bar(types.SimpleNamespace(layout=empty), None)
    assert empty.record == []


def test_how_it_went_is_told_beside_the_button_as_well(draw, state):
    state.tell("Retargeted as Hero", about="retarget")
    assert "Retargeted as Hero" in labels(draw("DDFA_PT_retarget"))
    assert "Retargeted as Hero" not in labels(draw("DDFA_PT_new_keys"))
    state.tell("No face was found in this mesh.", is_error=True, about="keys")
    assert "No face was found in this mesh." in labels(draw("DDFA_PT_new_keys"))
    for topic, name in (("mapping", "mapping"), ("poses", "face_poses"), ("export", "export"), ("takes", "takes")):
        state.tell(f"About {topic}", about=topic)
        assert f"About {topic}" in labels(draw(f"DDFA_PT_{name}"))
        assert f"About {topic}" in labels(draw("DDFA_PT_capture"))
        assert f"About {topic}" not in labels(draw("DDFA_PT_retarget"))
    state.tell("Captured 12 frames")
    assert not any("Captured" in labels(draw(name)) for name in ("DDFA_PT_retarget", "DDFA_PT_new_keys"))
    assert "Captured 12 frames" in labels(draw("DDFA_PT_capture"))


def test_a_long_message_is_wrapped_and_complete(draw, state):
    message = "No face was found in a clip with a rather long name.mp4; use footage in which a face is clearly visible."
    state.tell(message, is_error=True)
    record = draw("DDFA_PT_capture")
    assert labels(record) == f"Pick the footage first {message}"
    assert len([kind for kind, _ in record if kind == "label"]) > 3


#: Groups that a bake fills in; the panels show them as text.
_RESULTS = {"BakedState", "FittedKeys", "Retargeted"}


def groups():
    """Every property group of the extension, and the paths of the pointers to groups inside it."""
    properties = support.module("scene.properties")
    seen, waiting = [], [properties.SceneState, properties.HeadState]
    while waiting:
        cls = waiting.pop()
        if cls in seen or cls.__name__ in _RESULTS:
            continue
        seen.append(cls)
        for prop in cls.bl_rna.properties:
            inner = _group(prop)
            if inner is not None:
                waiting.append(inner)
    return seen


def _group(prop):
    """The property group that a property holds, or None."""
    if prop.type not in ("POINTER", "COLLECTION"):
        return None
    return bpy.types.PropertyGroup.bl_rna_get_subclass_py(prop.fixed_type.identifier)


def own_properties(cls):
    return [prop for prop in cls.bl_rna.properties if prop.identifier not in ("rna_type", "name")]


#: Not for users to set, or drawn in the lines of a list.
_INTERNAL = {"has_face", "face_point", "face_time", "take", "take_uid", "problem", "active_channel", "gain"}
_INTERNAL |= {"fitted_range"}
#: The same of a retargeting: lists of meshes and targets, and what is shown of the chosen target.
_INTERNAL |= {
    "mesh", "use_mesh", "active_mesh", "active_target", "owner", "score", "reason", "lost_targets", "channel",
    "source_gain", "source_min", "source_max", "point_in", "point_out", "target_min", "target_max", "bone_location",
    "bone_rotation", "bone_scale", "mapping_text", "active_pose", "armature_name",
}  # fmt: skip


def footage_choices(monkeypatch):
    """Put the scene into states in which all settings of the footage show, one after another."""
    reader, info = support.module("scene.footage"), support.module("ddfa_blender.footage.footage_info")
    reading = reader.Reading(info.FootageFacts(640, 480, 25.0, 100), "", (0, 0))
    monkeypatch.setattr(reader, "peek", lambda source: reading)
    monkeypatch.setattr(reader, "view", lambda footage, source, reading: None)
    footage, target = bpy.context.scene.ddfa.footage, bpy.context.scene.ddfa.target
    for footage.source in ("CLIP", "STRIP", "FILE"):
        yield
    footage.video, target.kind = "//picture_01.png", "HEAD"
    yield


def bare_rig():
    """An armature without bones."""
    rig = bpy.data.objects.new("Bare", bpy.data.armatures.new("Bare"))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.update()
    return rig


def test_every_setting_is_shown_once(draw, state, monkeypatch):
    shown = set()
    settings = bpy.context.scene.ddfa.retarget
    settings.character = bare_rig()  # bones can be chosen once there are some
    settings.targets.add().name = "Jaw"  # an empty mapping shows no list
    for _ in footage_choices(monkeypatch):
        names = [name for panel in panel_classes() for kind, name in draw(panel) if kind == "prop"]
        assert len(names) == len(set(names))
        shown |= set(names)
    declared = [p.identifier for cls in groups() for p in own_properties(cls) if _group(p) is None]
    assert sorted(shown) == sorted(set(declared) - _INTERNAL)


def test_every_setting_has_a_tooltip_of_one_sentence_without_a_full_stop(state):
    for cls in groups():
        for prop in own_properties(cls):
            if _group(prop) is None:
                assert prop.description and not prop.description.endswith("."), prop.identifier


def test_the_chosen_target_of_a_mapping_can_be_edited(draw, state):
    settings = bpy.context.scene.ddfa.retarget
    target = settings.targets.add()
    target.name, target.owner, target.reason, target.score = "Jaw_Open", "Face", "ARKit: jawOpen", 0.9
    source = target.sources.add()
    source.channel = "jawOpen"
    source.points.add()
    settings.lost_targets = "Tail"
    record = draw("DDFA_PT_mapping")
    shown = [name for kind, name in record if kind == "prop"]
    for name in ("channel", "source_gain", "point_in", "point_out", "target_min", "target_max"):
        assert shown.count(name) == 1
    text = labels(record)
    assert "ARKit: jawOpen, 90 %" in text and "Not on this character: Tail" in text
    assert "Targets: 1 driven, 0 unmatched" in text and "51 channels drive nothing" in text


def test_an_empty_mapping_takes_no_room_and_says_why(draw, state):
    record = draw("DDFA_PT_mapping")
    assert ("list", "DDFA_UL_mapping") not in record and ("prop", "shown_targets") not in record
    assert "Choose the character's armature" in labels(record)
    bpy.context.scene.ddfa.retarget.character = bare_rig()
    assert "Nothing on this character can be driven yet" in labels(draw("DDFA_PT_mapping"))


def test_bones_are_asked_for_only_where_there_are_some(draw, state):
    settings = bpy.context.scene.ddfa.retarget
    assert ("prop", "head_bone") not in draw("DDFA_PT_retarget")
    assert "no head to turn" not in labels(draw("DDFA_PT_retarget"))
    settings.face_meshes.add().name = "Face"
    assert "Without an armature there is no head to turn" in labels(draw("DDFA_PT_retarget"))
    settings.character = bare_rig()
    record = draw("DDFA_PT_retarget")
    assert ("prop", "head_bone") in record and "No head bone is known" in labels(record)


def test_recorded_poses_are_a_list_in_which_a_click_chooses_the_channel(draw, state):
    assert ("list", "DDFA_UL_face_poses") not in draw("DDFA_PT_face_poses")
    rig, settings = bare_rig(), bpy.context.scene.ddfa.retarget
    settings.character = rig
    for name in ("jawOpen", "eyeBlinkLeft"):
        rig.ddfa.face_poses.add().name = name
    assert ("list", "DDFA_UL_face_poses") in draw("DDFA_PT_face_poses")
    settings.pose_channel = "mouthPucker"
    assert settings.active_pose == -1
    settings.active_pose = 1
    assert settings.pose_channel == "eyeBlinkLeft" and settings.active_pose == 1
    settings.active_pose = 7
    assert settings.pose_channel == "eyeBlinkLeft"
