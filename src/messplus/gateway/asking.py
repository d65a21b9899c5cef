"""How a judge is asked: through the same upstreams as everybody, and billed like everybody."""

from collections.abc import Callable, Sequence

from messplus.gateway.config.settings import Settings
from messplus.gateway.signals import JudgeReply
from messplus.gateway.signals.verdict import Message
from messplus.gateway.upstreams import Upstreams, bill, rewrite_json


class Asker:
    """Asks judge models; implements `messplus.gateway.signals.ports.Ask`."""

    def __init__(
        self, settings: Settings, upstreams: Upstreams, clock: Callable[[], float]
    ) -> None:
        """Prepare.

        Args:
            settings: Prices of the models.
            upstreams: Who answers.
            clock: Seconds that only go up.
        """
        self.settings = settings
        self._upstreams = upstreams
        self._clock = clock

    async def __call__(
        self, model: str, messages: Sequence[Message], max_tokens: int
    ) -> JudgeReply:
        """The model's answer.

        Raises:
            UpstreamError: There is none.
            SettingError: There is no such model any more.
        """
        begun_s = self._clock()
        characters = sum(len(message["content"]) for message in messages)
        fields = {
            "model": model,
            "messages": list(messages),
            "max_tokens": max_tokens,
            "temperature": 0,
        }
        async with await self._upstreams.open(
            model, "/chat/completions", fields, stream=False, headers={}
        ) as reply:
            _, answered = rewrite_json(
                await reply.read(), model=model, id=None, prompt_tokens=characters // 4
            )
        cost = bill(self.settings.models[model], answered.usage)
        in_joules = self.settings.cost == "joule"
        return JudgeReply(
            text=answered.text,
            cost=cost.energy_j if in_joules else cost.cost_usd,
            latency_s=self._clock() - begun_s,
        )
