# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``python build.py COMMAND`` understands. Each command imports its step, so that a fast one stays fast."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ddfa_blender.console import Parser

from . import environments, model
from .project import status_of
from .testing import PARTS


def _env(_options: argparse.Namespace) -> int:
    print(environments.ensure_core())
    return 0


def _test(options: argparse.Namespace) -> int:
    from . import testing

    return testing.run_all(options.only or PARTS, keyword=options.k, fast=options.fast)


def _zip(options: argparse.Namespace) -> int:
    from . import extension_zip

    environments.ensure_core()
    for path in extension_zip.build(options.platform or tuple(extension_zip.PLATFORMS)):
        print(path)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from . import demo

    print(demo.make(options.video, options.blender))
    return 0


def _model(options: argparse.Namespace) -> int:
    return model.make(options.step or tuple(model.STEPS))


#: As in ``bench.PARTS``, which is not imported for the sake of a help text.
BENCH_PARTS = ("scores", "latency", "capture", "memory", "after", "blender", "clips")


def _bench(options: argparse.Namespace) -> int:
    from . import bench

    return bench.run_all(options.clips, options.only)


def _parser() -> Parser:
    parser = Parser(prog="python build.py", description="Set up, test, package and show DDFA Face Capture.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, action: object, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(action=action)
        return sub

    command("env", _env, "set up the environment and print the path of its Python")

    test = command("test", _test, "set up and run all tests")
    test.add_argument("-k", metavar="EXPRESSION", help="only tests whose names match (as in pytest)")
    test.add_argument("--only", action="append", choices=PARTS, help="only this part (repeatable)")
    test.add_argument("--fast", action="store_true", help="only the newest Blender that is available")

    build_zip = command("zip", _zip, "make and validate the extension zips in dist/")
    build_zip.add_argument("--platform", action="append", help="only this platform, as Blender names it (repeatable)")

    demo = command("demo", _demo, "capture a video in headless Blender and leave the results in demo/")
    demo.add_argument("video", nargs="?", type=Path, help="footage of a face; without it our own rendered clip")
    demo.add_argument("--blender", choices=tuple(environments.BLENDERS), help="Blender version; the newest otherwise")

    remake = command("model", _model, "remake the morphable model and the regressor (needs ../shared/faces)")
    remake.add_argument("--step", action="append", choices=tuple(model.STEPS), help="only this step (repeatable)")

    bench = command("bench", _bench, "print scores and speeds (real photos and clips come from ../shared)")
    bench.add_argument("--only", action="append", choices=BENCH_PARTS, help="only this part (repeatable)")
    bench.add_argument("--clips", nargs="*", type=Path, help="videos to time the capture on; ../shared/clips otherwise")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status (2 for what the user can mend)."""
    options = _parser().parse_args(arguments)
    try:
        return status_of(lambda: int(options.action(options)))
    except OSError as error:
        print(f"error: {error.filename or 'a file'}: {error.strerror}; check the permissions.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
