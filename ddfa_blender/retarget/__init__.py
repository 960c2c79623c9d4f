# SPDX-License-Identifier: GPL-3.0-or-later
"""From our channels to the shape keys, bones and properties of somebody else's character."""
