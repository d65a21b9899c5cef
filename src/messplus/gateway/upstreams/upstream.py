"""One model of the zoo behind an HTTP endpoint: asked with patience, but not with too much."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Final

import orjson

from messplus.gateway.config.secrets import without
from messplus.gateway.config.settings import Model
from messplus.gateway.upstreams.anthropic import Anthropic
from messplus.gateway.upstreams.attempt import Attempt
from messplus.gateway.upstreams.dialect import Asking, Dialect, Fields, Untranslatable
from messplus.gateway.upstreams.endpoint import Endpoint
from messplus.gateway.upstreams.errors import UpstreamError
from messplus.gateway.upstreams.faults import of_the_status
from messplus.gateway.upstreams.line import Line
from messplus.gateway.upstreams.openai import OpenAI
from messplus.gateway.upstreams.reply import Reply

RETRIED: Final = frozenset({"refused", "throttled", "server_error", "cut"})
"""Kinds after which the same upstream is asked once more. A time limit is not among them: another wait
as long helps nobody, another model does."""

LONGEST_WAIT_S: Final = 2.0
"""An upstream that asks for a longer wait is not asked again: the next model is quicker."""

FIRST_WAIT_S: Final = 0.25
"""Longest wait before the first retry; it doubles with each further one."""

_SHOWN: Final = 200  # characters of an answer that a message quotes
_READ_FOR_QUOTE: Final = 4096  # bytes; more than shown, so that no secret is cut in two

_PARSED_BYTES: Final = 2**20
"""Answers up to this length are parsed while another model can still step in; of longer ones, which are
embeddings, the two ends are looked at."""

_JSON_PATHS: Final = frozenset({"/chat/completions", "/completions", "/embeddings"})
_PASSED_ON: Final = ("content-type", "retry-after", "retry-after-ms")
_RATE_LIMITS: Final = "x-ratelimit-"
_ERROR_WHOLE: Final = re.compile(rb'\s*\{\s*"error"\s*:\s*[{"]')
_NO_EVENTS: Final = re.compile(rb"\s*[<{\[]")
_STREAMED: Final = frozenset({"/chat/completions", "/completions"})
_ERROR_FIRST: Final = re.compile(rb'\s*(?:event:\s*error\b|data:\s*\{\s*"error"\s*:\s*[{"])')


class Upstream:
    """A model, its provider, and the line to it."""

    def __init__(
        self,
        model: Model,
        endpoint: Endpoint,
        line: Line,
        *,
        rng: Random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Connect the parts.

        Args:
            model: Its settings.
            endpoint: Of its provider.
            line: Its circuit and calls under way.
            rng: For the jitter of retries.
            sleep: Waits.
        """
        self.name = line.model
        self.model = model
        self.endpoint = endpoint
        self.line = line
        self._dialect = _dialect(self.name, model, endpoint)
        self._rng = rng
        self._sleep = sleep

    def can_serve(self) -> bool:
        """Whether a call may begin now."""
        return self.line.admits(self.model.concurrency) and not self.endpoint.is_full

    async def open(
        self, path: str, fields: Fields, *, stream: bool, headers: Mapping[str, str]
    ) -> Reply:
        """Ask, and ask again where that makes sense, until an answer begins; see `Upstreams.open`."""
        asking = self._asking(path, fields, stream=stream)
        attempts = 0
        while True:
            attempt = self._begin()
            attempts += 1
            try:
                return await self._answer(attempt, asking, path, headers, stream, attempts)
            except UpstreamError as error:
                error.attempts = attempts
                if attempts > self.endpoint.provider.retries:
                    raise
                wait_s = self._wait_s(error, attempts)
                if wait_s is None:
                    raise
                await self._sleep(wait_s)
                if not self.can_serve():  # others have failed meanwhile, or try already
                    raise
            except BaseException:
                attempt.give_up()
                raise

    def _asking(self, path: str, fields: Fields, *, stream: bool) -> Asking:
        try:
            return self._dialect.asking(path, fields, stream=stream)
        except LookupError as error:
            raise UpstreamError(self.name, "missing", f"its provider has no {path}") from error
        except Untranslatable as error:
            kind = "invalid_request_error"
            said = {"message": str(error), "type": kind, "param": None, "code": "invalid_request"}
            body = orjson.dumps({"error": said})
            raise UpstreamError(
                self.name, "rejected", str(error), status=400, retryable=False, body=body
            ) from error

    def _begin(self) -> Attempt:
        if self.endpoint.is_full:
            most = self.endpoint.provider.max_connections
            raise UpstreamError(self.name, "busy", f"its provider has {most} calls under way")
        return Attempt(self.name, self.endpoint, self.line.begin(self.model.concurrency))

    async def _answer(
        self,
        attempt: Attempt,
        asking: Asking,
        path: str,
        headers: Mapping[str, str],
        stream: bool,
        attempts: int,
    ) -> Reply:
        begun = await attempt.send(asking, headers, stream=stream)
        response = attempt.response
        if response.status >= 300:
            body = self._dialect.error_body(await attempt.error_body())
            raise attempt.fail(
                of_the_status(
                    self.name, response.status, response.headers, body, self.endpoint.secrets
                )
            )
        if stream and _ERROR_FIRST.match(begun):
            raise self._says_error(attempt, begun)
        if stream and path in _STREAMED and _NO_EVENTS.match(begun):
            text = f"answers with what is no stream: {self._quoted(begun)}"
            raise attempt.fail(UpstreamError(self.name, "garbage", text))
        whole = not stream and (path in _JSON_PATHS or "json" in response.content_type)
        if whole:
            begun = await attempt.rest()
            if _ERROR_WHOLE.match(begun):
                raise self._says_error(attempt, begun)
            begun = self._read(attempt, begun, asking)
        else:
            attempt.answers()
        shown = {
            name: value
            for key, value in response.headers.items()
            if (name := key.lower()) in _PASSED_ON or name.startswith(_RATE_LIMITS)
        }
        translator = asking.translator() if asking.translator is not None else None
        return Reply(
            attempt,
            begun,
            whole=whole,
            attempts=attempts,
            headers=shown,
            translator=translator,
            secrets=self.endpoint.secrets,
        )

    def _read(self, attempt: Attempt, body: bytes, asking: Asking) -> bytes:
        """The whole answer, checked to be JSON."""
        try:
            answer = asking.read(body) if asking.read is not None else body
            looks_right = answer.lstrip()[:1] == b"{" and answer.rstrip()[-1:] == b"}"
            if looks_right and len(answer) <= _PARSED_BYTES:
                orjson.loads(answer)
        except ValueError:
            looks_right = False
        if not looks_right:
            text = f"answers with what is no JSON object: {self._quoted(body)}"
            raise attempt.fail(UpstreamError(self.name, "garbage", text))
        attempt.succeed()
        return answer

    def _says_error(self, attempt: Attempt, begun: bytes) -> UpstreamError:
        """Some answer 200 and say only then that they cannot: there is still time for others."""
        text = f"answers 200 with an error: {self._quoted(begun)}"
        return attempt.fail(UpstreamError(self.name, "server_error", text))

    def _quoted(self, said: bytes) -> str:
        """The beginning of what the upstream says, without our secrets."""
        clean = without(self.endpoint.secrets, said[:_READ_FOR_QUOTE].decode("utf-8", "replace"))
        return clean[:_SHOWN].strip() or "nothing"

    def _wait_s(self, error: UpstreamError, attempts: int) -> float | None:
        """Seconds until another attempt makes sense; None: none does here."""
        if error.kind not in RETRIED and error.status != 408:
            return None
        asked_s = error.retry_after_s or 0.0
        if asked_s > LONGEST_WAIT_S:
            return None
        # Full jitter: those who failed together do not come back together.
        return asked_s + self._rng.uniform(0.0, FIRST_WAIT_S * 2.0 ** (attempts - 1))


def _dialect(name: str, model: Model, endpoint: Endpoint) -> Dialect:
    dialect = Anthropic if endpoint.provider.api == "anthropic" else OpenAI
    return dialect(model.model or name, model.parameters)
