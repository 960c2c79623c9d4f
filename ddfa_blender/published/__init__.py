# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn the files of the 3DDFA-V2 authors into a model folder; nothing of theirs comes with this project."""
