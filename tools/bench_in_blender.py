# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender as a module: what enabling the extension, a capture's first frame, the first bake and a slider cost.

    python tools/bench_in_blender.py enable|capture|bake

The take is made up: a minute of 30 fps. Everything is said in milliseconds of wall-clock time, the best of a few runs
where there can be several.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "blender"))

support = importlib.import_module("support")  # the extension as the tests load it

_SAMPLES, _RATE = 1800, 30.0
_RUNS = 5
#: Modules that the extension must not load before somebody captures.
_HEAVY = ("cv2", "onnxruntime")


def best(call: Callable[[], Any], runs: int = _RUNS) -> float:
    """The shortest of some runs, milliseconds."""
    return min(once(call) for _ in range(runs))


def once(call: Callable[[], Any]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    call()
    return 1e3 * (time.perf_counter() - began)


def made_up_take(model: Any) -> Any:
    """A minute of a head that turns and talks, without gaps."""
    import numpy as np

    take, projection, names = (support.module(f"ddfa_blender.{name}") for name in ("take", "projection", "names"))
    rng = np.random.default_rng(1)
    seconds = np.arange(_SAMPLES) / _RATE

    def waves(count: int) -> Any:
        return np.sin(seconds[:, None] * rng.uniform(1.0, 9.0, count) + rng.uniform(0.0, 6.0, count))

    rotation = projection.rotation_from_euler(waves(3) * [25.0, 12.0, 8.0])
    translation = np.concatenate([60.0 + 3.0 * waves(2), np.zeros((_SAMPLES, 1))], axis=1)
    transform = projection.compose(projection.Pose(0.45 + 0.02 * waves(1)[:, 0], rotation, translation))
    shape = rng.normal(0.0, 0.7, 40) + rng.normal(0.0, 0.05, (_SAMPLES, 40))
    params = projection.join(transform, shape, 1.5 * waves(names.EXPRESSION_COUNT)).astype(np.float32)
    roi = np.tile([400.0, 200.0, 640.0, 440.0], (_SAMPLES, 1))
    return take.Take(
        time=seconds,
        params=params,
        confidence=np.ones(_SAMPLES, np.float32),
        roi=roi,
        landmarks68=projection.project_landmarks(model, params, roi).astype(np.float32),
        arkit=(0.5 + 0.5 * waves(len(names.ARKIT_NAMES))).astype(np.float32),
        header=take.TakeHeader("made up", 1280, 720, _RATE, "none", "0"),
    )


def bare_curves(curves: int) -> float:
    """Writing as many keys through nothing but ``foreach_set``: the yardstick."""
    import bpy
    import numpy as np

    actions = support.module("scene.actions")
    block = bpy.data.objects.new("Yardstick", None)
    (channels,) = actions.animate("Yardstick", [block])
    points = np.random.default_rng(0).random((_SAMPLES, 2)).astype(np.float32)
    points[:, 0] = np.arange(_SAMPLES)
    flat, linear = points.ravel(), np.full(_SAMPLES, 1, dtype=np.int32)
    made = [channels.container.fcurves.new(f'["{i}"]', index=0) for i in range(curves)]
    for curve in made:
        curve.keyframe_points.add(_SAMPLES)

    def write() -> None:
        for curve in made:
            curve.keyframe_points.foreach_set("co", flat)
            curve.keyframe_points.foreach_set("interpolation", linear)
            curve.update()

    return best(write)


def stages(file: Path) -> None:
    """Each step of a bake by itself."""
    import bpy

    module = support.module
    live, bake, timebase = module("scene.live"), module("scene.bake"), module("scene.timebase")
    solutions, clean = module("ddfa_blender.solutions"), module("ddfa_blender.cleaning.cleanup").clean
    solve = module("ddfa_blender.solve").solve
    scene = bpy.context.scene
    settings = scene.ddfa.settings
    solving, cleaning, baking = settings.solve_settings(), settings.clean_up(), settings.bake_settings()
    model, take = live.model_of(file), solutions.take_at(file)
    print(f"  solve: {best(lambda: solve(take, model, solving), 2):.0f} ms")
    solution = solutions.solution_of(file, model, solving)
    print(f"  clean up: {best(lambda: clean(solution, model, cleaning)):.1f} ms")
    clock = timebase.Timebase.of(baking, _RATE, take.time)
    performances = [clean(solution, model, cleaning) for _ in range(_RUNS)]
    fresh = iter(performances)
    print(f"  resample, new weights: {best(lambda: bake.resample(model, next(fresh), clock, baking)):.1f} ms")
    again = best(lambda: bake.resample(model, performances[0], clock, baking))
    print(f"  resample, same weights: {again:.1f} ms")
    motion = bake.resample(model, performances[0], clock, baking)
    head = module("scene.head").of_armature(scene.ddfa.head)
    later = bake.resample(model, performances[0], timebase.Timebase(2, _RATE), baking)
    turns = iter([motion, later] * _RUNS)
    written = best(lambda: bake.rewrite(head, next(turns), baking), 2 * _RUNS)
    curves = len(module("scene.actions").curves(head.mesh.data.shape_keys))
    curves += len(module("scene.actions").curves(head.armature))
    yardstick = bare_curves(curves)
    print(f"  write {curves} curves, all changed: {written:.1f} ms")
    print(f"  the same keys by foreach_set alone: {yardstick:.1f} ms (ratio {written / yardstick:.2f})")
    print(f"  write, none changed: {best(lambda: bake.rewrite(head, later, baking)):.1f} ms")


def sliders(armature: Any) -> None:
    """What a user waits for when a setting changes."""
    settings = armature.ddfa.settings

    def timed(name: str, group: Any, prop: str, values: tuple[Any, ...]) -> None:
        wanted = iter(values * _RUNS)
        print(f"  {name}: {best(lambda: setattr(group, prop, next(wanted)), len(values) * _RUNS):.0f} ms", flush=True)

    timed("smoothing of the head", settings.cleanup, "smooth_head", (0.2, 0.3))
    timed("smoothing of the mouth", settings.cleanup, "smooth_mouth", (0.2, 0.3))
    timed("neck share", settings.head, "neck_share", (0.2, 0.5))
    timed("start frame", settings.timing, "frame_start", (10, 20))
    timed("head level", settings.head, "level_yaw", (0.1, 0.2))
    timed("thinning", settings.timing, "use_thinning", (True, False))
    # Distinct values: what was solved once is remembered.
    views = iter((0.5, 0.6, 0.7, 0.8, 0.9))
    print(f"  camera view (solves again): {best(lambda: setattr(settings.head, 'field_of_view', next(views))):.0f} ms")
    if armature.ddfa.problem:
        raise RuntimeError(armature.ddfa.problem)


def first_bake(file: Path) -> None:
    """From the file of a take to the animated head; building the head is told apart."""
    import bpy

    heads, head = support.module("scene.take_heads"), support.module("scene.head")
    build, spent = head.build, []

    def timed_build(*args: Any) -> Any:
        made = []
        spent.append(once(lambda: made.append(build(*args))))
        return made[0]

    head.build = timed_build
    for name in ("first bake, read and solved too", "the same once more, read and solved already"):
        whole = once(lambda: heads.new_head(bpy.context, file))
        print(f"{name}: {whole:.0f} ms, and {spent[-1]:.0f} ms of it for the head's mesh, materials and pictures")
    head.build = build


def measure_enabling() -> bool:
    """Whether nothing heavy was imported. Run twice: the first compiles what has changed, as installing does."""
    support.prepare_user_folder()
    import bpy

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    milliseconds = once(support.enable_extension)
    heavy = [name for name in _HEAVY if name in sys.modules]
    imports = f"imports {', '.join(heavy)}!" if heavy else f"imports neither {' nor '.join(_HEAVY)}"
    print(f"Blender {bpy.app.version_string}: enabling the extension takes {milliseconds:.0f} ms and {imports}")
    return not heavy


def first_frame() -> float:
    """Milliseconds from starting the operator's task, as Capture does, to the first tracked frame of our own clip."""
    job, task, module = support.module("operators.job"), support.module("operators.task"), support.module
    clip = ROOT / "tests" / "data" / "rendered_clip.mp4"
    settings = module("ddfa_blender.settings").CaptureSettings()
    solve, clean = (
        module("ddfa_blender.solve").SolveSettings(),
        module("ddfa_blender.cleaning.cleanup").CleanUpSettings(),
    )
    with tempfile.TemporaryDirectory() as folder:
        work = task.CaptureTask(clip, Path(folder), settings, solve, clean)
        began = time.perf_counter()
        running = job.Job(work)
        running.start()
        while running.progress.frame < 1 and not running.done:
            time.sleep(0.001)
        taken = 1e3 * (time.perf_counter() - began)
        running.cancel()
        running.wait()
    if running.progress.frame < 1:
        running.result()  # says why
    return taken


def measure_first_frame() -> None:
    """Print how long a user waits for the first frame."""
    support.prepare_user_folder()
    import bpy

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    support.enable_extension()
    print(f"first frame of a capture, the first in this Blender, nothing loaded: {first_frame():.0f} ms")
    print(f"first frame of the next capture, the networks still loaded: {best_of(first_frame):.0f} ms")


def best_of(measured: Callable[[], float]) -> float:
    """The smallest of some runs that tell their milliseconds themselves."""
    return min(measured() for _ in range(_RUNS))


def measure_baking() -> None:
    """Print what bakes and sliders cost."""
    support.prepare_user_folder()
    import bpy

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    support.enable_extension()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "take.npz"
        made_up_take(support.module("ddfa_blender.morphable_model").MorphableModel.load()).save(file)
        bpy.context.scene.render.fps = round(_RATE)
        print(f"a take of {_SAMPLES} frames, {_SAMPLES / _RATE:.0f} s")
        first_bake(file)
        print("by stage:")
        stages(file)
        print("a setting of the head changes:")
        sliders(bpy.context.scene.ddfa.head)


def main() -> int:
    """``enable``, ``capture`` or ``bake``."""
    if sys.argv[1:] == ["enable"]:
        return 0 if measure_enabling() else 1
    {"capture": measure_first_frame, "bake": measure_baking}[sys.argv[1]]()
    return 0


if __name__ == "__main__":
    from leave_blender import run_and_leave

    run_and_leave(main)
