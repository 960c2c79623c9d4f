# SPDX-License-Identifier: GPL-3.0-or-later
"""The capture core: footage in, clean animation channels out. No bpy anywhere in it."""

import os

__version__ = "0.1.0"

# Here, because OpenCV reads them when it is loaded, whichever module is the first to do so.
# Its own limit would let a small file unpack to 3 GiB.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**28))
# FFmpeg prints its own complaints; ours are enough.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
