"""OpenAI's JavaScript SDK in front of the gateway."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.e2e.gateway.conftest import Running
from tests.e2e.gateway.scripted import Upstream, says

SOURCES = Path(__file__).parent / "js"
LONGEST_INSTALL_S = 120


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script beside the SDK that it uses, in the version of the lock file."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node is not installed")
    folder = tmp_path_factory.mktemp("js")
    for source in SOURCES.iterdir():
        shutil.copy(source, folder)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=LONGEST_INSTALL_S,
    )  # fmt: skip
    if any(code in done.stderr for code in ("ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "ETIMEDOUT")):
        pytest.skip("the registry of npm cannot be reached")
    assert done.returncode == 0, done.stderr
    return folder / "client.js"


def test_chat_stream_tool_error_and_feedback(
    script: Path, gateway: Running, upstream: Upstream
) -> None:
    function = {"name": "weather", "arguments": '{"city": "Bern"}'}
    upstream.script(says(tool_calls=[{"id": "call-1", "type": "function", "function": function}]))
    done = subprocess.run(
        ["node", str(script), gateway.v1],
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
