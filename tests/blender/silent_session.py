# SPDX-License-Identifier: GPL-3.0-or-later
"""A session that may not talk: ``python tests/blender/silent_session.py FOLDER``.

Imports and enables the extension, captures, bakes again and exports in every format; what tried to open a socket, to
resolve a name or to start a program meanwhile is printed as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

#: Events of Python's audit hooks.
FORBIDDEN = (
    "socket.__new__", "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname",
    "urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect", "webbrowser.open", "subprocess.Popen",
    "os.system", "os.posix_spawn", "os.exec", "os.fork", "os.spawn", "pickle.find_class",
)  # fmt: skip

_seen: list[str] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event in FORBIDDEN:
        where = [frame.filename for frame in traceback.extract_stack(limit=12) if "importlib" not in frame.filename]
        _seen.append(f"{event} {arguments!r:.100} from {where[-2]}")


def main(folder: Path) -> None:
    """Do all of it."""
    import support

    support.prepare_user_folder()
    import bpy

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    sys.addaudithook(_hook)
    support.enable_extension()
    sys.path.insert(0, str(support.ROOT))
    from tools import soak_in_blender

    soak_in_blender.use_made_up_faces()
    clip = soak_in_blender.make_clip(folder, 8)
    scene = bpy.context.scene
    scene.ddfa.footage.video = str(clip)
    assert bpy.ops.ddfa.capture() == {"FINISHED"}
    armature = scene.ddfa.head
    armature.ddfa.settings.head.neck_share = 0.7
    assert armature.ddfa.problem == ""
    heads, exports = support.module("scene.head"), support.module("scene.exports")
    written = []
    for name, kind in exports.FORMATS.items():
        if kind.missing() is None:
            written.append(
                kind.write(bpy.context, heads.of_armature(armature), folder / f"{name}{kind.suffixes[0]}").name
            )
    assert support.module("operators.command").main(["takes", "--json", str(folder)]) == 0
    (folder / "result.json").write_text(json.dumps({"seen": _seen, "written": written}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    import support

    support.discard_user_folder()
    os._exit(0)
