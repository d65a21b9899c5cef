"""The embeddings endpoint, against a real server on this machine that answers by script."""

import json
import logging
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest

pytest.importorskip("urllib3", reason="needs the encoders extra")

from messplus.encoders import encoder_from_spec
from messplus.encoders.endpoint import EmbeddingsEndpoint
from messplus.errors import EncoderError, SettingError

KEY = "sk-very-secret"


@dataclass(frozen=True)
class Answer:
    """One scripted answer; without a body, the embeddings that were asked for."""

    status: int = 200
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    reverse: bool = False


@dataclass
class Server:
    """What the server was asked, and what it is to answer (plain embeddings when run out)."""

    url: str
    script: list[Answer] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    inputs: list[list[str]] = field(default_factory=list)
    dimensions: list[int | None] = field(default_factory=list)


def _embedding(text: str, width: int) -> list[float]:
    """A vector that tells texts apart."""
    return [float(len(text)), 1.0, *([0.0] * (width - 2))]


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.paths.append(self.path)
            state.keys.append(self.headers["Authorization"])
            state.inputs.append(asked["input"])
            state.dimensions.append(asked.get("dimensions"))
            answer = state.script.pop(0) if state.script else Answer()
            width = asked.get("dimensions", 3)
            data = [
                {"object": "embedding", "index": i, "embedding": _embedding(text, width)}
                for i, text in enumerate(asked["input"])
            ]
            whole = {"object": "list", "data": data[::-1] if answer.reverse else data}
            body = json.dumps(whole).encode() if answer.body is None else answer.body
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Server(f"http://127.0.0.1:{http.server_port}/v1")
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def _body(*vectors: list[float], indexes: list[int] | None = None) -> bytes:
    places = indexes if indexes is not None else range(len(vectors))
    data = [{"index": i, "embedding": v} for i, v in zip(places, vectors, strict=True)]
    return json.dumps({"data": data}).encode()


def test_texts_are_sent_in_batches_with_the_key(server: Server) -> None:
    encoder = EmbeddingsEndpoint(server.url, "m", dims=3, batch=2)
    vectors = encoder.encode(["a", "bb", "ccc"])
    assert server.inputs == [["a", "bb"], ["ccc"]]
    assert server.keys == [f"Bearer {KEY}"] * 2
    assert server.paths == ["/v1/embeddings"] * 2
    assert server.dimensions == [3, 3]
    assert vectors[2] == pytest.approx(np.array([3.0, 1.0, 0.0]) / np.sqrt(10.0), abs=1e-6)


def test_the_order_is_that_of_the_indexes(server: Server) -> None:
    encoder = EmbeddingsEndpoint(server.url, "m", dims=3)
    server.script = [Answer(reverse=True)]
    assert (encoder.encode(["a", "bb"]) == encoder.encode(["a", "bb"])).all()


def test_the_width_is_asked_for_once_if_it_is_not_set(server: Server) -> None:
    encoder = EmbeddingsEndpoint(server.url, "m")
    assert (encoder.n_features, encoder.n_features) == (3, 3)
    assert len(server.inputs) == 1
    assert server.dimensions == [None]


def test_no_text_asks_nothing(server: Server) -> None:
    assert EmbeddingsEndpoint(server.url, "m", dims=3).encode([]).shape == (0, 3)
    assert server.inputs == []


def test_empty_text_is_sent_as_a_space_and_long_text_is_cut(server: Server) -> None:
    EmbeddingsEndpoint(server.url, "m", dims=3, max_chars=4).encode(["", "long text"])
    assert server.inputs == [[" ", "long"]]


def test_without_a_key_none_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    EmbeddingsEndpoint(server.url, "m", dims=3).encode(["a"])
    assert server.keys == [None]


def test_a_query_is_sent_but_shown_nowhere(server: Server) -> None:
    encoder = EmbeddingsEndpoint(server.url + "?api-version=7", "m", dims=3)
    encoder.encode(["a"])
    assert server.paths == ["/v1/embeddings?api-version=7"]
    assert "api-version" not in encoder.identity


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    server.script = [Answer(status, b"busy", (("Retry-After", "0"),))]
    assert EmbeddingsEndpoint(server.url, "m", dims=3).encode(["a"]).shape == (1, 3)
    assert len(server.inputs) == 2


