# SPDX-License-Identifier: GPL-3.0-or-later
"""How the bundled model was made: morphable model, labels, regressor, renders. Never shipped."""
