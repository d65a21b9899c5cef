"""OpenAI's API, which most providers speak: nearly nothing is to be translated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from messplus.gateway.upstreams.dialect import Asking, Fields, with_parameters, written

_TELLS_USAGE: Final = ("/chat/completions", "/completions")
"""Streams that tell their usage only if asked."""


@dataclass(frozen=True, slots=True)
class OpenAI:
    """A model behind OpenAI's API.

    Attributes:
        model: What the provider calls it.
        parameters: Fields that the configuration sets.
    """

    model: str
    parameters: Mapping[str, Any]

    def asking(self, path: str, fields: Fields, *, stream: bool) -> Asking:
        """The same request, with the provider's name of the model, and with usage in streams."""
        body = with_parameters({**fields, "model": self.model}, self.parameters)
        if stream:
            body["stream"] = True
            if path in _TELLS_USAGE:
                options = body.get("stream_options")
                body["stream_options"] = {
                    **(options if isinstance(options, dict) else {}),
                    "include_usage": True,
                }
        return Asking(path=path, body=written(body))

    def error_body(self, body: bytes) -> bytes:
        """As it is."""
        return body
