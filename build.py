# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry for set-up: ``python build.py env | test | zip | demo [VIDEO] | model | bench``."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (an older one may well run this)
    sys.exit("error: Python 3.11 or newer is needed to run build.py")

from tools.command_line import main

if __name__ == "__main__":
    sys.exit(main())
