"""OpenTelemetry's names for calls of language models, in one place: they are still in development.

https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from messplus.gateway.telemetry.ended import Ended

Attribute = str | bool | int | float


def span_name(one: Ended) -> str:
    """`chat small`; only `chat` for a request that no model answered."""
    return f"{one.operation} {one.model}".strip()


def span_attributes(one: Ended) -> dict[str, Attribute]:
    """What a span says of a request; what is not known is left out."""
    told: dict[str, Attribute | None] = {
        "gen_ai.operation.name": one.operation,
        "gen_ai.provider.name": one.provider or None,
        "gen_ai.request.model": one.asked or None,
        "gen_ai.response.model": one.model or None,
        "gen_ai.request.stream": one.stream,
        "gen_ai.conversation.id": one.session or None,
        "gen_ai.usage.input_tokens": one.prompt_tokens or None,
        "gen_ai.usage.cache_read.input_tokens": one.cached_tokens or None,
        "gen_ai.usage.output_tokens": one.output_tokens or None,
        "gen_ai.response.time_to_first_chunk": one.first_byte_s if one.stream else None,
        "http.response.status_code": one.status,
        "error.type": one.error or None,
        "messplus.request_id": one.request_id,
        "messplus.client": one.client or None,
        "messplus.route": one.route or None,
        "messplus.alpha": one.alpha,
        "messplus.mode": one.mode or None,
        "messplus.attempts": one.attempts,
        "messplus.cost_usd": one.cost_usd + one.failed_cost_usd,
        "messplus.overhead_s": one.overhead_s,
    }
    return {name: value for name, value in told.items() if value is not None}
