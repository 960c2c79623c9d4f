# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hand before the face costs: the rise of NME-51, and whether the confidence tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.scoring import nme51
from ddfa_blender.tracking.roi import roi_from_landmarks, square
from ddfa_blender.tracking.tracker import FaceFitter

from .contest import Contest
from .covered_photos import COVERED_SHARE, VARIANTS, covered_photos
from .material import EMPTY_CLIP, LabelledPhoto, clip_frames
from .occluders import KINDS
from .report import Row, Section, at_most
from .teacher_tracks import COVERED_PHOTOS, PHOTOS, TeacherTrack

_HEAVY_SHARE = 0.6
#: Every so many frames of the clip without a face, and the places looked at in each, as shares of its size.
_EMPTY_STEP = 5
_EMPTY_PLACES = ((0.25, 0.4), (0.5, 0.5), (0.75, 0.6))
_EMPTY_SIDE = 0.45  # of the frame's height
_PROTOCOL = (
    f"bench photos, ROI from the labels; {100 * COVERED_SHARE:.0f} % of the hull of the 68 labelled points hidden,\n"
    f"each photo with {VARIANTS} occluders in turn of {', '.join(KINDS)}; plain, textured or skin-coloured.\n"
    "Rise of the mean NME-51; the teacher's over photos where it finds the face in all versions."
)


def look_at_photos(fitter: FaceFitter, photos: Iterable[LabelledPhoto]) -> tuple[NDArray, NDArray]:
    """NME-51 (n,) and confidence (n,) in the ROI of the labels."""
    errors, confidences = [], []
    for photo in photos:
        fit = fitter.fit(photo.image, roi_from_landmarks(photo.landmarks68))
        errors.append(float(nme51(fit.landmarks68, photo.landmarks68)))
        confidences.append(fit.confidence)
    return np.array(errors), np.array(confidences)


def area_under_curve(positive: NDArray, negative: NDArray) -> float:
    """Probability that a value of ``positive`` (n,) exceeds one of ``negative`` (m,), ties counting half."""
    difference = np.asarray(positive)[:, None] - np.asarray(negative)[None, :]
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())


def measure_occlusion(contest: Contest) -> Section:
    """The table of covered faces."""
    photos = contest.photos
    covered = list(covered_photos(photos, COVERED_SHARE))
    ours, confidence = look_at_photos(contest.ours.fitter, photos)
    ours_covered, confidence_covered = look_at_photos(contest.ours.fitter, covered)
    published, _ = look_at_photos(contest.published.fitter, photos)
    published_covered, _ = look_at_photos(contest.published.fitter, covered)
    teacher, teacher_covered, found = _teacher_errors(contest)
    pairs = ((published, published_covered), (teacher, teacher_covered), (ours, ours_covered))
    clean, after = ([100.0 * float(np.mean(pair[i])) for pair in pairs] for i in (0, 1))
    rises = [100.0 * (b / a - 1.0) for a, b in zip(clean, after, strict=True)]
    rows = (
        Row.of("rise of NME-51, 30 % of the face covered", rises, " %", 1, at_most(25.0)),
        Row.of("  NME-51 uncovered", clean, " %", 2),
        Row.of("  NME-51 covered", after, " %", 2),
        *_confidence_rows(contest.ours.fitter, photos, confidence, confidence_covered),
    )
    found_line = f"the teacher finds the face in {found} of {len(photos)} photos in all versions"
    by_kind = _kind_lines((published, published_covered), (ours, ours_covered))
    return Section("occlusion", "bench photos: covered faces", rows, _PROTOCOL, (found_line, *by_kind))


def _confidence_rows(
    fitter: FaceFitter, photos: Sequence[LabelledPhoto], clean: NDArray, covered: NDArray
) -> Iterator[Row]:
    """How our confidence falls; the other two have none that could be compared."""
    _, heavy = look_at_photos(fitter, covered_photos(photos, _HEAVY_SHARE))
    _, full = look_at_photos(fitter, covered_photos(photos, 1.0))
    empty = _confidence_without_face(fitter)
    cases = ("uncovered", "30 % covered", "60 % covered", "wholly covered", "no face there")
    for name, values in zip(cases, (clean, covered, heavy, full, empty), strict=True):
        yield Row(f"confidence, {name}", ours=float(values.mean()))
    yield Row("AUC of the confidence, uncovered against 60 % covered", ours=area_under_curve(clean, heavy))
    yield Row("AUC of the confidence, uncovered against no face", ours=area_under_curve(clean, empty))


def _kind_lines(published: tuple[NDArray, NDArray], ours: tuple[NDArray, NDArray]) -> Iterator[str]:
    """Rise of the mean NME-51 by kind of occluder; errors of the photos (n,) and covered photos (n · VARIANTS,)."""
    kinds = np.array([KINDS[(i + v) % len(KINDS)] for i in range(len(ours[0])) for v in range(VARIANTS)])
    for kind in KINDS:
        mask = kinds == kind
        rises = [
            100.0 * (covered[mask].mean() / np.repeat(clean, VARIANTS)[mask].mean() - 1.0)
            for clean, covered in (published, ours)
        ]
        yield f"{kind:8s} rise of NME-51: published {rises[0]:.1f} %, ours {rises[1]:.1f} %"


def _teacher_errors(contest: Contest) -> tuple[NDArray, NDArray, int]:
    """NME-51 of the teacher on the photos as they are and covered, and how many photos it found in all versions."""
    labels = np.stack([photo.landmarks68 for photo in contest.photos])
    clean = nme51(contest.points68(TeacherTrack.load(PHOTOS, "image")), labels)
    covered = nme51(contest.points68(TeacherTrack.load(COVERED_PHOTOS, "image")), np.repeat(labels, VARIANTS, axis=0))
    covered = covered.reshape(len(labels), VARIANTS)
    found = np.isfinite(clean) & np.isfinite(covered).all(axis=1)
    return clean[found], covered[found].ravel(), int(found.sum())


def _confidence_without_face(fitter: FaceFitter) -> NDArray[np.float64]:
    """Confidence (n,) in places of a clip in which nobody is."""
    values = []
    for image in clip_frames(EMPTY_CLIP, _EMPTY_STEP):
        height, width = image.shape[:2]
        for x, y in _EMPTY_PLACES:
            values.append(
                fitter.fit(image, square(np.array([x * width, y * height]), np.array(_EMPTY_SIDE * height))).confidence
            )
    return np.array(values)
