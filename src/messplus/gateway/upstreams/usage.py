"""What an answer used, and what that costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from messplus.gateway.config.settings import Model

CHARACTERS_OF_A_TOKEN: Final = 4

MOST_TOKENS: Final = 10**9
"""No call uses more: a larger number is a mistake, and would ruin a budget and an estimate for good."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call.

    Attributes:
        prompt_tokens: Of the prompt, the cached ones included.
        output_tokens: Of the answer, reasoning included.
        cached_tokens: Of the prompt's, those that the provider had in its cache.
        counted: Whether we had to count, at four characters a token: the upstream said nothing.
    """

    prompt_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """What one call costs.

    Attributes:
        cost_usd: By the prices of the configuration, >= 0.
        energy_j: Joules, by the configuration's joules per output token, >= 0.
    """

    cost_usd: float
    energy_j: float


def bill(model: Model, usage: Usage) -> Bill:
    """What a call costs, by the configuration of its model."""
    cost = model.cost
    cached_price = cost.cached_input_per_mtok
    if cached_price is None:
        cached_price = cost.input_per_mtok
    micro_usd = (
        (usage.prompt_tokens - usage.cached_tokens) * cost.input_per_mtok
        + usage.cached_tokens * cached_price
        + usage.output_tokens * cost.output_per_mtok
    )
    return Bill(micro_usd / 1e6, usage.output_tokens * model.energy_j_per_token)


def read_usage(answer: Mapping[str, Any]) -> Usage | None:
    """The usage that an answer, or a chunk of one, tells; None if it tells none.

    Understood are the fields of chat completions, completions and embeddings, and those of the
    Responses API, whose events hold the answer in `response`.
    """
    said = answer.get("usage")
    if not isinstance(said, dict):
        inner = answer.get("response")
        said = inner.get("usage") if isinstance(inner, dict) else None
        if not isinstance(said, dict):
            return None
    prompt = _tokens(said, "prompt_tokens", "input_tokens")
    output = _tokens(said, "completion_tokens", "output_tokens")
    if prompt is None and output is None:
        return None
    details = said.get("prompt_tokens_details", said.get("input_tokens_details"))
    cached = _tokens(details, "cached_tokens") if isinstance(details, dict) else None
    prompt = prompt or 0
    return Usage(prompt, output or 0, min(cached or 0, prompt))


def counted_usage(prompt_tokens: int, output_characters: int) -> Usage:
    """A usage for an upstream that tells none.

    Args:
        prompt_tokens: As the caller has estimated them.
        output_characters: Length of everything that was answered.
    """
    return Usage(prompt_tokens, -(-output_characters // CHARACTERS_OF_A_TOKEN), counted=True)


def _tokens(said: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = said.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS:
            return value
    return None
