"""Plain HTTP to a gateway, for what no client library shows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import urllib3

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        parsed: Json = orjson.loads(self.body)
        return parsed

    @property
    def error(self) -> Json:
        """What OpenAI's error body says; fails where it is none."""
        error: Json = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error

    @property
    def name(self) -> str:
        """Of the decision."""
        return self.headers["x-messplus-decision-id"]

    @property
    def model(self) -> str:
        """Who answered."""
        return self.headers["x-messplus-model"]


class Http:
    """A client without opinions: it tries nothing twice."""

    def __init__(
        self, address: str, key: str | None = None, pool: urllib3.PoolManager | None = None
    ) -> None:
        self.address = address
        self.key = key
        self._pool = pool or urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(10))

    def with_key(self, key: str) -> "Http":
        """The same connections, as whoever has this key."""
        return Http(self.address, key, self._pool)

    def close(self) -> None:
        self._pool.clear()

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, body: Json | bytes, **headers: str) -> Reply:
        return self.ask("POST", path, body, **headers)

    def chat(self, text: str = "Hi", *, model: str = "auto", **fields: Any) -> Reply:  # noqa: ANN401  # of JSON
        """A chat completion; `headers` among the fields are sent as such."""
        headers = fields.pop("headers", {})
        return self.post("/v1/chat/completions", chat_body(text, model=model, **fields), **headers)

    def feedback(self, decision_id: str, value: object, **fields: Any) -> Reply:  # noqa: ANN401
        return self.post("/v1/feedback", {"id": decision_id, "value": value, **fields})

    def ask(self, method: str, path: str, body: Json | bytes | None, **headers: str) -> Reply:
        """One request; `_` in the name of a header is `-`."""
        with self.streaming(method, path, body, **headers) as response:
            said = response.read()
            return Reply(response.status, _lower(response), said)

    @contextmanager
    def streaming(
        self, method: str, path: str, body: Json | bytes | None, **headers: str
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """An answer that has begun; leaving the context hangs up on what has not come yet."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key is not None:
            sent["authorization"] = f"Bearer {self.key}"
        response = self._pool.request(
            method,
            self.address + path,
            body=orjson.dumps(body) if isinstance(body, dict) else body,
            headers={"content-type": "application/json", **sent},
            preload_content=False,
        )
        try:
            yield response
        finally:
            response.close()


def chat_body(text: str = "Hi", *, model: str = "auto", **fields: Any) -> Json:  # noqa: ANN401
    return {"model": model, "messages": [{"role": "user", "content": text}], **fields}


def _lower(response: urllib3.BaseHTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
