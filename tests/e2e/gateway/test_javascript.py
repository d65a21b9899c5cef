"""OpenAI's JavaScript SDK in front of the gateway."""

import json
import subprocess
from pathlib import Path

from tests.e2e.gateway.conftest import Running
from tests.e2e.gateway.scripted import Upstream, says


def test_chat_stream_tool_error_and_feedback(
    javascript: Path, gateway: Running, upstream: Upstream
) -> None:
    function = {"name": "weather", "arguments": '{"city": "Bern"}'}
    upstream.script(says(tool_calls=[{"id": "call-1", "type": "function", "function": function}]))
    done = subprocess.run(
        ["node", str(javascript / "client.js"), gateway.v1],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)

    assert got["tool"] == {"reason": "tool_calls", "arguments": {"city": "Bern"}}
    chat = got["chat"]
    assert (chat["text"], chat["alpha"]) == ("Hello", "0.5")
    assert chat["model"] == chat["answeredBy"]
    assert got["stream"] == {"text": "Hello"}
    assert got["error"]["notFound"] is True
    assert got["error"]["code"] == "model_not_found"
    assert got["error"]["name"]
    assert (got["feedback"]["status"]) == "applied"
    assert all("messplus" not in body for body in upstream.bodies())
