"""Answers on their way to the client: they say our names of model and answer, and what they hold is noted."""

from collections.abc import Callable
from typing import Final

import orjson

from messplus.gateway.upstreams.answered import Answered, Collector
from messplus.gateway.upstreams.dialect import Json
from messplus.gateway.upstreams.splice import Splicer
from messplus.gateway.upstreams.sse import Events, data_of, data_span, with_data

DONE: Final = b"[DONE]"

LAST_TYPES: Final = frozenset(
    {
        "response.completed",
        "response.incomplete",
        "response.failed",
        "speech.audio.done",
        "image_generation.completed",
    }
)
"""Types of the events that end streams without `[DONE]`."""


def rewrite_json(
    body: bytes, *, model: str, id: str | None, prompt_tokens: int = 0
) -> tuple[bytes, Answered]:
    """An answer in one piece.

    Args:
        body: A JSON object; anything else is given back as it is.
        model: What its `model` becomes.
        id: What its `id` becomes; None: it stays.
        prompt_tokens: As estimated, for upstreams that do not tell their usage.

    Returns:
        The body, with nothing else changed, and what it holds.
    """
    collector = Collector(prompt_tokens)
    parsed = _object(body)
    if parsed is None:
        return body, collector.answered("the answer is no JSON object")
    collector.add(parsed)
    values = {"model": model} if id is None else {"model": model, "id": id}
    if "choices" not in parsed:  # embeddings and others: they get nothing that they did not have
        values = {key: value for key, value in values.items() if key in parsed}
    return (Splicer(values)(body, parsed) if values else body), collector.answered()


class StreamRewriter:
    """A stream of chunks.

    Comments, unknown events, and what is no JSON pass as they are, but for secrets; so do events of
    errors.

    Attributes:
        done: Whether the upstream has said that this is the end.
    """

    def __init__(
        self,
        *,
        model: str,
        id: str | None,
        include_usage: bool,
        prompt_tokens: int = 0,
        clean: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """Nothing has come yet.

        Args:
            model: What every chunk's `model` becomes.
            id: What its `id` becomes; None: it stays.
            include_usage: Whether the client asked for the chunk that tells the usage.
            prompt_tokens: As estimated, for upstreams that do not tell their usage.
            clean: Takes secrets out of what is no part of an answer; None: nothing does.
        """
        self._splice = Splicer({"model": model} if id is None else {"model": model, "id": id})
        self._include_usage = include_usage
        self._events = Events()
        self._collector = Collector(prompt_tokens)
        self._clean = clean
        self.done = False

    def feed(self, chunk: bytes) -> bytes:
        """What the client gets of these further bytes; may be nothing yet."""
        events = self._events.feed(chunk)
        if len(events) == 1:
            return self._event(events[0])
        return b"".join([self._event(event) for event in events])

    def end(self) -> bytes:
        """What the client gets when the upstream has nothing more to say."""
        rest = self._events.end()
        return self._event(rest) if rest else b""

    @property
    def unfinished(self) -> bool:
        """Whether the upstream has said neither that this is the end nor that something is wrong."""
        return not (self.done or self._collector.finish_reason or self._collector.error)

    def answered(self) -> Answered:
        """What has come up to now; its `error` tells if that is not all."""
        whole = self.done or self._collector.finish_reason
        return self._collector.answered("" if whole else "the answer ended before it was finished")

    def _event(self, event: bytes) -> bytes:
        if self._clean and (b'"choices"' not in event or b'"error"' in event):
            event = self._clean(event)
        span = data_span(event)
        data = event[span[0] : span[1]] if span else data_of(event)
        if data is None:
            return event
        if data.strip() == DONE:
            self.done = True
            return event
        parsed = _object(data)
        if parsed is None:
            return event
        self._collector.add(parsed)
        choices = parsed.get("choices")
        if choices is None:  # an error, or another API's event
            self.done = self.done or parsed.get("type") in LAST_TYPES
            return event
        if choices == [] and not self._include_usage and parsed.get("usage") is not None:
            return b""
        spliced = self._splice(data, parsed)
        if span:
            return event[: span[0]] + spliced + event[span[1] :]
        return with_data(event, spliced.replace(b"\n", b" "))


def _object(data: bytes) -> Json | None:
    try:
        parsed = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None
