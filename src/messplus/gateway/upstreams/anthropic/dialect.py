"""What goes to `POST /v1/messages`, and what comes back."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from messplus.gateway.upstreams.anthropic.answer import completion_of, error_of
from messplus.gateway.upstreams.anthropic.request import messages_request
from messplus.gateway.upstreams.anthropic.stream import ChunkStream
from messplus.gateway.upstreams.dialect import Asking, Fields, with_parameters, written


@dataclass(frozen=True, slots=True)
class Anthropic:
    """A model behind Anthropic's Messages API.

    Attributes:
        model: What the provider calls it.
        parameters: Fields that the configuration sets, in the provider's own terms.
        now: Seconds since 1970; answers tell when they were made.
    """

    model: str
    parameters: Mapping[str, Any]
    now: Callable[[], float] = field(default=time.time)

    def asking(self, path: str, fields: Fields, *, stream: bool) -> Asking:
        """A chat completion as a request for a message.

        Raises:
            LookupError: It is no chat completion.
            Untranslatable: It asks for what the API does not have; the message is for clients.
        """
        if path != "/chat/completions":
            raise LookupError(path)
        body = messages_request(fields, model=self.model, stream=stream)
        created = int(self.now())
        return Asking(
            path="/messages",
            body=written(with_parameters(body, self.parameters)),
            read=partial(completion_of, created=created),
            translator=partial(ChunkStream, created=created),
        )

    def error_body(self, body: bytes) -> bytes:
        """OpenAI's error body with the same type and message."""
        return error_of(body)
