# SPDX-License-Identifier: GPL-3.0-or-later
"""Let atheris look for bad files by what they make the code do: ``python -m tools.fuzz_coverage READER --runs 20000``.

Needs `pip install atheris` (Linux and macOS, Python 3.11 to 3.13); it is in no lock: nothing else needs it. Fits
readers of text and pickles; behind checksums and native decoders it sees nothing. Starts from ``tools.fuzz``'s cases.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

#: Cases of ``tools.fuzz`` to begin with, and the longest file.
_SEEDS, _LONGEST = 200, 1 << 16


def main(arguments: Sequence[str] | None = None) -> None:
    """Does not return: atheris ends the process, with status 77 where a reader failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz_coverage", description="Coverage-guided fuzzing.")
    parser.add_argument("reader")
    parser.add_argument("--runs", type=int, default=20_000)
    options = parser.parse_args(arguments)
    try:
        import atheris  # type: ignore[import-not-found]
    except ImportError:
        sys.exit("error: atheris is not installed; run `pip install atheris`.")
    with atheris.instrument_imports(include=["ddfa_blender"]):
        from .fuzzing import cases, guard
        from .fuzzing.readers import READERS
    reader = READERS[options.reader]
    with guard.sandbox() as sandbox, tempfile.TemporaryDirectory(prefix="ddfa-corpus-") as corpus:
        make, path = reader.maker(), Path(sandbox) / f"case{reader.suffix}"
        for case in range(_SEEDS):
            (Path(corpus) / str(case)).write_bytes(make(cases.random_of(reader.name, 0, case))[:_LONGEST])
        cases.run(reader, Path(sandbox), 0, range(3))  # what is loaded at first use is loaded
        guard.watch(Path(sandbox))

        def one(data: bytes) -> None:
            path.write_bytes(data)
            found = cases.judge(reader, path)
            if not isinstance(found, bool):
                raise AssertionError(found[1])  # noqa: TRY004 (what atheris reports)

        atheris.Setup([sys.argv[0], f"-runs={options.runs}", f"-max_len={_LONGEST}", corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
