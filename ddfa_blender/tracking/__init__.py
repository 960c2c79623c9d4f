# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a face and following it: detector, ROI, regressor, tracker."""
