"""Embeddings from any server that answers `POST {base_url}/embeddings` the OpenAI way."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import numpy as np
import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util.retry import Retry

from messplus.encoders.base import Vectors, readable, unit_length
from messplus.errors import EncoderError, SettingError, require_range

_RETRIED = (429, 500, 502, 503, 504)
_LONGEST_WAIT_S = 60.0
_MAX_RESPONSE_BYTES = 64 * 2**20  # 64 vectors of 4,096 numbers are about 6 MB of JSON


class _BoundedRetry(Retry):
    """A `Retry` that obeys Retry-After, up to a minute: a server must not stop us for an hour."""

    def parse_retry_after(self, retry_after: str) -> float:
        return min(super().parse_retry_after(retry_after), _LONGEST_WAIT_S)


@dataclass(frozen=True)
class EmbeddingsEndpoint:
    """Vectors from an embeddings endpoint, scaled to length 1.

    Each request's text goes to that server, and waits for it: choose it where that is acceptable.

    Attributes:
        base_url: Such as `https://api.openai.com/v1`. A query is sent along; no credentials here.
        model: The embeddings model's name at that server.
        api_key_env: Environment variable with the key. Unset: no key is sent (local servers).
        dims: Width to ask for; None leaves it to the model, and costs one request to find out.
        batch: Texts per HTTP request.
        timeout_s: Longest wait for a connection, and for each piece of an answer.
        retries: Further attempts after a failed connection or status 429, 500, 502, 503, 504.
        max_chars: Text beyond this many characters is not sent: models refuse what is too long.
    """

    base_url: str
    model: str
    api_key_env: str = "OPENAI_API_KEY"
    dims: int | None = None
    batch: int = 64
    timeout_s: float = 30.0
    retries: int = 4
    max_chars: int = 20_000

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.username or parts.password:
            # The URL itself is left out of this message.
            raise SettingError("base_url must not hold credentials: name the key's api_key_env")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingError(f"base_url must read http(s)://HOST/..., got {self._shown_url!r}")
        require_range("dims", self.dims or 1, "at least 1", ok=self.dims is None or self.dims >= 1)
        require_range("batch", self.batch, "at least 1", ok=self.batch >= 1)
        require_range("timeout_s", self.timeout_s, "above 0", ok=self.timeout_s > 0)
        require_range("retries", self.retries, "at least 0", ok=self.retries >= 0)
        require_range("max_chars", self.max_chars, "at least 1", ok=self.max_chars >= 1)

    def __reduce__(self) -> tuple[type["EmbeddingsEndpoint"], tuple[object, ...]]:
        """Travel to a worker as settings; the worker opens its own connections."""
        return EmbeddingsEndpoint, (
            self.base_url,
            self.model,
            self.api_key_env,
            self.dims,
            self.batch,
            self.timeout_s,
            self.retries,
            self.max_chars,
        )

    @property
    def identity(self) -> str:
        """Server, model and what shapes the vectors; neither key nor query."""
        return (
            f"endpoint/1 url={self._shown_url} model={self.model} dims={self.dims} "
            f"max_chars={self.max_chars}"
        )

    @cached_property
    def n_features(self) -> int:
        """The setting `dims`, or else the width of the first vector that the server gives."""
        return self.dims or self._embed(["width"]).shape[1]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of length 1, shape (n, n_features).

        Raises:
            EncoderError: The server cannot be reached, refuses, or answers with something else.
        """
        out = np.zeros((len(texts), self.n_features), dtype=np.float32)
        for start in range(0, len(texts), self.batch):
            block = texts[start : start + self.batch]
            vectors = self._embed(block)
            if vectors.shape[1] != self.n_features:
                self._fail(
                    f"gave vectors of width {vectors.shape[1]}, not {self.n_features}",
                    "set dims to a width that the model offers",
                )
            out[start : start + len(block)] = vectors
        return out

    def _embed(self, texts: Sequence[str]) -> Vectors:
        """One HTTP request: vectors of length 1, shape (n, width of the model)."""
        # An empty input is refused by OpenAI; a space is not, and means as little.
        asked: dict[str, object] = {
            "model": self.model,
            "input": [readable(text, self.max_chars) or " " for text in texts],
        }
        if self.dims is not None:
            asked["dimensions"] = self.dims
        return unit_length(self._vectors(self._post(json.dumps(asked).encode()), len(texts)))

    def _post(self, body: bytes) -> bytes:
        """The body of the answer, if the status is 200."""
        headers = {"Content-Type": "application/json"}
        key = os.environ.get(self.api_key_env, "")
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            response = self._pool.request(
                "POST", self._url, body=body, headers=headers, preload_content=False
            )
            try:
                content = response.read(_MAX_RESPONSE_BYTES + 1)
            finally:
                # Unread rest of an oversized answer: the connection is of no further use.
                response.close()
        except MaxRetryError as error:
            # The error's own text holds the URL with its query; the reason does not.
            reason = type(error.reason).__name__ if error.reason else "no reason given"
            self._fail(f"did not answer ({reason})", "check base_url and the network")
        except HTTPError as error:
            self._fail(f"broke off its answer ({type(error).__name__})", "try again")
        if response.status != 200:
            self._refused(response.status, content, key)
        if len(content) > _MAX_RESPONSE_BYTES:
            self._fail(f"answered with more than {_MAX_RESPONSE_BYTES} bytes", "lower batch")
        return content

    def _refused(self, status: int, content: bytes, key: str) -> NoReturn:
        """Raise for a status that is not 200."""
        if status in (401, 403):
            # What the server says here may quote a part of the key.
            held = "holds a key that was refused" if key else "is not set"
            self._fail(
                f"gave status {status}", f"the environment variable {self.api_key_env} {held}"
            )
        said = content[:300].decode("utf-8", "replace")
        if key:
            said = said.replace(key, "***")
        match status:
            case 404:
                fix = f"check base_url and that the server has the model {self.model!r}"
            case 429:
                fix = "lower batch, raise retries, or ask for a higher rate limit"
            case _:
                fix = "see what the server says"
        self._fail(f"gave status {status}: {said!r}", fix)

    def _vectors(self, content: bytes, n_texts: int) -> Vectors:
        """Read and check the answer: one vector for every index, all of one width, all finite."""
        try:
            entries = [
                (int(entry["index"]), np.asarray(entry["embedding"], dtype=np.float32))
                for entry in json.loads(content)["data"]
            ]
        except (ValueError, KeyError, TypeError):
            self._fail(
                f"gave no OpenAI embeddings object, but {content[:80].decode('utf-8', 'replace')!r}",
                "check that base_url is that of an OpenAI-compatible API",
            )
        if sorted(index for index, _ in entries) != list(range(n_texts)):
            self._fail(f"gave {len(entries)} vectors for {n_texts} texts", "lower batch to 1")
        shapes = {vector.shape for _, vector in entries}
        if len(shapes) > 1 or any(len(shape) != 1 or shape[0] == 0 for shape in shapes):
            self._fail(f"gave vectors of shapes {sorted(shapes)}", "use another embeddings model")
        ordered = np.stack([vector for _, vector in sorted(entries, key=lambda entry: entry[0])])
        if not np.isfinite(ordered).all():
            self._fail("gave a vector with NaN or infinity", "use another embeddings model")
        return ordered

    def _fail(self, what: str, fix: str) -> NoReturn:
        """Raise an error that names server and fix; its cause, which may quote the URL, is cut."""
        raise EncoderError(f"the embeddings endpoint {self._shown_url} {what}; {fix}") from None

    @property
    def _url(self) -> str:
        """Where to post, query included."""
        parts = urlsplit(self.base_url)
        path = parts.path.rstrip("/") + "/embeddings"
        return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))

    @property
    def _shown_url(self) -> str:
        """The same without query and credentials, for messages and the identity."""
        parts = urlsplit(self.base_url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path.rstrip("/") + "/embeddings", "", ""))

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        """Connections and the rule for retries."""
        return urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=self.timeout_s, read=self.timeout_s),
            retries=_BoundedRetry(
                total=self.retries,
                redirect=False,  # a redirect would carry the key to another server
                status_forcelist=_RETRIED,
                allowed_methods=None,  # POST too: asking twice for an embedding is harmless
                backoff_factor=0.25,
                backoff_jitter=0.25,
                raise_on_status=False,
            ),
        )
