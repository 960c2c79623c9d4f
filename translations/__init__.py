# SPDX-License-Identifier: GPL-3.0-or-later
"""What the interface says in other languages: one package of data for each, English text → translation.

Blender looks names, tooltips, buttons and constant reports up by itself. Texts with values in them are looked up by the
code that shows them, before the values are put in: ``pgettext_iface("Frame {frame}").format(frame=12)``; in reports
and reasons it is ``pgettext_rpt``. Where Blender's own translation has a word it wins over this one.

English in every language: the sentences of ``CaptureError`` that the capture core raises and all those with values in
them, which say exactly what they mean and can be searched for; the command line; names of data in the .blend file.

``tests/blender/interface_texts.py`` prints what a language lacks. Another is a package beside ``de`` and a line below.
"""

from __future__ import annotations

import bpy

from . import de

#: Blender's language code → English text → translation.
_LANGUAGES: dict[str, dict[str, str]] = {"de_DE": de.TEXTS}

#: Contexts under which Blender looks up names, tooltips and labels, and the names of operators.
_CONTEXTS = ("*", "Operator")


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
