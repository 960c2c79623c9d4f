# SPDX-License-Identifier: GPL-3.0-or-later
"""On a Dask cluster of this machine: a scheduler and worker processes, of which one is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddfa_blender import cli
from ddfa_blender.batch import cluster as batch_cluster
from ddfa_blender.batch.cluster import Cluster
from ddfa_blender.batch.tasks import CAPTURED, FAILED, STOPPED, UNCHANGED
from ddfa_blender.errors import CaptureError
from tests.ddfa_blender.batch.support import (
    Inline,
    assert_same,
    recorded,
    square_clip,
    start,
    statuses,
    table,
    task_of,
    wait_for,
)

distributed = pytest.importorskip("distributed", reason="the extra `distributed` is not installed")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two workers of one thread each, as docs/batch.md says."""
    folder = tmp_path_factory.mktemp("dask")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", local_directory=str(folder)
    ) as cluster:
        yield cluster


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no kill -9")
def test_a_worker_is_killed_and_its_clip_done_elsewhere(
    tmp_path: Path, reference: tuple[Path, Path], dask: Any
) -> None:
    clips, expected = reference
    out = tmp_path / "out"
    process = start(clips, out, "--scheduler", dask.scheduler_address)

    def busy() -> list[str]:
        return [address for address, worker in list(dask.scheduler.workers.items()) if worker.processing]

    # Both are at their first clip, and there are three: the killed one's is begun again.
    wait_for(lambda: len(busy()) == 2 and not recorded(out), process)
    pids = {nanny.worker_address: nanny.pid for nanny in dask.workers.values()}
    os.kill(pids[busy()[0]], signal.SIGKILL)
    text, error = process.communicate()
    assert process.returncode == 0, (text, error)
    # A worker that dies between its record and its answer leaves a task that is found done.
    assert set(statuses(out).values()) <= {CAPTURED, UNCHANGED}
    assert_same(out, expected)
    assert all(int(row["worker"].rpartition(":")[2]) != process.pid for row in table(out).values())
    # And everything is known as done, to a batch without a cluster too.
    again = start(clips, out, "--workers", 1)
    text, error = again.communicate()
    assert again.returncode == 0 and set(statuses(out).values()) == {UNCHANGED}, (text, error)


def test_failures_come_back_as_they_are(tmp_path: Path, dask: Any) -> None:
    (tmp_path / "text.mp4").write_text("no video", encoding="utf-8")
    outcomes = {outcome.name: outcome for outcome in Cluster(dask.scheduler_address).run(
        [task_of(tmp_path, "text"), task_of(tmp_path, "gone"), task_of(tmp_path, "other model")]
    )}  # fmt: skip
    assert {outcome.status for outcome in outcomes.values()} == {FAILED}
    assert "There is no file" in outcomes["gone"].error


def test_the_workers_model_must_be_the_batchs(tmp_path: Path, dask: Any) -> None:
    square_clip(tmp_path / "x.mp4")
    (outcome,) = Cluster(dask.scheduler_address).run([task_of(tmp_path, "x")])  # whose model is all zeros
    assert outcome.status == FAILED and "install the same version on all machines" in outcome.error


def test_stopping_takes_back_what_waits(tmp_path: Path, dask: Any) -> None:
    tasks = [task_of(tmp_path, f"clip {i}") for i in range(5)]
    (tmp_path / "out" / ".ddfa-batch").mkdir(parents=True)
    asked = iter([False])
    outcomes = list(Cluster(dask.scheduler_address, lambda: next(asked, True)).run(tasks))
    assert sorted(outcome.name for outcome in outcomes) == [task.name for task in tasks]
    assert {outcome.status for outcome in outcomes} <= {STOPPED, FAILED}  # the clips do not exist
    assert not list((tmp_path / "out" / ".ddfa-batch").iterdir())


def test_a_scheduler_that_is_not_there(
    tmp_path: Path, inline: type[Inline], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(batch_cluster, "_CONNECT", 1.0)
    clip = square_clip(tmp_path / "x.mp4")
    for address in ("tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1"):
        assert cli.main(["batch", str(clip), "--out", str(tmp_path / "out"), "--scheduler", address]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert lines[-1].startswith("error: The Dask scheduler") and "cannot be reached" in lines[-1], lines


@pytest.mark.parametrize(
    "address", ["nonsense", "tcp://", "tcp://host", "host:port", ":8786", "http://host:8786/status"]
)
def test_what_is_no_address_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: pytest.fail("Dask was asked"))
    with pytest.raises(CaptureError, match="tcp://HOST:8786"):
        list(Cluster(address).run([task_of(square_clip(tmp_path / "a.mp4"), tmp_path / "out")]))


def test_a_scheduler_without_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_cluster, "_FIRST_WORKER", 0.5)
    with (
        distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0") as empty,
        pytest.raises(CaptureError, match="has no worker"),
    ):
        list(Cluster(empty.scheduler_address).run([task_of(tmp_path)]))


def test_a_scheduler_that_does_not_find_this_package(tmp_path: Path) -> None:
    """As one that was started in another folder: it could unpack no task."""
    where = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen(
        [*command, "--scheduler-file", str(where)],
        cwd=tmp_path,
        env=environment,
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: where.is_file() and where.read_text(encoding="utf-8").rstrip().endswith("}"), process)
        address = json.loads(where.read_text(encoding="utf-8"))["address"]
        with pytest.raises(CaptureError, match=r"cannot load ddfa_blender \(.*\); start it .* on PYTHONPATH"):
            list(Cluster(address).run([task_of(tmp_path)]))
    finally:
        process.kill()
        process.wait()


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CaptureError, match=r"pip install -r requirements/distributed\.txt"):
        list(Cluster("tcp://127.0.0.1:9").run([task_of(tmp_path)]))


def test_nothing_to_do_needs_no_cluster() -> None:
    assert list(Cluster("tcp://127.0.0.1:9").run([])) == []
