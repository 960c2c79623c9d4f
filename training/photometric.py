# SPDX-License-Identifier: GPL-3.0-or-later
"""Random changes of a crop's look: colour, blur, noise, compression; shared by a video's frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def draw_colours(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Lookup tables (256, 3): brightness, contrast, gamma, white balance."""
    lookup = np.linspace(0.0, 1.0, 256)[:, None] ** np.exp(rng.normal(0, 0.25))
    lookup = (lookup - 0.5) * np.exp(rng.normal(0, 0.2)) + 0.5 + rng.normal(0, 0.08)
    lookup = lookup * np.exp(rng.normal(0, 0.06, 3))
    return np.clip(lookup * 255, 0, 255).astype(np.uint8)


def change_colour(picture: Picture, table: NDArray[np.uint8], saturation: float) -> Picture:
    """Look the channels up in ``table`` (256, 3); then 0 makes grey, 1 keeps the colours."""
    result = np.stack([cv2.LUT(picture[..., c], np.ascontiguousarray(table[:, c])) for c in range(3)], axis=-1)
    if abs(saturation - 1) > 0.05:
        grey = cv2.cvtColor(cv2.cvtColor(result, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        result = cv2.addWeighted(result, saturation, grey, 1 - saturation, 0)
    return result


def motion_blur(picture: Picture, move: NDArray) -> Picture:
    """The picture while it moves by ``move`` (2,) pixels during the exposure (M(x) = K * x, paper §2.4)."""
    length = float(np.hypot(*move))
    if length < 1.0:
        return picture
    side = int(np.ceil(length)) // 2 * 2 + 3
    kernel = np.zeros((side, side), np.float32)
    along = np.linspace(-0.5, 0.5, 4 * side)[:, None] * move + side // 2
    base = np.floor(along).astype(int)
    part = along - base
    for right in (0, 1):
        for down in (0, 1):
            share = np.where(right, part[:, 0], 1 - part[:, 0]) * np.where(down, part[:, 1], 1 - part[:, 1])
            np.add.at(kernel, (base[:, 1] + down, base[:, 0] + right), share.astype(np.float32))
    return cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def soften_for(picture: Picture, warp: NDArray) -> Picture:
    """The picture without the detail that a similarity ``warp`` (2, 3) which shrinks it would alias."""
    shrink = np.hypot(warp[0, 0], warp[0, 1])
    return cv2.GaussianBlur(picture, (0, 0), 0.35 / shrink) if shrink < 0.8 else picture


def lose_resolution(picture: Picture, share: float) -> Picture:
    """Shrink to ``share`` of the size and back."""
    size = picture.shape[0]
    small = max(16, int(size * share))
    return cv2.resize(cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA), (size, size))


def compress(picture: Picture, quality: int) -> Picture:
    """JPEG artefacts."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def add_noise(picture: Picture, deviation: float, rng: np.random.Generator) -> Picture:
    """Sensor noise (P(x) = x + N(0, σ²), paper §2.4) of the standard deviation ``deviation`` grey levels."""
    noise = rng.standard_normal(picture.shape, dtype=np.float32) * deviation
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Look:
    """What the frames of one video share: colours, blur, noise level, compression. None or 0 leaves a step out."""

    colours: NDArray[np.uint8] | None
    saturation: float
    defocus: float  # standard deviation, pixels of a 120-pixel crop
    resolution: float
    exposure: float  # share of the time between two frames
    shake: NDArray[np.float64]  # (2,) motion that a single crop is blurred by, pixels
    noise: float
    quality: int | None

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Look:
        """A random look; most steps are left out most of the time."""
        coloured = rng.random() < 0.85
        colours = draw_colours(rng) if coloured else None
        saturation = 1.0 if not coloured else 0.0 if rng.random() < 0.08 else float(np.exp(rng.normal(0, 0.25)))
        kind = rng.random()
        angle = rng.uniform(0, 2 * np.pi)
        shake = rng.uniform(2, 9) * np.array([np.cos(angle), np.sin(angle)]) if 0.1 < kind < 0.2 else np.zeros(2)
        return cls(
            colours, saturation,
            defocus=float(rng.uniform(0.4, 1.6)) if kind < 0.1 else 0.0,
            resolution=float(rng.uniform(0.25, 0.7)) if 0.2 < kind < 0.3 else 1.0,
            exposure=float(rng.uniform(0.0, 0.8)),
            shake=shake,
            noise=float(rng.uniform(2, 12)) if rng.random() < 0.3 else 0.0,
            quality=int(rng.integers(15, 70)) if rng.random() < 0.15 else None,
        )  # fmt: skip

    def apply(self, picture: Picture, rng: np.random.Generator, move: NDArray | None = None) -> Picture:
        """One frame in this look. ``move`` (2,) is its motion since the last frame, pixels; ``rng`` makes its noise.

        Without a motion it is a single picture, blurred by ``shake``.
        """
        if self.colours is not None:
            picture = change_colour(picture, self.colours, self.saturation)
        if self.defocus > 0:
            picture = cv2.GaussianBlur(picture, (0, 0), self.defocus * picture.shape[0] / 120)
        if self.resolution < 1:
            picture = lose_resolution(picture, self.resolution)
        picture = motion_blur(picture, self.shake if move is None else self.exposure * move)
        if self.noise > 0:
            picture = add_noise(picture, self.noise, rng)
        return picture if self.quality is None else compress(picture, self.quality)


def shuffle_tiles(picture: Picture, order: NDArray[np.int64]) -> Picture:
    """A picture with a face's colours and textures but no face: 4×4 tiles in the given order (16,)."""
    tiles, step = 4, picture.shape[0] // 4
    cut = picture[: tiles * step, : tiles * step].reshape(tiles, step, tiles, step, 3).swapaxes(1, 2)
    cut = cut.reshape(-1, step, step, 3)[order].reshape(tiles, tiles, step, step, 3)
    return cv2.resize(cut.swapaxes(1, 2).reshape(tiles * step, tiles * step, 3), picture.shape[1::-1])
