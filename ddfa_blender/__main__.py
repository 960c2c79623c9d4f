# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m ddfa_blender``."""

import sys

from .cli import main

sys.exit(main())
