"""Spans of requests, under OpenTelemetry's names."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from messplus.errors import MissingExtraError
from messplus.gateway.config import Settings
from messplus.gateway.config.settings import Tracing
from messplus.gateway.telemetry import Ended, NoTraces, open_traces
from messplus.gateway.telemetry.otel import OtelTraces

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
DONE = Ended(
    request_id="r1", status=200, latency_s=1.2, client="team-a", asked="auto", session="s1",
    route="chat", alpha=0.9, model="small", provider="openai", mode="exploit", overhead_s=0.001,
    first_byte_s=0.3, stream=True, prompt_tokens=100, output_tokens=50, cost_usd=0.5, attempts=1,
)  # fmt: skip


def settings(**tracing: object) -> Settings:
    return Settings.model_validate(
        {
            "providers": {"p": {"base_url": "http://127.0.0.1"}},
            "models": {"m": {"provider": "p"}},
            "routes": {"r": {"alpha": 0.9}},
            "tracing": tracing or None,
        }
    )


@pytest.fixture
def kept() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(kept: InMemorySpanExporter) -> Iterator[OtelTraces]:
    found = OtelTraces(Tracing(), SimpleSpanProcessor(kept))
    yield found
    found.close()


def test_a_span_is_named_after_who_answered(traces: OtelTraces, kept: InMemorySpanExporter) -> None:
    traces.begin({}).end(DONE)
    (span,) = kept.get_finished_spans()
    assert (span.name, span.kind, span.parent) == ("chat small", SpanKind.CLIENT, None)
    assert span.attributes is not None
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "auto",
        "gen_ai.response.model": "small",
        "gen_ai.request.stream": True,
        "gen_ai.conversation.id": "s1",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.response.time_to_first_chunk": 0.3,
        "http.response.status_code": 200,
        "messplus.request_id": "r1",
        "messplus.client": "team-a",
        "messplus.route": "chat",
        "messplus.alpha": 0.9,
        "messplus.mode": "exploit",
        "messplus.attempts": 1,
        "messplus.cost_usd": 0.5,
        "messplus.overhead_s": 0.001,
    }
    assert span.resource.attributes["service.name"] == "messplus"


def test_the_callers_trace_goes_on_to_the_upstream(
    traces: OtelTraces, kept: InMemorySpanExporter
) -> None:
    trace = traces.begin({"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "a=b"})
    sent = trace.headers()
    trace.end(DONE)
    (span,) = kept.get_finished_spans()
    context = span.get_span_context()
    assert span.parent is not None
    assert context is not None
    assert f"{span.parent.span_id:016x}" == SPAN
    assert sent["traceparent"] == f"00-{TRACE}-{context.span_id:016x}-01"
    assert sent["tracestate"] == "a=b"


@pytest.mark.parametrize("given", ["", "nonsense", f"00-{'0' * 32}-{SPAN}-01", "00-" + "f" * 9999])
def test_a_broken_traceparent_begins_a_new_trace(
    traces: OtelTraces, kept: InMemorySpanExporter, given: str
) -> None:
    traces.begin({"traceparent": given}).end(DONE)
    assert kept.get_finished_spans()[0].parent is None


def test_errors_are_marked(traces: OtelTraces, kept: InMemorySpanExporter) -> None:
    traces.begin({}).end(Ended(request_id="r", status=503, latency_s=1, error="no_model_available"))
    traces.begin({}).end(Ended(request_id="r", status=404, latency_s=1, error="model_not_found"))
    failed, refused = kept.get_finished_spans()
    assert (failed.name, failed.status.status_code) == ("chat", StatusCode.ERROR)
    assert refused.status.status_code == StatusCode.UNSET  # the client's fault
    assert refused.attributes is not None
    assert refused.attributes["error.type"] == "model_not_found"


def test_what_is_not_sampled_costs_no_span(kept: InMemorySpanExporter) -> None:
    traces = OtelTraces(Tracing(share=0), SimpleSpanProcessor(kept))
    traces.begin({}).end(DONE)
    traces.begin({"traceparent": f"00-{TRACE}-{SPAN}-01"}).end(DONE)  # the caller decided
    traces.close()
    assert len(kept.get_finished_spans()) == 1


def test_without_a_collector_the_callers_trace_passes_through() -> None:
    traces = open_traces(settings(), {})
    assert isinstance(traces, NoTraces)
    given = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "x" * 9999, "cookie": "no"}
    trace = traces.begin(given)
    assert trace.headers() == {"traceparent": given["traceparent"]}
    trace.end(DONE)
    traces.close()


def test_the_environment_turns_traces_off() -> None:
    off = {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    assert isinstance(open_traces(settings(share=1), off), NoTraces)


def test_spans_reach_a_collector() -> None:
    got: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        traces = open_traces(settings(endpoint=f"http://127.0.0.1:{server.server_port}"), {})
        traces.begin({}).end(DONE)
        traces.close()
        server.shutdown()
        thread.join()
    ((path, body),) = got
    assert path == "/v1/traces"
    assert b"chat small" in body


def test_traces_need_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messplus.errors.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'messplus\[otel\]'"):
        open_traces(settings(), {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})


def test_without_traces_opentelemetry_is_not_loaded() -> None:
    code = (
        "import sys; import messplus.gateway.telemetry;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
