# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures that panels show as icons. They are no data-blocks: neither the file nor undo knows of them."""

from __future__ import annotations

import bpy
import bpy.utils.previews
import numpy as np
from numpy.typing import NDArray

_collection: bpy.utils.previews.ImagePreviewCollection | None = None


def show(name: str, picture: NDArray[np.uint8]) -> None:
    """Make ``picture`` (H, W, 3 or 4) RGB(A), first row on top, the one of this name. Main thread only."""
    global _collection  # noqa: PLW0603 (this module is its home)
    if _collection is None:
        _collection = bpy.utils.previews.new()
    preview = _collection[name] if name in _collection else _collection.new(name)
    height, width = picture.shape[:2]
    pixels = np.ones((height, width, 4), dtype=np.float32)
    pixels[..., : picture.shape[2]] = picture[::-1] / np.float32(255.0)
    if tuple(preview.image_size) != (width, height):
        preview.image_size = width, height
    preview.image_pixels_float.foreach_set(pixels.ravel())


def icon(name: str) -> int:
    """The picture's icon; 0 when there is none."""
    return int(_collection[name].icon_id) if _collection is not None and name in _collection else 0


def exists(name: str) -> bool:
    """A picture of this name can be shown."""
    return _collection is not None and name in _collection


def forget(name: str) -> None:
    """Free a picture."""
    if _collection is not None and name in _collection:
        del _collection[name]


def clear() -> None:
    """Free all pictures."""
    global _collection  # noqa: PLW0603 (this module is its home)
    if _collection is not None:
        bpy.utils.previews.remove(_collection)
        _collection = None
