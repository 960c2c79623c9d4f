# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text of the interface in every language.

Blender as a module has no languages. What it would show is checked where they are there (in a Blender with a window);
everywhere else the table that is handed to Blender is.
"""

from __future__ import annotations

import string
import types

import bpy
import interface_texts
import pytest
import support

#: A label may be that many times as long as the English one, and any label that many letters.
_LONGER, _ALWAYS_FITS = 2.2, 28
_HAS_GERMAN = "de_DE" in bpy.app.translations.locales


@pytest.fixture
def translations():
    return support.module("translations")


@pytest.fixture
def german():
    """German names, tooltips and reports; as it was afterwards."""
    view = bpy.context.preferences.view
    names = ("language", "use_translate_interface", "use_translate_tooltips", "use_translate_reports")
    before = {name: getattr(view, name) for name in names}
    view.language = "de_DE"
    view.use_translate_interface = view.use_translate_tooltips = view.use_translate_reports = True
    yield
    for name, value in before.items():
        setattr(view, name, value)


def tables(translations):
    """(language, English, translation) of every text."""
    return [
        (language, english, text)
        for language, table in translations.messages().items()
        for (context, english), text in table.items()
        if context == "*"
    ]


def fields(text):
    """What is put into a text: names in any order, or how many values without a name."""
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(text) if name is not None)


def test_every_text_is_translated(translations):
    assert interface_texts.missing() == {language: [] for language in translations.messages()}


def test_nothing_is_translated_that_is_not_shown(translations):
    assert interface_texts.obsolete() == {language: [] for language in translations.messages()}


def test_values_are_put_in_after_translating():
    assert interface_texts.untranslated() == []


def test_translations_take_the_same_values(translations):
    assert [text for _, english, text in tables(translations) if fields(english) != fields(text)] == []


def test_labels_fit_where_the_english_ones_do(translations):
    labels = interface_texts.labels()
    assert len(labels) > 100
    long = [
        text
        for _, english, text in tables(translations)
        if english in labels and len(text) > max(_LONGER * len(english), _ALWAYS_FITS)
    ]
    assert long == []


def test_texts_end_as_the_english_ones_do(translations):
    """Blender adds the full stop of a tooltip; a sentence in the panel has its own."""
    ends = ".?…"
    odd = [
        text
        for _, english, text in tables(translations)
        if english[-1] != text[-1] and {english[-1], text[-1]} & set(ends)
    ]
    assert odd == []


def test_no_text_is_translated_twice_by_two_modules():
    german = support.module("translations.de")
    parts = [part.TEXTS for part in vars(german).values() if isinstance(part, types.ModuleType)]
    assert len(parts) > 1
    assert sum(map(len, parts)) == len(german.TEXTS)


def test_names_and_buttons_are_looked_up_in_their_contexts(translations):
    table = translations.messages()["de_DE"]
    assert table["*", "Thin Keys"] == "Ausdünnen"
    assert table["Operator", "Capture"] == "Erfassen"
    assert table[translations.CONTEXT, "Ease"] == "Übergang"


class Translations:
    """As strict as Blender's: nothing is registered twice, nothing removed that is not there."""

    def __init__(self):
        self.registered = {}

    def register(self, name, messages):
        assert name not in self.registered
        self.registered[name] = messages

    def unregister(self, name):
        del self.registered[name]


def test_registering_twice_leaves_nothing_behind(translations, monkeypatch):
    blender = Translations()
    monkeypatch.setattr(translations, "bpy", types.SimpleNamespace(app=types.SimpleNamespace(translations=blender)))
    for _ in range(2):
        translations.register()
        assert list(blender.registered) == [translations.__name__]
        translations.unregister()
        assert blender.registered == {}


@pytest.mark.skipif(not _HAS_GERMAN, reason="this Blender has no languages")
def test_blender_speaks_german(german, translations):
    look_up = bpy.app.translations.pgettext_iface
    for _ in range(2):
        assert look_up("Capture") == look_up("Capture", "Operator") == "Erfassen"
        assert bpy.app.translations.pgettext_rpt("Capture cancelled") == "Erfassung abgebrochen"
        translations.unregister()
        assert look_up("Capture") == "Capture"
        translations.register()


#: A module with each way in which a text is shown or put together.
_CODE = """
def disabled_reason(context):
    if context.busy:
        return "Busy"
    return None if context.ready else "Not ready"

def description(cls, context, properties):
    return CHOICES[properties.choice]

def draw(layout, context, item):
    text = "One" if item.single else "Many"
    layout.label(text=text, icon="NOT_A_TEXT")
    for kind, label in (("A", "First"), ("B", "Second")):
        layout.operator("ddfa.some", text=label).kind = kind
    draw_reason(layout, context, iface_("At {} s").format(item.time))
    layout.prop(item, f"smooth_{kind}", text="")
    draw_text(layout, context, f"Take {item.name}", "INFO")
    draw_text(layout, context, f"{item.width} × {item.height}", "INFO")
    self.report({"INFO"}, "Took {}".format(item.name))
    cls.poll_message_set(tip_("Choose two"))
    cls.poll_message_set(reason)
    raise CaptureError("Choose one.") if item is None else CaptureError(f"No {item.name} there.")
"""


def test_the_collector_sees_every_way_to_show_a_text(tmp_path, monkeypatch):
    monkeypatch.setattr(support, "ROOT", tmp_path)
    (tmp_path / "panel.py").write_text(_CODE, encoding="utf-8")
    module = interface_texts.Module(tmp_path / "panel.py")
    expected = {"Busy", "Not ready", "One", "Many", "First", "Second", "At {} s", "Choose two", "Choose one."}
    assert {text for text in module.texts if text} == expected
    expected = [
        "CHOICES[properties.choice]",
        "f'Take {item.name}'",
        "'Took {}'.format(item.name)",
        "cls.poll_message_set(reason)",
    ]
    assert [code for _, code in module.untranslated] == expected


def test_the_collector_knows_what_blender_registered():
    labels, tooltips = interface_texts.labels(), interface_texts.tooltips()
    assert {"Capture", "Clean-up", "Ease to Neutral", "Model Folder", "Straight In", "In Point"} <= labels
    assert "Track the largest, most central face again" in tooltips
    assert not {"Capture", "Kept Keys"} & tooltips and "Kept Keys" not in labels
