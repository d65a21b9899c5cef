"""Traces: a span per request, where somebody collects them. Without, nothing of OpenTelemetry is loaded."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from messplus.errors import require_extra
from messplus.gateway.config.settings import Settings, Tracing
from messplus.gateway.telemetry.ended import Ended
from messplus.gateway.telemetry.spans import Trace, Traces

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PASSED_ON = ("traceparent", "tracestate")
LONGEST_HEADER = 512


@dataclass(frozen=True, slots=True)
class _Through:
    """No span: the caller's trace goes on upstream as if nobody stood between."""

    _headers: Mapping[str, str]

    def headers(self) -> Mapping[str, str]:
        return {
            name: value
            for name in PASSED_ON
            if (value := self._headers.get(name)) and len(value) <= LONGEST_HEADER
        }

    def end(self, one: Ended) -> None:
        """Nobody asks."""


class NoTraces:
    """Nobody collects spans."""

    def begin(self, headers: Mapping[str, str]) -> Trace:
        """A request has come."""
        return _Through(headers)

    def close(self) -> None:
        """There is nothing to send."""


def open_traces(settings: Settings, environment: Mapping[str, str] = os.environ) -> Traces:
    """Spans to wherever the configuration or the environment says.

    Args:
        settings: Its section `tracing`.
        environment: Of OpenTelemetry: OTEL_EXPORTER_OTLP_ENDPOINT turns traces on, and
            OTEL_SDK_DISABLED=true off. Headers and certificates are read by its exporter.

    Raises:
        MissingExtraError: Traces are wanted, and the extra is not installed.
    """
    wanted = settings.tracing is not None or any(environment.get(name) for name in ENDPOINTS)
    if not wanted or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return NoTraces()
    require_extra("otel", ["opentelemetry"], "tracing")
    from messplus.gateway.telemetry.otel import otlp_traces

    return otlp_traces(settings.tracing or Tracing())
