# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of our own morphable model with exact labels, rendered with Cycles (run inside ``bpy``)."""
