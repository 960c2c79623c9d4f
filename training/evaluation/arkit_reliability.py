# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure how far the network's ARKit scores, the fitted mesh and the 68 points are to be believed.

    python -m training.rendering.heads --seed 3 --count 800 --out training/data/reliability-renders   (Blender's Python)
    python -m training.rendering.known_faces                                                          (the same)
    python -m training.evaluation.arkit_reliability [--regressor FILE] [--out FILE]     (minutes; after each training)

The heads are rendered as those to train on, but nothing is trained on them, nor on the faces of ``known_faces``, and
the known-weights clips are others again. What moves which point is also learnt from the heads that the network was
trained on (``--trained``), but how far that is believed is not. Writes ``model/arkit_reliability.json``, by which
``ddfa_blender/arkit`` blends the sources, and prints what each channel rests on.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.arkit.landmark_reading import movement
from ddfa_blender.arkit.lips import LipReading, LipSeam, landmark_gap
from ddfa_blender.arkit.mesh_components import unit_components, without_prior
from ddfa_blender.arkit.reliability import RELIABILITY, Reliability
from ddfa_blender.arkit.weights import USUAL_WEIGHT, ArkitSource, Evidence, solve_weights
from ddfa_blender.capture import Engine
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.paths import model_file
from ddfa_blender.projection import decompose, euler_degrees, split
from ddfa_blender.refit import FaceSubset, image_transforms, refit
from ddfa_blender.solve import SolveSettings
from ddfa_blender.symmetry import MIRRORED_CHANNELS
from ddfa_blender.tracking.roi import roi_from_landmarks
from ddfa_blender.tracking.upright_reader import UprightReader
from training.faces import decode_picture, encoded_pictures
from training.workspace import DATA

from .correlation import correlation
from .known_weights import engine_with
from .landmark_reading import FACES, ROI_ERROR, Learnt, about_mean, learn_reading, measure_actors, read_face

RENDERS = DATA / "reliability-renders"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "arkit-channels.md"
SOURCES: tuple[ArkitSource, ...] = get_args(ArkitSource)
#: Heads as footage to be captured shows them: turned by so many degrees at most, so much of the face to be seen.
_LARGEST_YAW, _LEAST_VISIBLE = 45.0, 0.8
#: One network makes scores, mesh and points, and errs in all of them at once: so much of what the mesh tells is news
#: beside the others. On rendered actors 1/2 to 1/16 come to the same; on footage all of it was too much.
_MESH_COUNTS = 1.0 / 8.0
#: The second network learnt on faces like these; on real ones it errs by so many times as much. The known clips would
#: have 1 (r 0.82; 0.80 with 1.5 and 2, 0.79 with 3), footage 3 (0.78 with 1; 0.811, 0.815 and 0.817 with 1.5, 2 and 3).
ON_FOOTAGE = 2.0
#: What moves lids is not made larger: wide eyes would hold blinks up, squints and downward looks would shut eyes. Nor
#: is the upward look, which excludes the downward one.
_LIDS = np.array([name.startswith(("eyeWide", "eyeSquint", "eyeLookDown", "eyeLookUp")) for name in ARKIT_NAMES])
#: The mesh's share of what is known of a channel from which on it rests on the mesh, or on both.
_MESH, _BOTH = 0.5, 0.2
#: A channel that follows the truth less than this is hardly seen by either source.
_SEEN = 0.3
#: Units come back in another channel if that gets such a share of what their own gets, and at least so much.
_ALIKE, _LEAST_SEEN = 0.6, 0.05
_HEADING = (
    "| channel | rests on | r network | r mesh | r both | seen by the mesh | mesh's share | the mesh takes it for |"
)
_PAGE = """# What each ARKit channel rests on

`python -m training.evaluation.arkit_reliability` writes this page and `model/arkit_reliability.json` for the two
bundled networks. How the sources are blended: [Retargeting](retargeting.md#where-the-52-channels-come-from).

Measured on rendered heads that nothing was trained on, each alone: other people, lights and poses (yaw up to 45°),
exact weights.

- **r**: correlation with the truth, of what the two networks say, of the mesh alone, of both.
- **Seen by the mesh**: how much of a unit that acts alone comes back in its own channel when only the ten expression
  components are known. What else the mesh takes it for stands in the last column.
- **Mesh's share**: how much of the variance that the networks leave the mesh takes away, as far as it is
  counted: one of them errs in both.
- **Rests on**: the mesh from a share of 50 %, both from 20 %, else the networks; *hardly seen*: r below 0.3 whatever it
  rests on.

On footage of real people the networks follow more channels than on renders; `model/MODEL_CARD.md` has its scores.

"""
_POINTS = """## What the moving points add

Only takes without readings of the upright face hear the points; so all of this is without the second network.

Where the 68 points of one picture stand says little of the weights, for faces differ; how they move within a clip says
more. Measured within the faces of rendered actors, each by a reading that was learnt without them:

- **r without points**: correlation with the truth of what scores and mesh together tell, all about the actor's mean.
- **r points**: that of what the points alone tell.
- **Weight**: of the points, where the scores have 1; at most 0.5, and 0 where they add nothing to r, for then they
  would only make the channel smaller.

| channel | r without points | r points | r with points | weight |
| --- | --- | --- | --- | --- |"""


@dataclass(frozen=True, eq=False)
class Heads:
    """H heads: what is true, and what was measured."""

    truth: NDArray[np.float64]  # (H, 52)
    scores: NDArray[np.float64]  # (H, 52)
    components: NDArray[np.float64]  # (H, 10)
    landmark_gap: NDArray[np.float64]  # (H,) millimetres
    points: NDArray[np.float64]  # (H, 136) millimetres that the 68 points stand off the neutral face
    readings: NDArray[np.float64]  # (H, 52) off the upright face


def measure_heads(engine: Engine, model: MorphableModel, folder: Path) -> Heads:
    """Fit the rendered heads one by one.

    Raises:
        CaptureError: there are none.
    """
    rng, rows = np.random.default_rng(0), []
    for image, landmarks, arkit, visible in _pictures(folder):
        roi = roi_from_landmarks(landmarks)
        roi += np.tile(rng.normal(0.0, ROI_ERROR, 2) * (roi[2] - roi[0]), 2)
        fit = engine.fitter.fit_refined(image, roi)
        yaw = euler_degrees(decompose(split(fit.params.astype(np.float64)).transform).rotation)[0]
        if fit.confidence < SolveSettings().min_confidence or abs(yaw) > _LARGEST_YAW or visible < _LEAST_VISIBLE:
            continue
        alone = _alone(fit.params[None], fit.roi[None], fit.landmarks68[None], image.shape, model)
        rows.append((arkit, fit.arkit, *alone, read_face(engine, image, fit)))
    return Heads(*(np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)))


