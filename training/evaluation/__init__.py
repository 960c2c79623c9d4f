# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a regressor beside the published one and the labels' teacher: ``python -m training.evaluation.scores``."""
