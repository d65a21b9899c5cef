"""curl, Open WebUI and browsers in front of the gateway."""

import json
import shutil
import subprocess

import pytest
from tests.e2e.gateway.conftest import Running, Start
from tests.e2e.gateway.http import chat_body
from tests.e2e.gateway.scripted import Upstream, streams

KEY = {"name": "webui", "key": "sk-webui-0123456789abcdef"}
ORIGIN = "https://chat.example.org"


def test_curl_shows_pieces_as_they_come(gateway: Running, upstream: Upstream) -> None:
    """The gate is opened only after curl has printed the first piece: nobody holds it back."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    gate = upstream.gate()
    upstream.script(streams("first", "last", wait=gate))
    body = json.dumps(chat_body(stream=True))
    headers = ["-H", "content-type: application/json"]
    with subprocess.Popen(
        ["curl", "-sN", "--max-time", "10", *headers, "-d", body, f"{gateway.v1}/chat/completions"],
        stdout=subprocess.PIPE,
        text=True,
    ) as curl:
        assert curl.stdout is not None
        begun = curl.stdout.readline()
        gate.open()
        rest = curl.stdout.read()

    assert json.loads(begun.removeprefix("data: "))["choices"][0]["delta"] == {"content": "first"}
    assert '"content":"last"' in rest
    assert rest.rstrip().endswith("data: [DONE]")
    assert curl.returncode == 0


def test_open_webui_finds_its_models(start: Start) -> None:
    """It asks for /models below the base URL that it is given, with its key, and may be told none with /v1."""
    gateway = start(keys=[KEY])
    http = gateway.with_key(KEY["key"])
    for path in ("/v1/models", "/models"):
        found = http.get(path)
        assert found.status == 200
        assert [one["id"] for one in found.json["data"]] == ["auto", "chat", "small", "large"]
        assert gateway.http.get(path).status == 401
    assert http.post("/chat/completions", chat_body()).status == 200


def test_a_chat_of_open_webui_stays_with_its_model(gateway: Running) -> None:
    chat = {"x-openwebui-chat-id": "5b1c"}
    first = gateway.http.chat(headers=chat)
    second = gateway.http.chat(headers=chat)
    assert second.headers["x-messplus-mode"] == "sticky"
    assert second.model == first.model


def test_pages_of_permitted_origins_may_call(start: Start) -> None:
    gateway = start(server={"cors_origins": [ORIGIN]}, keys=[KEY])
    asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
    before = gateway.http.ask(
        "OPTIONS", "/v1/feedback", None,
        **asked, access_control_request_headers="authorization,content-type",
    )  # fmt: skip
    assert before.status == 200
    assert before.headers["access-control-allow-origin"] == ORIGIN

    answer = gateway.with_key(KEY["key"]).chat(headers={"origin": ORIGIN})
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "x-messplus-decision-id" in answer.headers["access-control-expose-headers"]

    refused = gateway.http.chat(headers={"origin": ORIGIN})  # the page is told why
    assert refused.status == 401
    assert refused.headers["access-control-allow-origin"] == ORIGIN


def test_pages_of_other_origins_may_not(start: Start) -> None:
    gateway = start(server={"cors_origins": [ORIGIN]})
    answer = gateway.http.chat(headers={"origin": "https://elsewhere.example.org"})
    assert "access-control-allow-origin" not in answer.headers
