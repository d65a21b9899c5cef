"""What is not counted but read whenever somebody looks: the standing of promises, what is under way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from messplus.router import Standing  # and with it numpy and every predictor


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Everything that is read at a scrape.

    Attributes:
        promises: Asks how each stands; that may take a while, so only a scrape does.
        in_flight: Requests under way.
        calls_in_flight: Calls under way by model.
        parked: Feedback that came before its decision, and waits.
        sessions: That stay with a model.
        judging: Answers that wait for a judge.
        store_bytes: Size of the log; None where it is not on disk.
        store_waiting: Events that wait on local disk for the database; None where there is none.
    """

    promises: Callable[[], Sequence["Standing"]] = tuple
    in_flight: int = 0
    calls_in_flight: Mapping[str, int] = field(default_factory=dict)
    parked: int = 0
    sessions: int = 0
    judging: int = 0
    store_bytes: int | None = None
    store_waiting: int | None = None


Read = Callable[[], Readings]
FEASIBLE: Mapping[str, float] = {"yes": 1.0, "unclear": 0.5, "no": 0.0}


class Promises(Collector):
    """How promises stand. Processes that share a log know the same, so one speaks for all."""

    def __init__(self) -> None:
        self.read: Read = Readings

    def collect(self) -> Iterator[Metric]:
        """One gauge per figure."""
        now = self.read()
        yield from _promises(now.promises())
        yield _gauge("store_bytes", "Size of the log on disk.", now.store_bytes)

    def describe(self) -> Iterator[Metric]:
        """The gauges without their values: a registry asks for names before there is anything to read."""
        yield from Promises().collect()


class UnderWay(Collector):
    """What is under way in this process, and the state of its circuits.

    Attributes:
        read: Where figures come from.
        circuits: State of each model's circuit, as `CIRCUIT` numbers it.
    """

    def __init__(self) -> None:
        self.read: Read = Readings
        self.circuits: dict[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        """One gauge per figure."""
        now = self.read()
        yield _gauge("requests_in_flight", "Requests under way.", now.in_flight)
        yield _by_model("upstream_in_flight", "Calls under way.", now.calls_in_flight)
        yield _gauge("feedback_parked", "Feedback that waits for its decision.", now.parked)
        yield _gauge("sessions", "Sessions that stay with a model.", now.sessions)
        yield _gauge("judge_waiting", "Answers that wait for a judge.", now.judging)
        yield _gauge(
            "store_waiting_events",
            "Events that wait on local disk until the database is there.",
            now.store_waiting,
        )
        yield _by_model(
            "circuit_state",
            "0 closed: calls go on; 1 half-open: one tries; 2 open: none.",
            dict(self.circuits),
        )

    def describe(self) -> Iterator[Metric]:
        """The gauges without their values."""
        yield from UnderWay().collect()


_Value = Callable[["Standing"], float | None]
_PROMISE: tuple[tuple[str, str, _Value], ...] = (
    ("alpha", "Promised share of satisfied requests.", lambda one: one.alpha),
    ("promise_requests", "Requests decided under the promise.", lambda one: one.requests),
    ("queue_requests", "Virtual queue: satisfied requests owed.", lambda one: one.queue),
    ("debt_requests", "The same with its sign: negative when ahead.", lambda one: one.debt),
    ("satisfaction_believed", "Mean satisfaction so far, as believed.", lambda one: one.believed),
    ("price", "Worth of one more satisfied request, in the unit of cost.", lambda one: one.price),
    ("promise_feasible", "Whether the zoo can keep it: 1 yes, 0.5 unclear, 0 no.",
     lambda one: FEASIBLE[one.feasible]),
    ("satisfaction_reachable", "Best that the zoo can reach, where the promise is above it.",
     lambda one: one.reachable.satisfaction if one.reachable else None),
    ("promise_warnings", "What stands against the promise; the log says it in words.",
     lambda one: len(one.warnings)),
)  # fmt: skip


def _promises(promises: Sequence["Standing"]) -> Iterator[Metric]:
    for name, text, value in _PROMISE:
        family = GaugeMetricFamily(f"messplus_{name}", text, labels=["route", "promise"])
        for one in promises:
            if (read := value(one)) is not None:
                family.add_metric([one.route, f"{one.alpha:g}"], read)
        yield family
    labels = ["route", "promise", "model"]
    level = GaugeMetricFamily("messplus_model_satisfaction", "Expected of a model.", labels=labels)
    cost = GaugeMetricFamily(
        "messplus_model_expected_cost", "Of a request, in the unit of cost.", labels=labels
    )
    for one in promises:
        for model in one.models:
            series = [one.route, f"{one.alpha:g}", model.model]
            level.add_metric(series, model.level)
            cost.add_metric(series, model.cost)
    yield level
    yield cost


def _gauge(name: str, text: str, value: float | None) -> Metric:
    return GaugeMetricFamily(f"messplus_{name}", text, value=value)


def _by_model(name: str, text: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(f"messplus_{name}", text, labels=["model"])
    for model, value in values.items():
        family.add_metric([model], value)
    return family