def test_retry_after_is_respected_up_to_a_minute(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    server.script = [Answer(429, b"", (("Retry-After", wait),)) for wait in ("7", "86400")]
    EmbeddingsEndpoint(server.url, "m", dims=3).encode(["a"])
    assert slept == [7.0, 60.0]


def test_a_server_that_stays_busy_is_an_error(server: Server) -> None:
    server.script = [Answer(429, b"slow down", (("Retry-After", "0"),))] * 3
    with pytest.raises(EncoderError, match=r"/v1/embeddings gave status 429: 'slow down'; lower"):
        EmbeddingsEndpoint(server.url, "m", dims=3, retries=2).encode(["a"])
    assert len(server.inputs) == 3


def test_a_refused_key_is_an_error_that_does_not_tell_it(server: Server) -> None:
    server.script = [Answer(401, f"Incorrect API key provided: {KEY}".encode())]
    with pytest.raises(EncoderError, match=r"gave status 401.*OPENAI_API_KEY") as caught:
        EmbeddingsEndpoint(server.url, "m", dims=3).encode(["a"])
    assert KEY not in str(caught.value)
    assert len(server.inputs) == 1  # asking again would not help


def test_other_refusals_quote_the_server_without_the_key(server: Server) -> None:
    server.script = [Answer(400, f"input too long, said {KEY}".encode())]
    with pytest.raises(EncoderError, match=r"status 400: 'input too long, said \*\*\*'"):
        EmbeddingsEndpoint(server.url, "m", dims=3).encode(["a"])


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.script = [Answer(307, b"", (("Location", "http://127.0.0.1:9/v1/embeddings"),))]
    with pytest.raises(EncoderError, match="status 307"):
        EmbeddingsEndpoint(server.url, "m", dims=3).encode(["a"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>not json</html>", "gave no OpenAI embeddings object, but '<html>"),
        (b'{"object": "list"}', "gave no OpenAI embeddings object"),
        (b'{"data": [{"index": 0, "embedding": "text"}]}', "gave no OpenAI embeddings object"),
        (_body([1.0, 2.0, 3.0]), "gave 1 vectors for 2 texts"),
        (_body([1.0], [2.0], [3.0]), "gave 3 vectors for 2 texts"),
        (_body([1.0], [2.0], indexes=[0, 0]), "gave 2 vectors for 2 texts"),
        (_body([1.0, 2.0, 3.0], [1.0, 2.0]), "gave vectors of shapes"),
        (_body([1.0, 2.0], [1.0, 2.0]), "gave vectors of width 2, not 3"),
        (_body([], []), "gave vectors of shapes"),
        (_body([1.0, 2.0, float("nan")], [1.0, 2.0, 3.0]), "NaN or infinity"),
    ],
)
def test_an_answer_that_is_none_is_an_error(server: Server, body: bytes, message: str) -> None:
    server.script = [Answer(body=body)]
    with pytest.raises(EncoderError, match=message):
        EmbeddingsEndpoint(server.url, "m", dims=3).encode(["a", "b"])


def test_an_oversized_answer_is_not_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messplus.encoders.endpoint._MAX_RESPONSE_BYTES", 1000)
    server.script = [Answer(body=b"x" * 100_000)]
    with pytest.raises(EncoderError, match="more than 1000 bytes; lower batch"):
        EmbeddingsEndpoint(server.url, "m", dims=3).encode(["a"])


def test_a_server_that_is_not_there_is_an_error_without_the_query() -> None:
    encoder = EmbeddingsEndpoint("http://127.0.0.1:9/v1?secret=s3", "m", dims=3, retries=0)
    with pytest.raises(EncoderError, match=r"did not answer.*check base_url") as caught:
        encoder.encode(["a"])
    assert "s3" not in str(caught.value)
    assert caught.value.__suppress_context__  # nor in a traceback


def test_the_key_is_nowhere_to_be_read(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    encoder = EmbeddingsEndpoint(server.url, "m", dims=3)
    with caplog.at_level(logging.DEBUG):
        encoder.encode(["a"])
    sent = pickle.dumps(encoder).decode("latin-1")
    assert KEY not in caplog.text + repr(encoder) + encoder.identity + sent
    assert pickle.loads(pickle.dumps(encoder)) == encoder


def test_identity_differs_with_what_shapes_the_vectors() -> None:
    url = "http://localhost/v1"
    base = EmbeddingsEndpoint(url, "m", dims=3)
    shaped = [
        base,
        EmbeddingsEndpoint("http://other/v1", "m", dims=3),
        EmbeddingsEndpoint(url, "n", dims=3),
        EmbeddingsEndpoint(url, "m", dims=4),
        EmbeddingsEndpoint(url, "m", dims=3, max_chars=5),
    ]
    assert len({encoder.identity for encoder in shaped}) == len(shaped)
    assert EmbeddingsEndpoint(url + "/", "m", dims=3, batch=1, retries=0).identity == base.identity


def test_credentials_in_the_url_are_refused_and_not_told() -> None:
    with pytest.raises(SettingError, match="must not hold credentials") as caught:
        EmbeddingsEndpoint("https://user:hunter2@host/v1", "m")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "setting", [{"dims": 0}, {"batch": 0}, {"timeout_s": 0}, {"retries": -1}, {"max_chars": 0}]
)
def test_settings_out_of_range_are_refused(setting: dict[str, int]) -> None:
    with pytest.raises(SettingError, match=next(iter(setting))):
        EmbeddingsEndpoint("http://localhost/v1", "m", **setting)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "http://"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="base_url must read"):
        EmbeddingsEndpoint(url, "m")


def test_a_spec_names_it() -> None:
    spec = "endpoint:base_url=http://localhost:8080/v1,model=m,dims=256,timeout_s=2.5"
    assert encoder_from_spec(spec) == EmbeddingsEndpoint(
        "http://localhost:8080/v1", "m", dims=256, timeout_s=2.5
    )