def _pictures(folder: Path) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64], NDArray, float]]:
    shards = sorted(folder.glob("renders-*.npz"))
    if not shards:
        raise CaptureError(
            f"There are no heads in {folder}; make them with "
            f"`python -m training.rendering.heads --seed 3 --count 800 --out {folder}`."
        )
    for shard in shards:
        with np.load(shard, allow_pickle=False) as data:
            pictures = encoded_pictures(data["images"], data["offsets"])
            labels = data["landmarks68"].astype(np.float64), data["arkit"], data["visible"]
        for encoded, landmarks, arkit, visible in zip(pictures, *labels, strict=True):
            yield decode_picture(encoded), landmarks, arkit, float(visible)


def _alone(
    params: NDArray, roi: NDArray, landmarks68: NDArray, shape: tuple[int, ...], model: MorphableModel
) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """Components (10,), lips' gap and points (136,) of one picture, refitted as ``solve`` refits a clip."""
    settings, subset = SolveSettings(), FaceSubset.choose(model)
    predicted = split(params.astype(np.float64))
    identity = predicted.shape[0]
    transforms = image_transforms(params, roi, shape[1], shape[0])
    fitted = refit(subset, identity, transforms, predicted.shape, predicted.expression,
                   prior=settings.expression_prior, sweeps=settings.sweeps)  # fmt: skip
    components = without_prior(subset, fitted.expression, settings.expression_prior)
    gap = landmark_gap(model, identity, landmarks68, fitted.pose)
    moved = movement(model, identity, landmarks68, fitted.pose, shape[1], shape[0])
    return components[0], float(gap[0]), moved.points[0]


