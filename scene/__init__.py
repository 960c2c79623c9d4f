# SPDX-License-Identifier: GPL-3.0-or-later
"""Adapters between the capture core's arrays and Blender's data."""
