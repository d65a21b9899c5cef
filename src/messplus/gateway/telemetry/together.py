"""Metrics of several processes as if they were one: each shows the sum of all.

prometheus-client's files hold them: one set per worker, which the next worker of that number goes on with,
so that counters never fall. What is read at a scrape is written there by each worker now and then.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, get_args

from prometheus_client import Counter, Gauge, values
from prometheus_client.core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Variable of the environment that names the folder of the files."""

Mode = Literal["livesum", "livemin", "livemax"]

OVER_WORKERS: Final[Mapping[str, Mode]] = {
    "messplus_requests_in_flight": "livesum",
    "messplus_upstream_in_flight": "livesum",
    "messplus_feedback_parked": "livesum",
    "messplus_sessions": "livesum",
    "messplus_judge_waiting": "livesum",
    "messplus_store_waiting_events": "livesum",
    "messplus_circuit_state": "livemax",
    "messplus_process_virtual_memory_bytes": "livesum",
    "messplus_process_resident_memory_bytes": "livesum",
    "messplus_process_start_time_seconds": "livemin",
    "messplus_process_open_fds": "livemax",
    "messplus_process_max_fds": "livemin",
}
"""What the figures of live workers make together. Open files have a limit per process: the fullest counts."""

_KINDS: Final = ("counter", "histogram", *(f"gauge_{mode}" for mode in get_args(Mode)))
"""What a worker has a file for each of."""

_Key = tuple[str, tuple[tuple[str, str], ...]]


def count_as(worker: int) -> None:
    """Have all metrics that are made from now on count in the files of this worker.

    Args:
        worker: Its number; no other live process of the folder has it.
    """
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        process_identifier=lambda: worker
    )
    for kind in _KINDS:
        _begin(Path(os.environ[FOLDER], f"{kind}_{worker}.db"))


def _begin(path: Path) -> None:
    """Make a file, unless it is there, so that nobody reads it before it is whole.

    prometheus-client would make it empty, at the first count, and then could not read it for a moment.
    """
    if not path.exists():
        unread = path.with_suffix(".new")
        MmapedDict(unread).close()  # type: ignore[no-untyped-call]
        unread.replace(path)


class Together(Collector):
    """All metrics of all workers of the folder."""

    def __init__(self, alike: Collector, own: Iterable[Collector]) -> None:
        """Start with what is in the folder.

        Args:
            alike: What every worker would say the same of; read here only.
            own: What each worker has of its own.
        """
        self._alike = alike
        self._own = tuple(own)
        self._all = MultiProcessCollector(None, os.environ[FOLDER])  # type: ignore[no-untyped-call]
        self._gauges: dict[str, Gauge] = {}
        self._counters: dict[str, Counter] = {}
        self._counted: dict[_Key, float] = {}

    def publish(self) -> None:
        """Write what this worker has of its own where the others find it."""
        self._publish()

    def collect(self) -> Iterator[Metric]:
        """All metrics, those of this worker as they are now."""
        shown = self._publish()
        everything: Iterable[Metric] = self._all.collect()  # type: ignore[no-untyped-call]
        for metric in sorted(everything, key=lambda one: one.name):
            if metric.name in OVER_WORKERS:  # no model that has left the zoo
                metric.samples = [
                    one for one in metric.samples if _key(one.name, one.labels) in shown
                ]
            yield metric
        yield from self._alike.collect()

    def _publish(self) -> set[_Key]:
        """Write, and say of which series."""
        shown = set()
        for metric in (metric for one in self._own for metric in one.collect()):
            for sample in metric.samples:
                key = _key(sample.name, sample.labels)
                shown.add(key)
                if metric.type == "counter":
                    self._count(metric, key, sample.value)
                else:
                    self._set(metric, sample.labels, sample.value)
        return shown

    def _set(self, metric: Metric, labels: Mapping[str, str], value: float) -> None:
        gauge = self._gauges.get(metric.name)
        if gauge is None:
            gauge = self._gauges[metric.name] = Gauge(
                metric.name,
                metric.documentation,
                tuple(labels),
                registry=None,
                multiprocess_mode=OVER_WORKERS[metric.name],
            )
        (gauge.labels(**labels) if labels else gauge).set(value)

    def _count(self, metric: Metric, key: _Key, value: float) -> None:
        """Add what came since last time: a worker starts at zero, the file goes on."""
        counter = self._counters.get(metric.name)
        if counter is None:
            counter = self._counters[metric.name] = Counter(
                metric.name, metric.documentation, registry=None
            )
        counter.inc(max(0.0, value - self._counted.get(key, 0.0)))
        self._counted[key] = value


def _key(name: str, labels: Mapping[str, str]) -> _Key:
    return name, tuple(sorted(labels.items()))
