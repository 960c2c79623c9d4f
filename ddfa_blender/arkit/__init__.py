# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 ARKit weights of a clip out of what two networks say, and of the mesh that was fitted."""
