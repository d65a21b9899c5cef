"""The gateway's metrics, as Prometheus reads them. docs/reference/metrics.md lists them."""

import platform
from collections.abc import Iterable
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from messplus.gateway.telemetry.ended import Ended
from messplus.gateway.telemetry.readings import Promises, Read, UnderWay
from messplus.gateway.telemetry.series import Series, WithoutCreated
from messplus.gateway.telemetry.together import Together, count_as

OVERHEAD_S = (
    1e-4, 2e-4, 3e-4, 5e-4, 7.5e-4, 1e-3, 1.5e-3, 2e-3, 3e-3, 5e-3, 7.5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.5,
)  # fmt: skip
"""Buckets of what the gateway adds: fine from 0.1 ms to 100 ms."""

LATENCY_S = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.7, 1, 1.5, 2.5, 4, 6, 10, 15, 25, 40, 60, 120, 300)
DELAY_S = (1, 10, 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400)
COMMIT_S = (1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 0.05, 0.1, 0.25, 1, 5)

CIRCUIT = {"closed": 0, "half-open": 1, "open": 2}

Status = Literal["applied", "pending", "duplicate", "unknown"]


class Metrics:
    """All that the gateway counts. Methods take what happened; none of them waits or raises.

    Labels are names from the configuration and words from short lists, never what a client typed, and
    never who the client is.
    """

    def __init__(self, version: str, worker: int | None = None) -> None:
        """Start at zero, in a registry of its own.

        Args:
            version: Of messplus.
            worker: Number of this process among those that count together, in the folder that
                PROMETHEUS_MULTIPROC_DIR names; None: it counts alone.
        """
        if worker is not None:
            count_as(worker)
        self._registry = CollectorRegistry()
        self._promises = Promises()
        self._under_way = UnderWay()
        process = ProcessCollector(namespace="messplus", registry=None)
        for collector in (self._promises, self._under_way, process):
            self._registry.register(collector)
        self._together = (
            None if worker is None else Together(self._promises, (self._under_way, process))
        )
        self._shown: Collector = self._together or WithoutCreated(self._registry)
        build = self._gauge("build_info", "What runs; always 1.", "version", "python")
        build(version, platform.python_version()).set(1)

        self._requests = self._counter(
            "requests", "Requests that are over.", "route", "model", "mode", "status"
        )
        self._errors = self._counter(
            "errors", "Requests that went wrong, by the error's code.", "kind"
        )
        self._latency = self._histogram(
            "request_latency_seconds", "From arrival to the answer's end.", LATENCY_S, "route"
        )
        self._overhead = self._histogram(
            "overhead_seconds", "What the gateway itself adds to a request.", OVERHEAD_S
        )
        self._first_byte = self._histogram(
            "ttft_seconds",
            "From arrival to the first byte of a streamed answer.",
            LATENCY_S,
            "model",
        )
        self._tokens = self._counter(
            "tokens", "Tokens; cached ones are prompt ones.", "model", "kind"
        )
        self._cost = self._counter(
            "cost_usd", "USD spent: on answers, failed calls, judges.", "route", "model", "purpose"
        )
        self._energy = self._counter("energy_joules", "Joules spent on answers.", "model")

        self._decisions = self._counter(
            "decisions", "Requests that were routed, by who was chosen and why.",
            "route", "model", "mode",
        )  # fmt: skip
        self._squared_error = self._counter(
            "prediction_squared_error",
            "Sum of (verdict - prediction)^2; by verdicts: Brier.",
            "model",
        )
        self._predicted = self._counter(
            "prediction", "Sum of predicted satisfaction of answers with a verdict.", "model"
        )
        self._verdicts = self._counter("verdicts", "Answers with a first verdict.", "model")
        self._satisfied = self._counter("satisfied", "Sum of those verdicts.", "model")

        self._feedback = self._counter(
            "feedback", "Verdicts that came.", "route", "source", "value", "status"
        )
        self._rated = self._counter(
            "rated_decisions", "Decisions with a verdict; by decisions: coverage.", "route"
        )
        self._delay = self._histogram(
            "feedback_delay_seconds", "From the decision to a verdict on it.", DELAY_S, "source"
        )
        self._checks = self._counter(
            "checks", "Looks at answers by rule.", "route", "check", "result"
        )
        self._judged = self._counter("judge_calls", "Answers given to a judge.", "judge", "result")

        self._attempts = self._counter(
            "upstream_attempts", "Calls to upstreams, by how they ended.", "model", "kind"
        )
        self._upstream_latency = self._histogram(
            "upstream_latency_seconds", "Of calls that succeeded, to their end.", LATENCY_S, "model"
        )
        self._circuit_changes = self._counter(
            "circuit_changes", "How often a circuit came into a state.", "model", "state"
        )
        self._commit = self._histogram(
            "store_append_seconds", "From appending events until they are durable.", COMMIT_S
        )
        self._reloads = self._counter("config_reloads", "Configurations that were tried.", "result")
        self._config_at = self._gauge("config_loaded_timestamp_seconds", "When it was last taken.")
        self._lost_logs = self._counter("log_records_dropped", "Log lines that nobody could write.")

    def ended(self, one: Ended) -> None:
        """A request is over."""
        self._requests(one.route, one.model, one.mode, str(one.status)).inc()
        self._latency(one.route).observe(one.latency_s)
        if one.error:
            self._errors(one.error).inc()
        if one.overhead_s is not None:
            self._overhead().observe(one.overhead_s)
        if one.stream and one.first_byte_s is not None:
            self._first_byte(one.model).observe(one.first_byte_s)
        if one.prompt_tokens:
            self._tokens(one.model, "prompt").inc(one.prompt_tokens)
        if one.cached_tokens:
            self._tokens(one.model, "cached").inc(one.cached_tokens)
        if one.output_tokens:
            self._tokens(one.model, "output").inc(one.output_tokens)
        if one.cost_usd:
            self._cost(one.route, one.model, "answer").inc(one.cost_usd)
        if one.failed_cost_usd:
            self._cost(one.route, one.model, "failed").inc(one.failed_cost_usd)
        if one.energy_j:
            self._energy(one.model).inc(one.energy_j)
        if one.route and one.mode:
            self._decisions(one.route, one.model, one.mode).inc()

    def feedback(
        self,
        source: str,
        value: float,
        status: Status,
        *,
        route: str = "",
        delay_s: float | None = None,
    ) -> None:
        """A verdict has come.

        Args:
            source: `user`, `judge`, `audit`, or a finer word of a short list, such as `check`.
            value: 0 to 1.
            status: What became of it.
            route: Of the decision; "" while it is not known.
            delay_s: Seconds since the decision; None while it is not known.
        """
        kind = "0" if value == 0 else "1" if value == 1 else "between"
        self._feedback(route, source, kind, status).inc()
        if delay_s is not None:
            self._delay(source).observe(max(0.0, delay_s))

    def first_verdict(self, *, route: str, model: str, value: float, p_sat: float) -> None:
        """A decision has got its first verdict.

        Args:
            route: Of the decision.
            model: Whose answer it is about.
            value: 0 to 1.
            p_sat: What was predicted of that model.
        """
        self._rated(route).inc()
        self._verdicts(model).inc()
        self._satisfied(model).inc(value)
        self._predicted(model).inc(p_sat)
        self._squared_error(model).inc((value - p_sat) ** 2)

    def checked(self, *, route: str, check: str, passed: bool) -> None:
        """A rule has looked at an answer."""
        self._checks(route, check, "passed" if passed else "failed").inc()

    def judged(self, *, route: str, judge: str, result: str, cost_usd: float = 0.0) -> None:
        """A judge was asked, or could not be.

        Args:
            route: Of the answer.
            judge: The model.
            result: `verdict`, or why there is none: `unclear`, `error`, `timeout`, `overflow`.
            cost_usd: Of asking it.
        """
        self._judged(judge, result).inc()
        if cost_usd:
            self._cost(route, judge, "judge").inc(cost_usd)

    def attempt(self, model: str, kind: str, seconds: float) -> None:
        """A call to an upstream has ended.

        Args:
            model: Of the configuration.
            kind: `ok`, what went wrong, or `cancelled`: the client has left.
            seconds: How long it took.
        """
        self._attempts(model, kind).inc()
        if kind == "ok":  # a refused connection takes no time at all
            self._upstream_latency(model).observe(seconds)

    def circuit(self, model: str, state: str) -> None:
        """A circuit is now `closed`, `half-open` or `open`."""
        self._under_way.circuits[model] = CIRCUIT[state]
        self._circuit_changes(model, state).inc()

    def appended(self, seconds: float) -> None:
        """Events are durable."""
        self._commit().observe(seconds)

    def configured(self, models: Iterable[str], at_s: float) -> None:
        """A configuration was taken.

        Args:
            models: The zoo, whose circuits are shown from now on; those of others no longer.
            at_s: Seconds since 1970.
        """
        known = self._under_way.circuits
        self._under_way.circuits = {name: known.get(name, CIRCUIT["closed"]) for name in models}
        self._reloads("ok").inc()
        self._config_at().set(at_s)

    def configuration_refused(self) -> None:
        """A configuration was tried, and is wrong; the one before goes on."""
        self._reloads("refused").inc()

    def log_dropped(self) -> None:
        """A log line could not be kept."""
        self._lost_logs().inc()

    def watch(self, read: Read) -> None:
        """Say where the gauges come from; called at each scrape."""
        self._promises.read = self._under_way.read = read

    def publish(self) -> None:
        """Let the other workers know what is under way here; alone there is nobody to tell."""
        if self._together is not None:
            self._together.publish()

    def expose(self, accept: str = "") -> tuple[bytes, str]:
        """All metrics as text.

        Args:
            accept: The header of that name: Prometheus asks for OpenMetrics by it.

        Returns:
            The text, and its content type.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self._shown), content_type

    def names(self) -> frozenset[str]:
        """Every name that a query may use."""
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
        return frozenset(
            metric.name + suffix
            for metric in self._registry.collect()
            for suffix in suffixes.get(metric.type, ("",))
        )

    def _counter(self, name: str, text: str, *labels: str) -> Series[Counter]:
        return Series(Counter(f"messplus_{name}", text, labels, registry=self._registry))

    def _gauge(self, name: str, text: str, *labels: str) -> Series[Gauge]:
        metric = Gauge(
            f"messplus_{name}", text, labels, registry=self._registry, multiprocess_mode="livemin"
        )
        return Series(metric)

    def _histogram(
        self, name: str, text: str, buckets: tuple[float, ...], *labels: str
    ) -> Series[Histogram]:
        metric = Histogram(
            f"messplus_{name}", text, labels, buckets=buckets, registry=self._registry
        )
        return Series(metric)
