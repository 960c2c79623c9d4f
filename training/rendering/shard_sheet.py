# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact sheet of a shard with its labels drawn over the pictures, for looking at.

python -m training.rendering.shard_sheet training/data/renders-00.npz OUT.png [--count 48] [--labels]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender import projection
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import euler_degrees

_ZOOM = 2


def draw(picture: NDArray[np.uint8], model: MorphableModel, shard: dict[str, NDArray], i: int) -> NDArray[np.uint8]:
    """Exact landmarks (green) and the mesh of the 62 parameters plus exact ARKit weights (blue dots)."""
    size = picture.shape[0]
    canvas = cv2.resize(picture, None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_CUBIC)
    transform, shape, _ = projection.split(shard["params"][i])
    points = projection.apply(transform, model.vertices(shape, arkit=shard["arkit"][i]))
    for x, y, _ in points[::3]:
        cv2.circle(canvas, (int(x * _ZOOM), int((size - y) * _ZOOM)), 0, (255, 120, 0), -1)
    for x, y, _ in shard["landmarks68"][i]:
        cv2.circle(canvas, (round(float(x) * _ZOOM), round(float(y) * _ZOOM)), 1, (0, 255, 0), -1)
    yaw, pitch, roll = euler_degrees(projection.decompose(transform).rotation)
    text = f"{i} y{yaw:.0f} p{pitch:.0f} r{roll:.0f} v{shard['visible'][i]:.2f}"
    cv2.putText(canvas, text, (3, 10), cv2.FONT_HERSHEY_PLAIN, 0.8, (0, 255, 255), 1)
    return canvas


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shard", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--labels", action="store_true")
    options = parser.parse_args()
    with np.load(options.shard, allow_pickle=False) as data:
        shard = {name: data[name] for name in data.files}
    model = MorphableModel.load()
    tiles = []
    for i in range(min(options.count, len(shard["params"]))):
        encoded = shard["images"][shard["offsets"][i] : shard["offsets"][i + 1]]
        picture = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), dtype=np.uint8)
        tiles.append(draw(picture, model, shard, i) if options.labels else picture)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % options.columns)
    rows = [np.hstack(tiles[i : i + options.columns]) for i in range(0, len(tiles), options.columns)]
    cv2.imwrite(str(options.out), np.vstack(rows))


if __name__ == "__main__":
    main()
