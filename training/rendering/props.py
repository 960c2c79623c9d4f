# SPDX-License-Identifier: GPL-3.0-or-later
"""Things beside the head: shoulders, glasses, and what covers a face (hands, phones, microphones)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.projection import rotation_from_euler
from ddfa_blender.smoothstep import smoothstep

from .geometry import EMPTY, Mesh, box, capsule, ellipsoid, grid_quads, join, tube
from .subject import Subject


@dataclass(frozen=True, eq=False)
class Glasses:
    """``frame`` and ``lenses`` in model millimetres; lenses are empty meshes when there are no glasses."""

    frame: Mesh
    lenses: Mesh


NO_GLASSES = Glasses(EMPTY, EMPTY)


def shoulders(vertices: NDArray, rng: np.random.Generator) -> Mesh:
    """A clothed bust under the neck of an identity's ``vertices`` (V, 3), in model axes."""
    bottom = vertices[:, 1].min()
    neck = vertices[vertices[:, 1] < bottom + 40.0]
    half_width, half_depth = np.ptp(neck[:, 0]) / 2.0, np.ptp(neck[:, 2]) / 2.0
    centre_z = (neck[:, 2].min() + neck[:, 2].max()) / 2.0
    collar = rng.uniform(1.02, 1.15)
    heights = rng.uniform(22.0, 40.0) + np.array([0.0, -12.0, -30.0, -50.0, -95.0, -230.0])
    width = np.array([half_width * collar, half_width * collar * 1.04, half_width * 1.45, 135.0, 195.0, 215.0])
    depth = np.array([half_depth * collar, half_depth * collar * 1.04, half_depth * 1.3, 95.0, 118.0, 125.0])
    angle = np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)
    rows = [
        np.stack([w * np.sin(angle), np.full(32, bottom + h), centre_z + d * np.cos(angle)], axis=1)
        for h, w, d in zip(heights, width, depth, strict=True)
    ]
    return Mesh(np.concatenate(rows), grid_quads(len(rows), 32, wrap=True)[:, ::-1])


def _rim(centre: NDArray, half_width: float, half_height: float, power: float, count: int = 28) -> NDArray:
    """Points (count, 3) of a superellipse in the plane z = 0 about ``centre``."""
    angle = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    cosine, sine = np.cos(angle), np.sin(angle)
    x = half_width * np.sign(cosine) * np.abs(cosine) ** (2.0 / power)
    y = half_height * np.sign(sine) * np.abs(sine) ** (2.0 / power)
    return centre + np.stack([x, y, np.zeros(count)], axis=1)


def glasses(landmarks: NDArray, subject: Subject) -> Glasses:
    """Spectacles on an identity whose neutral ``landmarks`` (68, 3) are given, in model millimetres."""
    if subject.glasses == "none":
        return NO_GLASSES
    rng = np.random.default_rng(subject.seed + 4)
    half_width, half_height = rng.uniform(22.0, 28.0), rng.uniform(16.0, 25.0)
    power, wire = rng.uniform(2.0, 4.5), rng.uniform(0.7, 2.4)
    eyes = [landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)]
    front = max(landmarks[27, 2] + 3.0, landmarks[36:48, 2].max() + 9.0)
    frame, lenses = [], []
    for eye, temple in zip(eyes, landmarks[[0, 16]], strict=True):
        side = np.sign(eye[0])
        centre = np.array([side * max(abs(eye[0]), half_width + 6.0), eye[1] - rng.uniform(0.0, 4.0), front])
        rim = _rim(centre, half_width, half_height, power)
        # Lenses wrap around the face a little.
        rim[:, 2] -= 0.004 * np.maximum(np.abs(rim[:, 0]) - 20.0, 0.0) ** 2
        frame.append(tube(rim, wire, sides=6, closed=True))
        middle = np.concatenate([rim, rim[:1]])
        lens = np.concatenate([middle, np.broadcast_to(rim.mean(axis=0), middle.shape)])
        lenses.append(Mesh(lens, grid_quads(2, len(middle))))
        hinge = rim[np.argmax(np.abs(rim[:, 0]))] + [0.0, half_height * 0.4, 0.0]
        ear = np.array([temple[0] + side * 8.0, hinge[1] - 4.0, temple[2] - 28.0])
        frame.append(tube(np.linspace(hinge, ear, 5), wire * 1.1, sides=6))
    inner = [side * (max(abs(eyes[0][0]), half_width + 6.0) - half_width) for side in (-1.0, 1.0)]
    bridge = np.array([[inner[0], eyes[0][1] + 2.0, front], [0.0, eyes[0][1] + 4.0, front + 2.0],
                       [inner[1], eyes[1][1] + 2.0, front]])  # fmt: skip
    frame.append(tube(bridge, wire * 1.1, sides=6))
    return Glasses(join(frame), join(lenses))


