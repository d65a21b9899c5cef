"""What is told of a request once it is over: to metrics, to the access log, to traces."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["exploit", "explore", "sticky", "fallback", "bypass"]
"""How the answering model came to be asked; `bypass`: by its own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One request that is over. It holds no text of prompt or answer, and no secret.

    Attributes:
        request_id: Its name.
        status: Of HTTP, as the client got it; 499 for a client that left.
        operation: `chat`, `text_completion`, `embeddings`, ...
        client: Name of the key; "" where nobody was recognised.
        asked: The `model` that the client asked for; for traces only.
        session: What the request belongs to; "" for nothing. For traces only.
        route: Whose promise it counts for; "" for none.
        alpha: Of that promise.
        model: Who answered, as the configuration calls it; "" for nobody. Never what a client typed: each
            name is a time series.
        provider: Of that model.
        mode: How it came to be asked; "" for nobody.
        stream: Whether the answer was streamed.
        error: Its code, such as `model_not_found`; "" for none.
        latency_s: Seconds from arrival until the client had everything.
        overhead_s: Of these, spent here and not waiting for a model; None if no model was asked.
        first_byte_s: Seconds from arrival until the client's first byte; None if there was none.
        prompt_tokens: As billed; those from a provider's cache included.
        cached_tokens: Of these, from a provider's cache.
        output_tokens: As billed.
        cost_usd: Of the answer.
        failed_cost_usd: Of calls that came to nothing before it.
        energy_j: Of the answer.
        attempts: Calls to upstreams.
    """

    request_id: str
    status: int
    latency_s: float
    operation: str = "chat"
    client: str = ""
    asked: str = ""
    session: str = ""
    route: str = ""
    alpha: float | None = None
    model: str = ""
    provider: str = ""
    mode: Mode | Literal[""] = ""
    stream: bool = False
    error: str = ""
    overhead_s: float | None = None
    first_byte_s: float | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    failed_cost_usd: float = 0.0
    energy_j: float = 0.0
    attempts: int = 0
