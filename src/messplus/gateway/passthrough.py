"""Paths that need a named model: embeddings, speech, and whatever else takes JSON and names one."""

from typing import Final

from messplus.gateway.body import Asked, Json, flag, named

PATHS: Final = (
    "/embeddings",
    "/responses",
    "/moderations",
    "/rerank",
    "/score",
    "/images/generations",
    "/audio/speech",
)
"""What is passed on, below /v1."""


def asked_of_anything(body: Json) -> Asked:
    """What a request asks for that is not routed: only its model, and whether it streams.

    Raises:
        ApiError: `model` is missing, or `stream` is no truth value.
    """
    return Asked(
        model=named(body),
        text="",
        stream=flag(body, "stream"),
        include_usage=True,
        tokens=0,
        tools=False,
        images=False,
        schema=None,
        structured=False,
        metadata={},
        own={},
    )
