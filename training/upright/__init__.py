# SPDX-License-Identifier: GPL-3.0-or-later
"""How the second network, which reads the 52 ARKit weights off the upright face, is trained."""
