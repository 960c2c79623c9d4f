# SPDX-License-Identifier: GPL-3.0-or-later
"""Random identities from MakeHuman's shape targets, and their principal components (A_id)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .head_mesh import HeadMesh
from .makehuman import read_target, target_stem
from .symmetric_pca import Components, mirrored, symmetric_components

#: Folders of local shape targets and the spread (standard deviation of the slider, −1..1) drawn for each.
_DETAIL_SPREAD: dict[str, float] = {
    "head": 0.30, "forehead": 0.35, "eyebrows": 0.40, "eyes": 0.40, "nose": 0.40, "mouth": 0.40,
    "ears": 0.25, "chin": 0.40, "cheek": 0.45, "neck": 0.20, "asym": 0.25,
}  # fmt: skip
#: Ends of one slider: (negative, positive) suffixes.
_OPPOSITES = (
    ("decr", "incr"), ("down", "up"), ("in", "out"), ("backward", "forward"), ("compress", "uncompress"),
    ("concave", "convex"), ("1-l", "1-r"), ("2-l", "2-r"),
)  # fmt: skip
#: A rigid or scaling slider says nothing about the face once similarity is removed.
_SKIPPED = ("head-trans", "head-scale-vert", "forehead-nubian")
_GENDERS, _AGES = ("female", "male"), ("child", "young", "old")
_LEVELS = {"muscle": ("minmuscle", "averagemuscle", "maxmuscle"), "weight": ("minweight", "averageweight", "maxweight")}
_ETHNICITIES = ("african", "asian", "caucasian")


@dataclass(frozen=True, eq=False)
class IdentitySamples:
    """Aligned random heads: ``offsets`` (n, V, 3) millimetres around ``mean`` (V, 3)."""

    mean: NDArray[np.float64]
    offsets: NDArray[np.float64]
    scale: float  # millimetres per decimetre of the base mesh


def _sliders(stems: list[str]) -> list[tuple[str | None, str]]:
    """Pair the files of a folder into sliders (negative end or None, positive end)."""
    remaining, result = set(stems), []
    for stem in sorted(stems):
        if stem not in remaining:
            continue
        for low, high in _OPPOSITES:
            partner = stem.removesuffix(low) + high
            if stem.endswith(low) and partner in remaining:
                result.append((stem, partner))
                remaining -= {stem, partner}
                break
    return result + [(None, stem) for stem in sorted(remaining)]


def _three_levels(value: float) -> NDArray[np.float64]:
    """Weights of (min, average, max) for a slider in 0..1, MakeHuman's piecewise-linear rule."""
    return np.array([max(0.0, 1 - 2 * value), 1 - abs(2 * value - 1), max(0.0, 2 * value - 1)])


