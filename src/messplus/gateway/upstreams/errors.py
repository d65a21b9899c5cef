"""What goes wrong with an upstream, in ten kinds."""

from typing import Final, Literal

from messplus.errors import MessPlusError

Kind = Literal[
    "refused",
    "timeout",
    "throttled",
    "server_error",
    "rejected",
    "missing",
    "unauthorised",
    "cut",
    "garbage",
    "busy",
]
"""How a call fails; docs/reference/upstreams.md says what follows from each.

`refused`: no connection. `timeout`: of connecting, of the first byte, or of the whole attempt.
`throttled`: 429. `server_error`: 5xx, 409, 425. `rejected`: another 4xx; the request is at fault.
`missing`: no such path or model there. `unauthorised`: our key or account is not accepted. `cut`: the
answer ended early. `garbage`: not HTTP, not JSON, empty. `busy`: not asked, for now.
"""

OF_THE_UPSTREAM: Final[frozenset[Kind]] = frozenset(
    {
        "refused",
        "timeout",
        "throttled",
        "server_error",
        "missing",
        "unauthorised",
        "cut",
        "garbage",
    }
)
"""Kinds that count against a model's circuit: the next request would likely fail as this one did."""


class UpstreamError(MessPlusError):
    """A call to an upstream has failed. The message holds no key; it may quote the upstream.

    Attributes:
        model: Of the configuration.
        kind: How it failed.
        status: Of HTTP; None where there was no answer.
        message: What happened, for people.
        retry_after_s: Seconds after which it makes sense to ask this model again; None: not known.
        retryable: Whether another model, or this one later, may answer the same request.
        body: What the upstream said, where the client should see it: of `rejected` and `missing`. It
            is in the upstream's own words, but for our keys.
        content_type: Of `body`.
        attempts: How often the model was asked, as far as this call went, >= 1.
    """

    def __init__(
        self,
        model: str,
        kind: Kind,
        message: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
        retryable: bool = True,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> None:
        super().__init__(f"{model}: {message}")
        self.model = model
        self.kind: Kind = kind
        self.message = message
        self.status = status
        self.retry_after_s = retry_after_s
        self.retryable = retryable
        self.body = body
        self.content_type = content_type
        self.attempts = 1
