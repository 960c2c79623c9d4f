# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of build.py: environments, wheels, zip, tests, demo. Never shipped.

What build.py itself imports needs only the standard library, because it runs before anything is installed.
"""
