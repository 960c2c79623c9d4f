# SPDX-License-Identifier: GPL-3.0-or-later
"""Solution → Performance: gaps, spikes, neutral face, smoothing, balance, gains; and fewer keys."""
