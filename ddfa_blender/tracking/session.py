# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a bundled ONNX file with onnxruntime, on one thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CaptureError
from ..onnx_checks import read_network

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, RunOptions


def open_session(path: Path) -> InferenceSession:
    """A CPU session with one thread, so that results do not depend on the machine's cores.

    Raises:
        CaptureError: onnxruntime cannot be imported, or the file is missing, broken, or refers to other files.
    """
    try:
        import onnxruntime
    except ImportError as error:
        # On Windows this is also how a DLL that cannot initialise shows itself.
        raise CaptureError(
            f"onnxruntime cannot be loaded ({error}); reinstall the extension, and on Windows install the "
            "Microsoft Visual C++ Redistributable (x64) and restart Blender."
        ) from error
    if not path.is_file():
        raise CaptureError(f"The model file {path} is missing; reinstall the extension or run `python build.py env`.")
    content = read_network(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own exception types share no public base class
        raise CaptureError(
            f"The model file {path} cannot be read; reinstall the extension or run `python build.py env`."
        ) from error


def frugal() -> RunOptions:
    """Options of a run that keeps none of the memory that it needed; for rare runs on large inputs."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options
