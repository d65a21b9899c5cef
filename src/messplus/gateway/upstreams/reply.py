"""`Reply`: the answer of an upstream, whole or as it comes."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from types import TracebackType
from typing import Self

from messplus.gateway.config.secrets import without_in
from messplus.gateway.upstreams.attempt import Attempt
from messplus.gateway.upstreams.dialect import Translator


class Reply:
    """An answer with a status below 300. Read it to its end or close it; it is a context manager.

    An answer that was not asked for as a stream, and is JSON, has come whole already: `read` returns at
    once and does not fail.

    Attributes:
        model: Who answers, by its name in the configuration.
        status: Of HTTP.
        headers: Those worth passing on, names in lower case.
        first_byte_s: Seconds from the beginning of the attempt to its first byte.
        attempts: How many it took, >= 1.
    """

    def __init__(
        self,
        attempt: Attempt,
        begun: bytes,
        *,
        whole: bool,
        attempts: int,
        headers: Mapping[str, str],
        translator: Translator | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        """Take over an attempt whose answer has begun.

        Args:
            attempt: The rest comes from it.
            begun: What has come.
            whole: Whether that is all.
            attempts: Number of this one.
            headers: To be passed on.
            translator: Makes OpenAI's stream of it; None: it is one, or no stream.
            secrets: Of its provider; `clean` takes them out.
        """
        self.model = attempt.model
        self.status = attempt.response.status
        self.headers = headers
        self.first_byte_s = attempt.first_byte_s
        self.attempts = attempts
        self._attempt = attempt
        self._begun = begun
        self._whole = whole
        self._translator = translator
        self._secrets = secrets

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            UpstreamError: It ended early, took too long, or is too long.
        """
        if not self._whole:
            parts = [self._said(self._begun), self._said(await self._attempt.rest()), self._last()]
            self._begun, self._whole = b"".join(parts), True
            self._attempt.succeed()
        return self._begun

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes, in OpenAI's terms; only once, and not after `read` has failed.

        Raises:
            UpstreamError: It ended early, or took too long.
        """
        if self._whole:
            yield self._begun
            return
        try:
            chunk, self._begun = self._begun or await self._attempt.next(), b""
            while chunk:
                if said := self._said(chunk):
                    yield said
                chunk = await self._attempt.next()
            if said := self._last():
                yield said
            self._attempt.succeed()
        finally:
            await self.close()

    def clean(self, said: bytes) -> bytes:
        """Words of the upstream that are no answer, without our secrets: errors like to quote keys."""
        return without_in(self._secrets, said)

    async def close(self) -> None:
        """Give it up, if it has not ended: the connection is closed, and the upstream may stop."""
        self._attempt.give_up()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _said(self, chunk: bytes) -> bytes:
        return self._translator.feed(chunk) if self._translator else chunk

    def _last(self) -> bytes:
        return self._translator.end() if self._translator else b""
