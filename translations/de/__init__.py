# SPDX-License-Identifier: GPL-3.0-or-later
"""German, in the words of Blender's own: Formschlüssel, Skelett, Einzelbild, Zeitleiste, Streifen.

A frame of the scene is an Einzelbild, one of the footage a Bild. Nobody is addressed: what to do is an infinitive.
"""

from . import capture, exports, head, library, new_keys, performance, retarget, retarget_panel

#: English text → German text.
TEXTS: dict[str, str] = {
    **capture.TEXTS,
    **exports.TEXTS,
    **performance.TEXTS,
    **head.TEXTS,
    **library.TEXTS,
    **new_keys.TEXTS,
    **retarget.TEXTS,
    **retarget_panel.TEXTS,
}
