"""Several processes count as one: each shows the sum."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.multiprocess import mark_process_dead
from prometheus_client.parser import text_string_to_metric_families

from messplus.gateway.telemetry import Metrics
from messplus.gateway.telemetry.together import FOLDER

ONE = """
import sys
from messplus.gateway.telemetry import Ended, Metrics, Readings
metrics = Metrics("1.2.3", worker=int(sys.argv[1]))
metrics.configured(["small", "large"], 1000.0 + int(sys.argv[1]))
metrics.watch(lambda: Readings(in_flight=3, calls_in_flight={"small": 2}, parked=1, store_bytes=7))
done = Ended(request_id="r", status=200, latency_s=1.2, route="chat", model="small", mode="exploit")
metrics.ended(done)
"""
SHOW = "sys.stdout.write(metrics.expose(sys.argv[2])[0].decode())"
TEXT = "text/plain"


def worker(folder: Path, number: int, then: str = SHOW, accept: str = TEXT) -> str:
    """What a process that counts as this worker says."""
    return subprocess.run(
        [sys.executable, "-c", ONE + then, str(number), accept],
        env={**os.environ, FOLDER: str(folder)}, check=True, capture_output=True, text=True, timeout=60,
    ).stdout  # fmt: skip


def read(text: str) -> Mapping[str, float]:
    """Every sample by its name and labels, as `name{a=x,b=y}`."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_counts_add_up_and_outlive_who_counted(tmp_path: Path) -> None:
    worker(tmp_path, 0)
    worker(tmp_path, 1)
    mark_process_dead(0, tmp_path)  # type: ignore[no-untyped-call]
    worker(tmp_path, 0)  # the next one of that number goes on
    now = read(worker(tmp_path, 1, accept=TEXT))
    assert now["messplus_requests_total{mode=exploit,model=small,route=chat,status=200}"] == 4
    assert now["messplus_request_latency_seconds_count{route=chat}"] == 4
    assert now["messplus_request_latency_seconds_bucket{le=1.5,route=chat}"] == 4
    assert now["messplus_request_latency_seconds_sum{route=chat}"] == pytest.approx(4.8)
    assert (
        len(list(tmp_path.iterdir())) <= 2 * 5
    )  # files are as many as workers, not as their lives


def test_no_file_is_made_while_others_read(tmp_path: Path) -> None:
    """prometheus-client makes them empty, and cannot read an empty one."""
    begun = "from messplus.gateway.telemetry.together import count_as; count_as(0)"
    subprocess.run(
        [sys.executable, "-c", begun],
        env={**os.environ, FOLDER: str(tmp_path)},
        check=True,
        timeout=60,
    )
    before = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
    assert all(path.stat().st_size for path in tmp_path.iterdir())
    worker(tmp_path, 0)
    assert {path.name: path.stat().st_ino for path in tmp_path.iterdir()} == before


def test_what_is_under_way_is_that_of_the_living(tmp_path: Path) -> None:
    worker(tmp_path, 0, 'metrics.circuit("small", "open"); metrics.publish()')
    both = read(worker(tmp_path, 1))
    assert both["messplus_requests_in_flight"] == 6
    assert both["messplus_upstream_in_flight{model=small}"] == 4
    assert both["messplus_feedback_parked"] == 2
    assert both["messplus_circuit_state{model=small}"] == 2
    assert both["messplus_config_loaded_timestamp_seconds"] == 1000
    assert both["messplus_store_bytes"] == 7  # they share it
    assert [value for name, value in both.items() if "build_info" in name] == [1]
    mark_process_dead(0, tmp_path)  # type: ignore[no-untyped-call]
    alone = read(worker(tmp_path, 1))
    assert alone["messplus_requests_in_flight"] == 3
    assert alone["messplus_circuit_state{model=small}"] == 0
    assert alone["messplus_config_loaded_timestamp_seconds"] == 1001
    assert (
        alone["messplus_process_resident_memory_bytes"]
        < (both["messplus_process_resident_memory_bytes"])
    )


def test_a_model_that_has_left_the_zoo_is_not_shown(tmp_path: Path) -> None:
    now = read(worker(tmp_path, 0, f'metrics.publish(); metrics.configured(["new"], 1); {SHOW}'))
    assert {name for name in now if "circuit_state" in name} == {
        "messplus_circuit_state{model=new}"
    }


def test_names_are_those_of_one_process(tmp_path: Path) -> None:
    known = Metrics("1.2.3").names()
    shown = {name.partition("{")[0] for name in read(worker(tmp_path, 0))}
    assert shown <= known
    assert not any(name.endswith("_created") for name in shown)
    assert worker(tmp_path, 0, accept="application/openmetrics-text; version=1.0.0").endswith(
        "# EOF\n"
    )
