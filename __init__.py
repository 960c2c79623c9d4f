# SPDX-License-Identifier: GPL-3.0-or-later
"""DDFA Face Capture: footage of a face in, an animated head out."""


def register() -> None:
    """Called by Blender when the extension is enabled."""
    # Imported here, so that tools which merely walk the repository (pytest, mypy) need no bpy.
    from . import operators, panels
    from .scene import properties

    properties.register()
    operators.register()
    panels.register()


def unregister() -> None:
    """Called by Blender when the extension is disabled."""
    from . import operators, panels
    from .scene import properties

    panels.unregister()
    operators.unregister()
    properties.unregister()
