"""`Upstreams`: every model of the zoo, ready to be asked."""

import asyncio
import time
from collections.abc import Callable, Mapping
from random import Random

from messplus.gateway.config.settings import Settings
from messplus.gateway.upstreams.dialect import Fields
from messplus.gateway.upstreams.endpoint import Endpoint
from messplus.gateway.upstreams.errors import UpstreamError
from messplus.gateway.upstreams.line import Line
from messplus.gateway.upstreams.observe import Health, Observer
from messplus.gateway.upstreams.reply import Reply
from messplus.gateway.upstreams.upstream import Upstream


class Upstreams:
    """The models by name. Lives on one event loop."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        rng: Random,
        observe: Observer | None = None,
    ) -> None:
        """Prepare; no connection is made.

        Args:
            settings: Providers and models.
            clock: Seconds, only ever forward; for circuits and what observers are told.
            rng: For the jitter of retries and of circuits.
            observe: Who is told of attempts and circuits.
        """
        self._clock = clock
        self._rng = rng
        self._observe = observe
        self._endpoints: dict[str, Endpoint] = {}
        self._upstreams: dict[str, Upstream] = {}
        self._leaving: dict[asyncio.Task[None], Endpoint] = {}
        self._take(settings)

    async def start(self) -> None:
        """Nothing to wait for: connections are made when they are needed, and kept."""

    async def close(self) -> None:
        """Close all connections; calls under way fail."""
        leaving = dict(self._leaving)
        for task in leaving:
            task.cancel()
        for endpoint in (*self._endpoints.values(), *leaving.values()):
            await endpoint.close()

    def can_serve(self, model: str) -> bool:
        """Whether a model is there and may be asked now: its circuit, its limit of calls."""
        upstream = self._upstreams.get(model)
        return upstream is not None and upstream.can_serve()

    def health(self) -> tuple[Health, ...]:
        """How every model fares, in the order of the configuration."""
        return tuple(one.line.health() for one in self._upstreams.values())

    async def open(
        self, model: str, path: str, fields: Fields, *, stream: bool, headers: Mapping[str, str]
    ) -> Reply:
        """Ask a model, and wait until its answer begins.

        Args:
            model: Of the configuration.
            path: Of OpenAI's API, such as `/chat/completions`.
            fields: The client's body, parsed. `model` is replaced by the provider's name of it,
                `parameters` of the configuration are added, and streams of completions are asked for
                their usage; all else is passed on.
            stream: Whether the answer is to come in pieces.
            headers: To be sent along, such as `traceparent`; credentials and what is about the
                connection are left out.

        Returns:
            The answer; close it, or read it to its end.

        Raises:
            UpstreamError: There is none, after retries where they make sense; or the model was taken
                out of the configuration since it was chosen.
        """
        upstream = self._upstreams.get(model)
        if upstream is None:
            raise UpstreamError(model, "missing", "is not in the configuration any more")
        return await upstream.open(path, fields, stream=stream, headers=headers)

    def change(self, settings: Settings) -> None:
        """Take other settings. Calls under way end as they began; what has not changed is kept.

        Needs the running event loop.
        """
        old = self._endpoints
        self._take(settings)
        for name, endpoint in old.items():
            if self._endpoints.get(name) is not endpoint:
                task = asyncio.get_running_loop().create_task(endpoint.close_when_idle())
                self._leaving[task] = endpoint
                task.add_done_callback(self._leaving.pop)

    def _take(self, settings: Settings) -> None:
        self._endpoints = {
            name: kept
            if (kept := self._endpoints.get(name)) and kept.provider == provider
            else Endpoint(provider)
            for name, provider in settings.providers.items()
        }
        before = self._upstreams
        self._upstreams = {}
        for name, model in settings.models.items():
            endpoint = self._endpoints[model.provider]
            known = before.get(name)
            same = known and known.endpoint is endpoint and known.model.model == model.model
            line = known.line if known and same else self._line(name)
            self._upstreams[name] = Upstream(model, endpoint, line, rng=self._rng)

    def _line(self, name: str) -> Line:
        return Line(name, self._clock, self._rng, self._observe)