class IdentitySampler:
    """Draws random heads: macro targets (gender, age, ethnicity, muscle, weight) and local sliders."""

    def __init__(self, data: Path, head: HeadMesh, body_vertex_count: int) -> None:
        self._head = head
        self._count = body_vertex_count
        self._targets = data / "mpfb2" / "targets"
        self._macro = {
            target_stem(path): self._read(path) for path in sorted((self._targets / "macrodetails").glob("*.gz"))
        }
        self._local = [slider for folder in _DETAIL_SPREAD for slider in self._read_folder(folder)]

    def _read(self, path: Path) -> NDArray[np.float32]:
        return read_target(path, self._count)[self._head.source_vertices].astype(np.float32)

    def _read_folder(self, folder: str) -> list[tuple[str, NDArray | None, NDArray, float]]:
        paths = {target_stem(path): path for path in (self._targets / folder).glob("*.gz")}
        paths = {stem: path for stem, path in paths.items() if not stem.startswith(_SKIPPED)}
        return [
            (high, None if low is None else self._read(paths[low]), self._read(paths[high]), _DETAIL_SPREAD[folder])
            for low, high in _sliders(list(paths))
        ]

    def _macro_offsets(self, rng: np.random.Generator) -> NDArray[np.float64]:
        gender = rng.beta(0.7, 0.7)
        age = rng.choice([rng.uniform(0.0, 0.5), rng.uniform(0.5, 1.0), -rng.uniform(0.0, 0.7)], p=[0.55, 0.33, 0.12])
        ages = np.array([-age, 1 + age, 0.0]) if age < 0 else np.array([0.0, 1 - age, age])
        muscle, weight = (_three_levels(np.clip(rng.normal(0.5, 0.2), 0, 1)) for _ in range(2))
        ethnicity = rng.dirichlet([0.5, 0.5, 0.5])
        total = np.zeros((len(self._head.base), 3))
        for gender_name, gender_weight in zip(_GENDERS, (1 - gender, gender), strict=True):
            for age_name, age_weight in zip(_AGES, ages, strict=True):
                both = gender_weight * age_weight
                if both <= 0:
                    continue
                for name, share in zip(_ETHNICITIES, ethnicity, strict=True):
                    total += both * share * self._macro[f"{name}-{gender_name}-{age_name}"]
                for muscle_name, muscle_share in zip(_LEVELS["muscle"], muscle, strict=True):
                    for weight_name, weight_share in zip(_LEVELS["weight"], weight, strict=True):
                        stem = f"universal-{gender_name}-{age_name}-{muscle_name}-{weight_name}"
                        if muscle_share * weight_share > 0:
                            total += both * muscle_share * weight_share * self._macro[stem]
        return total

    def _local_offsets(self, rng: np.random.Generator) -> NDArray[np.float64]:
        total = np.zeros((len(self._head.base), 3))
        paired: dict[str, float] = {}
        for name, low, high, spread in self._local:
            value = rng.normal()
            if name.startswith(("l-", "r-")):
                # The two halves of a face agree mostly; what is left is asymmetry.
                shared = paired.setdefault(name[2:], value)
                value = 0.93 * shared + 0.37 * rng.normal()
            value = float(np.clip(value * spread, -1.0, 1.0))
            if low is not None and value < 0:
                total += -value * low
            elif low is not None or value > 0:
                total += value * high
        return total

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """One head (V, 3) in decimetres, not aligned."""
        return self._head.base + self._macro_offsets(rng) + self._local_offsets(rng)


def align_similarity(source: NDArray, target: NDArray, weight: NDArray) -> NDArray:
    """``source`` (V, 3) moved onto ``target`` by the weighted least-squares similarity (Umeyama 1991)."""
    w = weight / weight.sum()
    source_mean, target_mean = w @ source, w @ target
    a, b = source - source_mean, target - target_mean
    u, singular, vt = np.linalg.svd((b * w[:, None]).T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = (singular * sign).sum() / (w @ (a**2).sum(axis=1))
    return scale * a @ rotation.T + target_mean


def draw_identities(
    sampler: IdentitySampler, head: HeadMesh, face_weight: NDArray, count: int, seed: int, interocular_mm: float = 63.0
) -> IdentitySamples:
    """Draw ``count`` heads and their mirror images' mean, similarity removed on the face, in millimetres.

    The scale makes the mean distance of the eyeballs' centres 63 mm, the adult average.
    """
    rng = np.random.default_rng(seed)
    heads = [sampler.draw(rng) for _ in range(count)]
    target = head.base
    for _ in range(3):
        heads = [align_similarity(each, target, face_weight) for each in heads]
        average = np.mean(heads, axis=0)
        target = 0.5 * (average + mirrored(average, head.mirror))
    eyes = [target[head.in_region(name)].mean(axis=0) for name in ("eye_left", "eye_right")]
    scale = interocular_mm / float(np.linalg.norm(eyes[0] - eyes[1]))
    return IdentitySamples(target * scale, (np.stack(heads) - target) * scale, scale)


def identity_components(samples: IdentitySamples, head: HeadMesh, weight: NDArray, count: int) -> Components:
    """``count`` components with unit-variance coefficients, each exactly symmetric or antisymmetric."""
    return symmetric_components(samples.offsets, head.mirror, weight, count)
