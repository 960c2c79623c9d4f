# SPDX-License-Identifier: GPL-3.0-or-later
"""The 52 ARKit shapes of our own head, taken over to a mesh that has none (deformation transfer)."""
