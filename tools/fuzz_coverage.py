# SPDX-License-Identifier: GPL-3.0-or-later
"""Let atheris look for bad files by what they make our code do: ``python -m tools.fuzz_coverage [READER …] --runs N``.

Sets up ``.venvs/fuzz`` (requirements/fuzz.txt; Linux and macOS). Starts from ``tools.fuzz``'s cases; archives are
changed member by member (tools/fuzzing/unpacked.py). Readers whose work is done by native code, which it cannot see
into, are left to ``tools.fuzz``. What fails is kept in ``build/fuzz/READER/``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .fuzzing import guard
from .project import BUILD, ROOT, status_of

#: Cases of ``tools.fuzz`` to begin with, and the longest file.
_SEEDS, _LONGEST = 200, 1 << 16
#: Decoders and networks are native code; solving is numpy's, and slow.
NATIVE = frozenset({"photo", "video", "published-onnx", "regressor-onnx", "take-performance"})
#: Files that are archives, or may be: atheris sees them unpacked.
_PACKED = frozenset({".npz", ".pth", ".pkl"})
#: Seconds on one file after which libFuzzer gives up (``cases.SECONDS`` comes first), and megabytes in all.
_TIMEOUT, _MEMORY = 60, 3072
_LAST = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: \d+ corp: (\d+)/")
_ROW = "| {} | {} | {} | {} | {} |"


@dataclass(frozen=True)
class Found:
    """What a run came to. ``places``: branches of our code that were taken; ``kept``: files that took new ones."""

    runs: int
    places: int
    kept: int
    failed: bool


def found_in(log: str, status: int) -> Found:
    """What libFuzzer's last lines say."""
    match = _LAST.search(log)
    runs, places, kept = map(int, match.groups() if match else (0, 0, 0))
    return Found(runs, places, kept, failed=status != 0 or match is None)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz_coverage", description="Coverage-guided fuzzing.")
    parser.add_argument("readers", nargs="*", metavar="READER", help="default: all whose work is not native")
    parser.add_argument("--runs", type=int, default=20_000, help="files for each reader (default: 20000)")
    parser.add_argument("--seconds", type=int, default=0, help="at most so long for each; 0 = as long as it takes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.folder:
        _fuzz(options.readers[0], options)
    from . import environments

    python = environments.fuzzing().ensure()
    names = options.readers or _names(python)
    print("| reader | files | places in our code | files that found new ones | failed |\n|" + " --- |" * 5)
    failed = [name for name in names if _report(python, name, options).failed]
    return 1 if failed else 0


def _names(python: Path) -> list[str]:
    script = "from tools.fuzzing.readers import READERS; print(*READERS)"
    answer = subprocess.run([python, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in answer.stdout.split() if name not in NATIVE]


def _report(python: Path, name: str, options: argparse.Namespace) -> Found:
    variables = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    # Made here: atheris ends its process without any cleaning up.
    with guard.sandbox() as folder:
        command = [
            str(python), "-m", "tools.fuzz_coverage", name, "--folder", folder,
            "--runs", str(options.runs), "--seconds", str(options.seconds), "--seed", str(options.seed),
        ]  # fmt: skip
        answer = subprocess.run(
            command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
    log = answer.stderr.decode("utf-8", "replace")
    found = found_in(log, answer.returncode)
    print(_ROW.format(name, f"{found.runs:,}", f"{found.places:,}", f"{found.kept:,}", int(found.failed)), flush=True)
    if found.failed:
        print(log[-4000:], file=sys.stderr)
    return found


def _fuzz(name: str, options: argparse.Namespace) -> None:
    """Does not return: atheris ends the process, with another status than 0 where the reader failed."""
    import atheris

    with atheris.instrument_imports(include=["ddfa_blender"]):
        from .fuzzing import cases, unpacked
        from .fuzzing.readers import READERS
    reader = READERS[name]
    is_packed = reader.suffix in _PACKED
    corpus, sandbox = options.folder / "corpus", options.folder / "sandbox"
    corpus.mkdir()
    sandbox.mkdir()
    make, path = reader.maker(), sandbox / f"case{reader.suffix}"
    for case in range(_SEEDS):
        data = make(cases.random_of(reader.name, options.seed, case))
        (corpus / str(case)).write_bytes((unpacked.unpack(data) if is_packed else data)[:_LONGEST])
    cases.run(reader, sandbox, 0, range(3))  # what is loaded at first use is loaded
    guard.watch(sandbox)

    def one(form: bytes) -> None:
        data = unpacked.pack(form) if is_packed else form
        path.write_bytes(data)
        found = cases.judge(reader, path)
        if not isinstance(found, bool):
            raise AssertionError(f"{_kept(reader.name, reader.suffix, data)}\n{found[1]}")  # noqa: TRY004 (for atheris)

    limits = {
        "runs": options.runs, "max_total_time": options.seconds, "seed": options.seed, "max_len": _LONGEST,
        "timeout": _TIMEOUT, "rss_limit_mb": _MEMORY,
    }  # fmt: skip
    flags = [f"-{flag}={value}" for flag, value in limits.items()]
    artifacts = f"-artifact_prefix={sandbox}/"
    mutator = _mutator(atheris, unpacked.mutated) if is_packed else {}
    atheris.Setup([sys.argv[0], *flags, artifacts, str(corpus)], one, **mutator)
    atheris.Fuzz()


def _mutator(atheris: Any, change: Callable[..., bytes]) -> dict[str, Any]:
    """Archives are changed member by member, with libFuzzer's own mutations inside each."""

    def mutator(form: bytes, largest: int, seed: int) -> bytes:
        # Asked for here: before the fuzzing begins it is another function.
        return change(form, largest, seed, atheris.Mutate)

    return {"custom_mutator": mutator}


def _kept(name: str, suffix: str, data: bytes) -> Path:
    """Where a file that failed is kept, as the reader got it."""
    target = BUILD / "fuzz" / name / f"coverage-{hashlib.sha256(data).hexdigest()[:12]}{suffix}"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


if __name__ == "__main__":
    sys.exit(status_of(main))
