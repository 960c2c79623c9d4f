# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading footage: videos, photos, numbered pictures; what is known of it, and small pictures of it."""
