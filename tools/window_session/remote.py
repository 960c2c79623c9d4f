# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to the helper inside Blender, as files (see ``in_blender.py``)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..project import BuildError

_POLL_SECONDS = 0.01


class Remote:
    """One Blender that answers; ``alive`` tells whether it still runs."""

    def __init__(self, folder: Path, alive: Callable[[], bool]) -> None:
        self._folder = folder
        self._alive = alive
        self._count = 0

    def ask(self, what: str, *, timeout: float = 60.0, **arguments: Any) -> Any:
        """The value that the helper's function ``what`` returns.

        Raises:
            BuildError: it failed, Blender has ended, or no answer came within ``timeout`` seconds.
        """
        self._count += 1
        request = self._folder / f"request-{self._count:05d}.json"
        reply = self._folder / f"reply-{self._count:05d}.json"
        half = request.with_suffix(".half")
        half.write_text(json.dumps({"what": what, "with": arguments}), encoding="utf-8")
        os.replace(half, request)
        deadline = time.monotonic() + timeout
        while not reply.exists():
            if not self._alive():
                raise BuildError(f"Blender ended while it was asked for {what!r}; its log says why.")
            if time.monotonic() > deadline:
                raise BuildError(f"Blender gave no answer to {what!r} within {timeout:.0f} s; see the last picture.")
            time.sleep(_POLL_SECONDS)
        answer = json.loads(reply.read_text(encoding="utf-8"))
        reply.unlink()
        if "error" in answer:
            raise BuildError(f"Blender could not answer {what!r}:\n{answer['error']}")
        return answer["value"]
