"""How a provider wants to be asked: what becomes of a request, and of the answer to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

Json = dict[str, Any]
"""JSON of any shape: what clients and providers say, which we mostly pass on."""

Fields = Mapping[str, Any]
"""A request body as parsed JSON; it is not changed."""


class Untranslatable(ValueError):  # noqa: N818  # it is about a text, not about a failure
    """Something cannot be said in other terms. The message is for clients."""


class Translator(Protocol):
    """Makes OpenAI's stream out of another, piece by piece."""

    def feed(self, chunk: bytes) -> bytes:
        """What can be said after these further bytes; may be nothing yet."""

    def end(self) -> bytes:
        """What is left to say when the stream has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request in a provider's own terms.

    Attributes:
        path: Below the provider's base URL.
        body: JSON.
        read: Turns the whole answer into OpenAI's; None: it is that already. Raises ValueError if it
            cannot.
        translator: Makes what turns a stream into OpenAI's; None: it is that already.
    """

    path: str
    body: bytes
    read: Callable[[bytes], bytes] | None = None
    translator: Callable[[], Translator] | None = None


class Dialect(Protocol):
    """What a provider speaks."""

    def asking(self, path: str, fields: Fields, *, stream: bool) -> Asking:
        """Translate a request.

        Args:
            path: Of OpenAI's API, such as `/chat/completions`.
            fields: The client's body.
            stream: Whether the answer is to come in pieces.

        Raises:
            LookupError: The provider offers nothing like that path.
            Untranslatable: The request cannot be said in the provider's terms.
        """

    def error_body(self, body: bytes) -> bytes:
        """The body of an error in OpenAI's terms."""


def written(body: Json) -> bytes:
    """A body as it is sent.

    Raises:
        Untranslatable: It is nested more deeply than it can be written, though it could be read.
    """
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise Untranslatable(
            f"the request body is nested too deeply, or is odd otherwise: {error}"
        ) from error


def with_parameters(body: Json, parameters: Mapping[str, Any]) -> Json:
    """A body with the fields that the configuration sets; one that it sets to null is taken out."""
    if not parameters:
        return body
    merged = {**body, **parameters}
    return {name: value for name, value in merged.items() if parameters.get(name, ...) is not None}
