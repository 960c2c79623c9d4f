# SPDX-License-Identifier: GPL-3.0-or-later
"""The surface as pictures: how it is laid out, painted, baked from footage, and where each texel lies in space."""
