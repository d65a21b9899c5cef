"""An upstream that always says the same, as quickly as Python can: what it takes is not the gateway's.

python -m benchmarks.load.upstream PORT
"""

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

WORDS = 60
USAGE = {"prompt_tokens": 90, "completion_tokens": WORDS, "total_tokens": 90 + WORDS}
HEAD = {"id": "chatcmpl-fixed", "created": 1_750_000_000, "model": "fixed"}

ANSWER = json.dumps(
    {
        **HEAD,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "word " * WORDS},
                "finish_reason": "stop",
            }
        ],
        "usage": USAGE,
    }
).encode()


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {**HEAD, "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


LAST = {**HEAD, "object": "chat.completion.chunk", "choices": [], "usage": USAGE}
PIECES = [
    *(_chunk({"role": "assistant", "content": "word "}) for _ in range(20)),
    _chunk({}, "stop"),
    b"data: " + json.dumps(LAST).encode() + b"\n\n",
    b"data: [DONE]\n\n",
]

Message = dict[str, Any]


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """The ASGI application."""
    if scope["type"] != "http":
        return
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    streamed = b'"stream":true' in b"".join(parts).replace(b" ", b"")
    kind = b"text/event-stream" if streamed else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    if streamed:
        for piece in PIECES:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": ANSWER})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
