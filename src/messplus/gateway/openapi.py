"""What can be asked of the gateway, as OpenAPI 3.1: `GET /openapi.json`.

Bodies are described as loosely as they are taken: what is not for the gateway goes through as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from messplus.gateway.dashboard.listing import MOST, USUAL
from messplus.gateway.passthrough import PATHS
from messplus.gateway.verdicts import MOST_IN_BATCH

Json = dict[str, Any]

_JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream"
_TEXT: Final = "text/plain"
_METRICS: Final = (_TEXT, "application/openmetrics-text")

_ALWAYS: Final = (401, 500, 503)
_TAKES_A_BODY: Final = (400, 413)
_ASKS_A_MODEL: Final = (404, 422, 429, 502, 504)

_TEXT_FIELD: Final[Json] = {"type": "string"}
_NAME: Final[Json] = {"type": "string", "minLength": 1}
_MESSAGES: Final[Json] = {"type": "array", "minItems": 1, "items": {"type": "object"}}
_OWN: Final[Json] = {
    "type": "object",
    "properties": {
        "route": _TEXT_FIELD,
        "alpha": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "exclude": {"type": "array", "items": _TEXT_FIELD},
        "session_id": _TEXT_FIELD,
    },
    "additionalProperties": False,
}
_STREAM: Final[Json] = {"type": ["boolean", "null"]}
_CHAT: Final[Json] = {
    "type": "object",
    "required": ["model", "messages"],
    "properties": {"model": _NAME, "messages": _MESSAGES, "stream": _STREAM, "messplus": _OWN},
}
_COMPLETION: Final[Json] = {
    "type": "object",
    "required": ["model", "prompt"],
    "properties": {"model": _NAME, "prompt": _TEXT_FIELD, "stream": _STREAM, "messplus": _OWN},
}
_ANYTHING: Final[Json] = {
    "type": "object",
    "required": ["model"],
    "properties": {"model": _NAME, "stream": _STREAM},
}
_VERDICT: Final[Json] = {
    "type": "object",
    "required": ["id", "value"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 96},
        "value": {
            "anyOf": [
                {"type": "boolean"},
                {"type": "number", "minimum": 0, "maximum": 1},
                {"const": -1},
            ]
        },
        "source": {"enum": ["user", "implicit", "test", "check", "judge", "audit"]},
        "feedback_id": {"type": "string", "maxLength": 96},
        "comment": {"type": "string", "maxLength": 4000},
        "label": {"type": "string", "maxLength": 512},
        "metadata": {
            "type": "object",
            "maxProperties": 16,
            "additionalProperties": {"type": ["string", "number", "boolean"], "maxLength": 512},
        },
        "dry_run": {"type": "boolean"},
    },
    "additionalProperties": False,
}
_BATCH: Final[Json] = {
    "type": "object",
    "required": ["feedback"],
    "properties": {
        "feedback": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_IN_BATCH,
            "items": _VERDICT,
        }
    },
}
_PAGE: Final[Mapping[str, Json]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
    "after": _TEXT_FIELD,
    "q": {"type": "string", "maxLength": 200},
}
_ERROR: Final[Json] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": _TEXT_FIELD,
                "type": _TEXT_FIELD,
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked.

    Attributes:
        method: Of HTTP.
        path: Below the gateway's address; what is in braces is a parameter.
        summary: What it does.
        body: Schema of the request's body; None: it takes none.
        status: Of an answer as asked.
        kinds: Content types of that.
        query: Schemas of what may stand behind the `?`, by name.
        errors: Other statuses, besides those that every path may answer with.
    """

    method: Literal["get", "post"]
    path: str
    summary: str
    body: Json | None = None
    status: int = 200
    kinds: Sequence[str] = (_JSON,)
    query: Mapping[str, Json] = field(default_factory=dict)
    errors: Sequence[int] = ()

    @property
    def shown(self) -> Json:
        """As OpenAPI has it."""
        errors = {*_ALWAYS, *self.errors, *(_TAKES_A_BODY if self.body else ())}
        as_asked = {"description": "As asked", "content": {kind: {} for kind in self.kinds}}
        responses = {str(self.status): as_asked}
        for status in sorted(errors):
            responses[str(status)] = {"$ref": "#/components/responses/Error"}
        shown: Json = {"summary": self.summary, "responses": responses}
        if self.body is not None:
            content = {_JSON: {"schema": self.body}}
            shown["requestBody"] = {"required": True, "content": content}
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        parameters: list[Json] = [
            {"name": name, "in": "path", "required": True, "schema": _TEXT_FIELD} for name in names
        ]
        parameters += [
            {"name": name, "in": "query", "required": False, "schema": schema}
            for name, schema in self.query.items()
        ]
        if parameters:
            shown["parameters"] = parameters
        return shown


def _asks(
    path: str, summary: str, body: Json, kinds: Sequence[str] = (_JSON, _EVENTS)
) -> Operation:
    return Operation("post", path, summary, body, kinds=kinds, errors=_ASKS_A_MODEL)


OPERATIONS: Final = (
    _asks("/v1/chat/completions", "Answer a conversation", _CHAT),
    _asks("/chat/completions", "Answer a conversation", _CHAT),
    _asks("/v1/completions", "Complete a text", _COMPLETION),
    *(
        _asks(f"/v1{path}", "Pass on to the model that is named", _ANYTHING, (_JSON, _EVENTS, "*/*"))
        for path in PATHS
    ),
    Operation(
        "post", "/v1/feedback", "Say how an answer was", _VERDICT, status=202, errors=(403, 404)
    ),
    Operation(
        "post", "/v1/feedback/batch", "Say how many answers were", _BATCH, status=202,
        errors=(403, 404),
    ),
    Operation("post", "/v1/decision", "Say who would answer", _CHAT, errors=(404, 429)),
    Operation("get", "/v1/decisions/{decision_id}", "Explain a decision", errors=(404,)),
    Operation("get", "/v1/models", "List what `model` may be"),
    Operation("get", "/v1/models/{name}", "Show what `model` may be", errors=(404,)),
    Operation("get", "/models", "List what `model` may be"),
    Operation(
        "get", "/v1/routes", "Show how every promise stands, some at a time", query=_PAGE,
        errors=(400,),
    ),
    Operation("get", "/admin/upstreams", "Show circuits and calls under way", errors=(403,)),
    Operation("post", "/admin/reload", "Read the configuration again", errors=(403, 409, 422)),
    Operation("get", "/health/liveness", "Say whether the process answers"),
    Operation("get", "/health/readiness", "Say whether requests are taken"),
    Operation("get", "/metrics", "Show metrics for Prometheus", kinds=_METRICS),
    Operation("get", "/openapi.json", "Show this description"),
    Operation("get", "/", "Show what there is"),
)  # fmt: skip


def description(version: str) -> Json:
    """The whole description.

    Args:
        version: Of the gateway.
    """
    paths: dict[str, Json] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = one.shown
    error = {"description": "Not as asked", "content": {_JSON: {"schema": _ERROR}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "messplus", "version": version},
        "paths": paths,
        "components": {
            "responses": {"Error": error},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}, {}],
    }
