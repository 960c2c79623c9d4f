# SPDX-License-Identifier: GPL-3.0-or-later
"""The capture core: footage in, clean animation channels out. No bpy anywhere in it."""

__version__ = "0.1.0"