def _hand(rng: np.random.Generator) -> Mesh:
    """A rough right hand, fingers up, palm at the origin, towards +z."""
    spread, curl = rng.uniform(0.0, 0.25), rng.uniform(-6.0, 18.0)
    arm = capsule(np.array([0.0, -30.0, 0.0]), np.array([0.0, -160.0, 12.0]), 27.0)
    parts = [ellipsoid(np.array([42.0, 48.0, 15.0])), arm]
    for index, length in enumerate((62.0, 72.0, 68.0, 54.0)):
        root = np.array([-28.0 + 19.0 * index, 34.0, 0.0])
        lean = (index - 1.5) * spread
        middle = root + np.array([np.sin(lean) * length * 0.5, length * 0.5, curl * 0.2])
        tip = middle + np.array([np.sin(lean) * length * 0.5, length * 0.45, -curl])
        parts += [capsule(root, middle, 9.0), capsule(middle, tip, 8.3)]
    thumb = np.array([-38.0, -8.0, 0.0])
    parts.append(capsule(thumb, thumb + np.array([-26.0, 42.0, 8.0]), 10.5))
    hand = join(parts)
    flip = np.array([rng.choice([-1.0, 1.0]), 1.0, 1.0])
    quads = hand.quads if flip[0] > 0 else hand.quads[:, ::-1]
    return Mesh(hand.vertices * flip, quads)


def _microphone(rng: np.random.Generator) -> Mesh:
    head = rng.uniform(18.0, 30.0)
    handle = capsule(np.array([0.0, -10.0, 0.0]), np.array([0.0, -220.0, 10.0]), 13.0)
    return join([ellipsoid(np.array([head, head * 1.2, head])), handle])


@dataclass(frozen=True, eq=False)
class Occluder:
    """Something in front of the face, in camera millimetres about the face's centre."""

    mesh: Mesh
    colour: NDArray[np.float64]
    is_skin: bool


def random_occluder(face_low: NDArray, face_high: NDArray, skin: NDArray, rng: np.random.Generator) -> Occluder:
    """Draw one, placed over a random part of the face's box (``face_low``, ``face_high``: (3,) camera mm)."""
    kind = rng.choice(["hand", "box", "ball", "microphone", "bar"], p=[0.45, 0.2, 0.12, 0.13, 0.10])
    if kind == "hand":
        mesh = _hand(rng)
        tilt = rotation_from_euler([rng.uniform(-50, 50), rng.uniform(-30, 30), rng.uniform(-180, 180)])
    elif kind == "box":
        mesh = box(np.array([rng.uniform(20, 75), rng.uniform(25, 85), rng.uniform(3, 30)]))
        tilt = rotation_from_euler([rng.uniform(-40, 40), rng.uniform(-40, 40), rng.uniform(-90, 90)])
    elif kind == "ball":
        mesh = ellipsoid(rng.uniform(15.0, 55.0, 3))
        tilt = rotation_from_euler(rng.uniform(-90, 90, 3))
    elif kind == "microphone":
        mesh = _microphone(rng)
        tilt = rotation_from_euler([rng.uniform(-40, 40), rng.uniform(-50, 10), rng.uniform(-50, 50)])
    else:
        mesh = capsule(np.array([0.0, -300.0, 0.0]), np.array([0.0, 300.0, 0.0]), rng.uniform(6.0, 30.0))
        tilt = rotation_from_euler([0.0, rng.uniform(-20, 20), rng.uniform(-90, 90)])
    place = face_low + rng.uniform(-0.1, 1.1, 3) * (face_high - face_low)
    if kind == "microphone":
        place[1] = face_low[1] + rng.uniform(-0.25, 0.3) * (face_high[1] - face_low[1])
    turned = mesh.vertices @ tilt.T
    place[2] = face_high[2] + rng.uniform(4.0, 30.0) - turned[:, 2].min()
    is_skin = kind == "hand"
    colour = skin * rng.uniform(0.85, 1.1) if is_skin else np.clip(rng.uniform(0.0, 1.0, 3) ** 2, 0.01, 0.9)
    return Occluder(Mesh(turned + place, mesh.quads), colour, is_skin)


def background(size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A blurred random backdrop (size, size, 4), linear RGBA: gradients, blobs and bars, no text, no faces."""
    ys, xs = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j].astype(np.float32)
    first, second = rng.uniform(0.0, 1.0, (2, 3)) ** 2 * rng.uniform(0.1, 1.0)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    t = np.clip(0.5 + (xs - 0.5) * np.cos(angle) + (ys - 0.5) * np.sin(angle), 0.0, 1.0)[..., None]
    picture = first * (1.0 - t) + second * t
    softness = rng.uniform(0.01, 0.12)
    for _ in range(rng.integers(0, 14)):
        centre, extent = rng.uniform(0.0, 1.0, 2), rng.uniform(0.03, 0.45, 2)
        turn = rng.uniform(0.0, np.pi) if rng.random() < 0.3 else 0.0
        dx = (xs - centre[0]) * np.cos(turn) + (ys - centre[1]) * np.sin(turn)
        dy = -(xs - centre[0]) * np.sin(turn) + (ys - centre[1]) * np.cos(turn)
        if rng.random() < 0.5:
            distance = np.maximum(np.abs(dx) - extent[0], np.abs(dy) - extent[1])
        else:
            distance = np.hypot(dx / extent[0], dy / extent[1]) * extent.min() - extent.min()
        mask = smoothstep(distance, softness, -softness)[..., None] * rng.uniform(0.3, 1.0)
        picture = picture * (1.0 - mask) + mask * rng.uniform(0.0, 1.0, 3) ** 2
    # Real rooms and streets are greyer than random colours.
    grey = picture.mean(axis=-1, keepdims=True)
    picture = grey + (picture - grey) * rng.uniform(0.0, 0.6)
    picture = picture * (1.0 + rng.uniform(0.0, 0.08) * rng.normal(size=(size, size, 1)))
    return np.concatenate([np.clip(picture, 0.0, 1.5), np.ones((size, size, 1))], axis=-1).astype(np.float32)
