"""Metrics whose time series are few and found quickly."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

M = TypeVar("M", bound=MetricWrapperBase)

MOST_SERIES = 2_000
"""Of one metric. Labels come from the configuration, so more are a mistake; they share one series."""

OTHER = "other"


class Series(Generic[M]):
    """The time series of one metric by their labels, without prometheus-client's lock and checks."""

    def __init__(self, metric: M) -> None:
        self._metric = metric
        self._found: dict[tuple[str, ...], M] = {}

    def __call__(self, *labels: str) -> M:
        """The series of these values of the labels, in order."""
        found = self._found.get(labels)
        return self._add(labels) if found is None else found

    def _add(self, labels: tuple[str, ...]) -> M:
        if len(self._found) >= MOST_SERIES:
            return self._metric.labels(*(OTHER,) * len(labels))  # not kept: others may follow
        found: M = self._metric.labels(*labels) if labels else self._metric
        self._found[labels] = found
        return found


class WithoutCreated(Collector):
    """A registry without the time at which each series began, which doubles their number."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """All metrics of the registry."""
        for metric in self._registry.collect():
            metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
            yield metric
