# SPDX-License-Identifier: GPL-3.0-or-later
"""The Take: what one pass over the footage measured, raw, per source frame, on disk as one ``.npz``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from .archives import read_npz, write_npz
from .atomic import write_atomically
from .errors import CaptureError
from .face_model import BUNDLED_BASIS
from .names import ARKIT_NAMES, PARAMETER_COUNT
from .paths import is_file
from .take_checks import check_header, checked_arrays

#: Version of the file format; a newer one is refused. New header entries do not raise it: readers pass over those
#: that they do not know and have a default for each that is missing. 2: may be recorded by another program.
TAKE_VERSION = 2
#: Version that takes of our own are written as, so that earlier releases read them.
_TRACKED_VERSION = 1

#: Arrays of a Take and their shapes after the frame axis.
_SHAPES: dict[str, tuple[int, ...]] = {
    "time": (),
    "params": (PARAMETER_COUNT,),
    "confidence": (),
    "roi": (4,),
    "landmarks68": (68, 3),
    "arkit": (len(ARKIT_NAMES),),
}
#: Arrays that only a take recorded by another program has.
_RECORDED_SHAPES: dict[str, tuple[int, ...]] = {"head_rotation": (4,)}
#: Arrays that a take may lack: of earlier releases, of networks of others.
_OPTIONAL_SHAPES: dict[str, tuple[int, ...]] = {"readings": (len(ARKIT_NAMES),)}
#: What numbers they are in memory, whatever they are in the file.
_KINDS: dict[str, type[np.floating[Any]]] = {
    "time": np.float64, "params": np.float32, "confidence": np.float32, "roi": np.float64, "landmarks68": np.float32,
    "arkit": np.float32, "head_rotation": np.float64, "readings": np.float32,
}  # fmt: skip


@dataclass(frozen=True)
class TakeHeader:
    """Where a Take came from."""

    source: str  # file name of the footage
    width: int  # pixels, upright
    height: int
    fps: float  # mean frame rate of the footage
    model: str  # file name of the regressor
    model_sha256: str
    settings: dict[str, Any] = field(default_factory=dict)
    #: Frames that the container promised, 0 = unknown, and whether decoding ended clearly before them.
    expected_frames: int = 0
    stopped_early: bool = False
    #: Whose coefficients ``params`` holds (``FaceModel.basis``), and what the network does not measure: such
    #: ``arkit`` is 0 and such ``confidence`` says only whether network and model agree.
    basis: str = BUNDLED_BASIS
    absent_outputs: list[str] = field(default_factory=list)
    #: What the user calls it, "" = not named; the whole path of the footage on the machine that captured it; when
    #: that was, as ISO 8601 with its zone; and a random text that all copies of this take share and no other has.
    #: Takes of earlier releases have none of the four.
    title: str = ""
    footage: str = ""
    captured: str = ""
    uid: str = ""
    version: int = _TRACKED_VERSION

    @classmethod
    def from_json(cls, text: str, file: Path) -> TakeHeader:
        """The header out of the text in ``file``.

        Raises:
            CaptureError: a newer version of the extension wrote it.
            ValueError, TypeError, KeyError: it is no header.
        """
        header = json.loads(text, parse_constant=_refuse)
        version = header["version"]
        if type(version) is not int or version < 1:
            raise ValueError(f"not a version: {version!r}")
        if version > TAKE_VERSION:
            raise CaptureError(f"{file} was written by a newer version of this extension; update the extension.")
        check_header(header)
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in header.items() if key in known})


@dataclass(frozen=True, eq=False)
class Take:
    """Raw measurements of N frames; lost frames have confidence 0 and NaN elsewhere (time aside).

    A take that another program recorded has ``head_rotation``, and NaN in ``params``, ``roi`` and ``landmarks68``:
    there is no picture. Its header has version 2.
    """

    time: NDArray[np.float64]  # (N,) seconds since the footage's first frame, strictly increasing
    params: NDArray[np.float32]  # (N, 62), crop pixels
    confidence: NDArray[np.float32]  # (N,), 0…1
    roi: NDArray[np.float64]  # (N, 4), image pixels
    landmarks68: NDArray[np.float32]  # (N, 68, 3), image pixels, y down, z towards the camera
    arkit: NDArray[np.float32]  # (N, 52), 0…1
    header: TakeHeader
    head_rotation: NDArray[np.float64] | None = None  # (N, 4) unit quaternion w, x, y, z in model axes
    readings: NDArray[np.float32] | None = None  # (N, 52) weights that were read off the upright face, 0…1

    def __post_init__(self) -> None:
        count = len(self.time)
        if self.is_recorded and self.header.version == _TRACKED_VERSION:
            raise ValueError(f"a recorded take must have version {TAKE_VERSION}")
        for name, shape in self._shapes.items():
            found = getattr(self, name).shape
            if found != (count, *shape):
                raise ValueError(f"{name} has the shape {found}, expected {(count, *shape)}")

    def __len__(self) -> int:
        return len(self.time)

    @property
    def is_recorded(self) -> bool:
        """Whether another program recorded it, so that no picture belongs to it."""
        return self.head_rotation is not None

    @property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = _SHAPES | _RECORDED_SHAPES if self.is_recorded else _SHAPES
        return shapes if self.readings is None else shapes | _OPTIONAL_SHAPES

    @property
    def tracked(self) -> NDArray[np.bool_]:
        """(N,) where a face was tracked."""
        return self.confidence > 0.0

    def save(self, path: Path | str) -> None:
        """Write the Take as ``.npz`` under exactly this name, replacing an old file only when complete.

        Raises:
            CaptureError: the file cannot be written.
        """
        arrays = {name: getattr(self, name) for name in self._shapes}
        header = np.array(json.dumps(asdict(self.header), ensure_ascii=False, allow_nan=False))

        def write(file: BinaryIO) -> None:
            write_npz(file, {"header": header, **arrays})

        write_atomically(path, write)

    @classmethod
    def load(cls, path: Path | str) -> Take:
        """Read a Take. Frames with impossible values, NaN for instance, come back as lost.

        Raises:
            CaptureError: the file is missing, damaged, no Take, or from a newer version.
        """
        file = Path(path)
        if not is_file(file):
            raise CaptureError(f"There is no take at {file}; capture the footage first.")
        try:
            arrays = read_npz(file, names={"header", *_SHAPES, *_RECORDED_SHAPES, *_OPTIONAL_SHAPES})
            header = TakeHeader.from_json(str(arrays.pop("header")), file)
            return cls(**checked_arrays(arrays, _KINDS), header=header)
        except CaptureError:
            raise
        except Exception as error:  # damaged archives raise a dozen unrelated types (zip, zlib, struct, json, …)
            raise CaptureError(f"{file} is not a take or is damaged; capture the footage again.") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"not a JSON number: {constant}")