def reliability_of(heads: Heads, model: MorphableModel) -> Reliability:
    """Errors of both sources, the same on both sides of a face, and how to read the lips."""
    units, sides = unit_components(model), MIRRORED_CHANNELS
    missed = heads.components - heads.truth @ units
    named = (heads.scores, heads.readings, np.zeros_like(heads.truth))
    squares = [((each - heads.truth) ** 2).mean(axis=0) for each in named]
    network, reading, usual = (np.sqrt((square + square[sides]) / 2.0) for square in squares)
    # Components are their own mirror image or its negative: errors of the two kinds have nothing to do with each other.
    parity = np.sign((units * units[sides]).sum(axis=0))
    return Reliability(
        network_error=network,
        reading_error=ON_FOOTAGE * reading,
        usual=np.where(_LIDS, 1.0, usual),
        mesh_error=missed.T @ missed / len(missed) * (parity[:, None] == parity),
        lips=_read_lips(heads, LipSeam.of(model)),
        mesh_counts=_MESH_COUNTS,
    )


def _read_lips(heads: Heads, seam: LipSeam) -> LipReading:
    """The gap by least squares."""
    columns = np.stack([np.ones(len(heads.truth)), heads.landmark_gap, _score_gap(heads, seam)], axis=1)
    return LipReading(*np.linalg.lstsq(columns, _true_gap(heads, seam), rcond=None)[0].tolist())


def _true_gap(heads: Heads, seam: LipSeam) -> NDArray[np.float64]:
    """Millimetres (H,); lips that are pressed into each other are as closed as those that touch."""
    return np.maximum(seam.mean_gap(heads.truth), 0.0)


def _score_gap(heads: Heads, seam: LipSeam) -> NDArray[np.float64]:
    return seam.mean_gap(heads.scores)


def report(heads: Heads, reliability: Reliability, model: MorphableModel) -> str:
    """The documentation's table: what each channel rests on."""
    seam = LipSeam.of(model)
    contact = reliability.lips.contact(heads.landmark_gap, _score_gap(heads, seam))
    time = np.arange(len(contact), dtype=np.float64)
    evidence = Evidence(time, heads.scores, heads.components, contact, readings=heads.readings)
    r = {source: _correlations(solve_weights(evidence, model, reliability, source), heads.truth) for source in SOURCES}
    seen, share = observability(reliability, model)
    lines = [_HEADING, "| --- " * _HEADING.count(" |") + "|"]
    for k, (name, alike) in enumerate(zip(ARKIT_NAMES, taken_for(reliability, model), strict=True)):
        numbers = " | ".join(f"{r[source][k]:.2f}" for source in SOURCES)
        rests = _rests_on(share[k], max(r[source][k] for source in SOURCES))
        others = ", ".join(f"`{other}`" for other in alike)
        lines.append(f"| `{name}` | {rests} | {numbers} | {100 * seen[k]:.0f} % | {100 * share[k]:.0f} % | {others} |")
    means = " | ".join(f"{np.nanmean(r[source]):.2f}" for source in SOURCES)
    lines.append(f"| mean | | {means} | {100 * seen.mean():.0f} % | {100 * share.mean():.0f} % | |")
    gap, truth = reliability.lips.gap(heads.landmark_gap, _score_gap(heads, seam)), _true_gap(heads, seam)
    lines.append(
        f"\n{len(truth)} heads. Gap of the lips: r {correlation(gap, truth):.2f}, "
        f"wrong by {np.sqrt(((gap - truth) ** 2).mean()):.1f} mm."
    )
    return "\n".join(lines)


def report_points(learnt: Learnt, actors: int) -> str:
    """The documentation's second table: what the moving points add within the faces of one actor."""
    read, found = (_correlations(values, learnt.truth) for values in (learnt.read, learnt.found))
    together = _correlations(learnt.found + learnt.share * learnt.read, learnt.truth)
    lines = [_POINTS]
    for k, name in enumerate(ARKIT_NAMES):
        lines.append(f"| `{name}` | {found[k]:.2f} | {read[k]:.2f} | {together[k]:.2f} | {learnt.share[k]:.2f} |")
    means = " | ".join(f"{np.nanmean(r):.2f}" for r in (found, read, together))
    lines.append(f"| mean | {means} | {learnt.share.mean():.2f} |")
    lines.append(f"\n{len(learnt.truth)} faces of {actors} actors.")
    return "\n".join(lines)


