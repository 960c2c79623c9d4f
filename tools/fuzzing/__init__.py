# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged and malicious files for every reader: how they are made (mutations, seeds), who reads them, what is allowed.

The tests in tests/fuzz/ let hypothesis drive the same table; ``python -m tools.fuzz`` runs it in bulk.
"""
