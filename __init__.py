# SPDX-License-Identifier: GPL-3.0-or-later
"""DDFA Face Capture: footage of a face in, an animated head out."""


def register() -> None:
    """Called by Blender when the extension is enabled."""
    # Imported here, so that tools which merely walk the repository (pytest, mypy) need no bpy.
    from . import operators, panels, translations
    from .scene import file_handlers, properties

    translations.register()
    properties.register()
    operators.register()
    panels.register()
    file_handlers.register()


def unregister() -> None:
    """Called by Blender when the extension is disabled."""
    from . import operators, panels, translations
    from .scene import file_handlers, properties

    file_handlers.unregister()
    panels.unregister()
    operators.unregister()
    properties.unregister()
    translations.unregister()