def written(measured: dict[str, Any]) -> str:
    """JSON, each row of numbers on a line of its own."""
    text = json.dumps(measured, indent=1)
    return re.sub(r"\[[^][{}\"]*\]", lambda row: re.sub(r"\s+", " ", row.group()), text) + "\n"


def _rests_on(share: float, correlation: float) -> str:
    if correlation < _SEEN:
        return "hardly seen"
    return "mesh" if share >= _MESH else "both" if share >= _BOTH else "network"


def observability(reliability: Reliability, model: MorphableModel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per channel (52,), 0…1: how much of it the mesh alone can tell, and the mesh's share of what both know.

    The first is the diagonal of the resolution matrix under a prior of the usual size: how much of a unit that acts
    alone comes back in its own channel. The second is how much of the variance that the networks leave it takes away.
    """
    mesh, network = reliability.mesh_information(unit_components(model)), np.diag(reliability.information)
    prior = np.eye(len(mesh)) / USUAL_WEIGHT**2
    seen = np.diagonal(np.linalg.solve(mesh + prior, mesh))
    share = 1.0 - np.diagonal(np.linalg.inv(reliability.mesh_counts * mesh + network)) * np.diagonal(network)
    return np.asarray(seen), np.asarray(share)


def taken_for(reliability: Reliability, model: MorphableModel) -> list[list[str]]:
    """For each channel those that the mesh cannot tell from it: a unit that acts alone comes back as much in them."""
    mesh = reliability.mesh_information(unit_components(model))
    resolution = np.linalg.solve(mesh + np.eye(len(mesh)) / USUAL_WEIGHT**2, mesh)
    result = []
    for k, column in enumerate(resolution.T):
        alike = (column >= np.maximum(_ALIKE * column[k], _LEAST_SEEN)) & (np.arange(len(column)) != k)
        others = [j for j in np.argsort(-column) if alike[j]]
        result.append([ARKIT_NAMES[j] for j in others[:2]])
    return result


def _correlations(found: NDArray, truth: NDArray) -> NDArray[np.float64]:
    return np.array([correlation(found[:, k], truth[:, k]) for k in range(truth.shape[1])])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--renders", type=Path, default=RENDERS)
    parser.add_argument("--faces", type=Path, default=FACES)
    parser.add_argument("--trained", type=Path, nargs="*", default=[DATA], help="folders of heads that were trained on")
    parser.add_argument("--regressor", type=Path, help="another network than the bundled one")
    parser.add_argument("--out", type=Path, default=model_file(RELIABILITY))
    parser.add_argument("--page", type=Path, help="documentation to write; by default that of the bundled table")
    options = parser.parse_args()
    model, engine = MorphableModel.load(), engine_with(options.regressor)
    heads = measure_heads(engine, model, options.renders)
    reliability = reliability_of(heads, model)
    groups = [heads, *(measure_heads(engine, model, folder) for folder in options.trained)]
    actors = measure_actors(engine, model, reliability.lips, options.faces)
    learnt = learn_reading(actors, [about_mean(group.points, group.truth) for group in groups], reliability, model)
    reliability = replace(reliability, landmarks=learnt.reading)
    read_by = engine.reader.digest if isinstance(engine.reader, UprightReader) else ""
    digests = {"regressor_sha256": engine.model_sha256, "upright_sha256": read_by}
    measured = {**digests, "heads": len(heads.truth), **reliability.to_json()}
    options.out.write_text(written(measured), encoding="utf-8")
    text = f"{report(heads, Reliability.from_json(measured), model)}\n\n{report_points(learnt, len(actors))}"
    page = options.page or (PAGE if options.out == model_file(RELIABILITY) else None)
    if page is not None:
        page.write_text(f"{_PAGE}{text}\n", encoding="utf-8")
    sys.stdout.write(f"{text}\n{options.out}\n")


if __name__ == "__main__":
    main()
