# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Blender with a window, worked with a real mouse: checks what headless tests cannot see, and takes the
pictures for the user docs.

    python -m tools.window_session.make_root trixie FOLDER            # once: a Debian with Blender in it
    python -m tools.window_session --blender-root FOLDER --zip ZIP --out FOLDER [--clip CLIP] [--scenario NAME]

How the mouse finds a button: Blender tells scripts where its regions are, but not where the buttons in them are. So
the session moves the mouse down a panel and asks Blender, through the helper ``in_blender.py``, which operator or
property the button beneath the mouse has (the same question that "Copy Python Command" and "Copy Data Path" in a
button's own menu answer), once Blender has seen the mouse there. Nothing depends on a layout, a font, a theme or a
translation, and a button that a user could not reach is not found either.

Where the panels are, and which are open, Blender knows but has no attribute for: it is read from its memory
(``dna.py``), scrolled to, and their headers are clicked. All that is tried is done with mouse and keyboard; requests to
``in_blender.py`` prepare scenes and look at what has become of them.
"""
