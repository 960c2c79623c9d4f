# SPDX-License-Identifier: GPL-3.0-or-later
"""What the interface says in other languages: one package of data for each, English text → translation.

Blender looks names, tooltips, buttons and constant reports up by itself. Texts with values in them are looked up by the
code that shows them, before the values are put in: ``pgettext_iface("Frame {frame}").format(frame=12)``, in reports
``pgettext_rpt``. So is, with ``pgettext_tip``, what code says in tooltips: ``poll_message_set()``, ``description()``.
Where Blender's own translation has a word it wins over this one, but not under ``CONTEXT``.

English in every language: the sentences of ``CaptureError`` that the capture core raises and all those with values in
them, which say exactly what they mean and can be searched for; the command line; names of data in the .blend file.

``tests/blender/interface_texts.py`` prints what a language lacks. Another is a package beside ``de`` and a line below.
"""

from __future__ import annotations

import bpy

from . import de

#: Blender's language code → English text → translation.
_LANGUAGES: dict[str, dict[str, str]] = {"de_DE": de.TEXTS}

#: For properties whose names mean something else in Blender's own German: "Ease" is a length of time here.
CONTEXT = "DDFA"

#: Contexts under which Blender looks up names, tooltips and labels, and the names of operators.
_CONTEXTS = ("*", "Operator", CONTEXT)


def messages() -> dict[str, dict[tuple[str, str], str]]:
    """For ``bpy.app.translations``: language → (context, English text) → translation."""
    return {
        language: {(context, english): text for english, text in texts.items() for context in _CONTEXTS}
        for language, texts in _LANGUAGES.items()
    }


def register() -> None:
    """Add the languages."""
    bpy.app.translations.register(__package__, messages())


def unregister() -> None:
    """Remove them."""
    bpy.app.translations.unregister(__package__)
