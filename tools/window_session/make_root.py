# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a Debian with Blender in a folder: ``python -m tools.window_session.make_root SUITE FOLDER``.

``trixie`` has Blender 4.3.2, ``sid`` the newest of Debian. Needs root and the program debootstrap, takes a minute or
two and about 2.5 GB; to be rid of it, delete the folder.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ..project import BuildError, check, log

MIRROR = "http://deb.debian.org/debian"
#: What Blender's package leaves to the administrator is named too: OpenGL in software, what its extensions need.
PACKAGES = (
    "blender", "xvfb", "xauth", "xdotool", "imagemagick", "libgl1-mesa-dri", "fonts-dejavu-core",
    "python3-numpy", "python3-requests", "python3-cattr",
)  # fmt: skip

#: In a mount namespace of its own, so that nothing stays mounted; services must not start in a chroot.
_INSTALL = r"""set -e
root="$1"; shift
mount --make-rprivate /
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount --bind /proc "$root/proc"
mount --rbind /dev "$root/dev"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
exec chroot "$root" apt-get -o Dpkg::Options::=--force-unsafe-io install --yes --no-install-recommends "$@"
"""


def make(suite: str, folder: Path) -> None:
    """Fill ``folder`` with Debian's ``suite`` and :data:`PACKAGES`.

    Raises:
        BuildError: it cannot be made here, or a step failed.
    """
    if os.name != "posix" or os.geteuid() != 0:
        raise BuildError("Making a chroot needs Linux and root; install the packages on this machine instead.")
    if shutil.which("debootstrap") is None:
        raise BuildError("The program debootstrap is missing; install the package of that name.")
    if folder.exists() and any(folder.iterdir()):
        raise BuildError(f"{folder} is not empty; name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    first = ("debootstrap", "--variant=minbase", "--include=ca-certificates", suite, folder, MIRROR)
    check(first, "Debian's base system cannot be installed")
    check(("unshare", "--mount", "sh", "-c", _INSTALL, "install", folder, *PACKAGES), "Blender cannot be installed")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.window_session.make_root", description=__doc__)
    parser.add_argument("suite", choices=("trixie", "sid"))
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    try:
        make(options.suite, options.folder.expanduser().resolve())
    except BuildError as error:
        log(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
