# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 ARKit weights of a clip out of two sources: the network's scores, and the mesh that was fitted."""
