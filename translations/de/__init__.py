# SPDX-License-Identifier: GPL-3.0-or-later
"""German, in the words of Blender's own: Formschlüssel, Skelett, Einzelbild, Zeitleiste, Streifen.

A frame of the scene is an Einzelbild, one of the footage a Bild. Nobody is addressed: what to do is an infinitive.
"""

from . import capture, head, library, performance

#: English text → German text.
TEXTS: dict[str, str] = {**capture.TEXTS, **performance.TEXTS, **head.TEXTS, **library.TEXTS}
