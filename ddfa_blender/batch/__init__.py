# SPDX-License-Identifier: GPL-3.0-or-later
"""Many clips: each is one task that is done once, by processes on this machine or by a Dask cluster."""
