"""Spans by OpenTelemetry's SDK. The only module that imports it; see traces.py."""

from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import messplus
from messplus.gateway.config.settings import Tracing
from messplus.gateway.telemetry.ended import Ended
from messplus.gateway.telemetry.semantics import span_attributes, span_name
from messplus.gateway.telemetry.spans import Trace

SEND_S = 5.0
"""Longest time for one batch of spans, and for the last ones at the end."""

_W3C = TraceContextTextMapPropagator()


class OtelTrace:
    """One request's span."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def headers(self) -> Mapping[str, str]:
        """`traceparent` of this span."""
        told: dict[str, str] = {}
        _W3C.inject(told, set_span_in_context(self._span))
        return told

    def end(self, one: Ended) -> None:
        """Name the span after what happened, and end it."""
        if self._span.is_recording():
            self._span.update_name(span_name(one))
            self._span.set_attributes(span_attributes(one))
            if one.status >= 500:
                self._span.set_status(Status(StatusCode.ERROR, one.error))
        self._span.end()


class OtelTraces:
    """Makes spans in a provider of its own: the process's global one is left alone."""

    def __init__(self, tracing: Tracing, processor: SpanProcessor) -> None:
        """Start.

        Args:
            tracing: How much is traced, and under which name.
            processor: Where finished spans go.
        """
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(tracing.share)),
            resource=Resource.create(
                {"service.name": tracing.service, "service.version": messplus.__version__}
            ),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("messplus.gateway", messplus.__version__)

    def begin(self, headers: Mapping[str, str]) -> Trace:
        """A request has come."""
        caller = _W3C.extract(headers)
        return OtelTrace(self._tracer.start_span("chat", context=caller, kind=SpanKind.CLIENT))

    def close(self) -> None:
        """Send the rest."""
        self._provider.force_flush(int(1000 * SEND_S))
        self._provider.shutdown()


def otlp_traces(tracing: Tracing) -> OtelTraces:
    """Spans sent by OTLP over HTTP, in batches, from a thread of their own.

    At most 2,048 spans wait; further ones are dropped.
    """
    endpoint = tracing.endpoint
    if endpoint is not None and not endpoint.endswith("/v1/traces"):
        endpoint = f"{endpoint.rstrip('/')}/v1/traces"
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=SEND_S)
    return OtelTraces(tracing, BatchSpanProcessor(exporter, max_queue_size=2048))
