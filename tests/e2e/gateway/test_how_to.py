"""What the page on clients tells people to type does what it says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.gateway.conftest import Running, Start

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "use-your-client.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
ADDRESS = "http://127.0.0.1:4000"


@pytest.fixture
def gateway(start: Start) -> Running:
    return start(keys=[{"name": "reader", "key": "your-key", "admin": True}])


def blocks(kind: str, gateway: Running) -> list[str]:
    """All of a kind, in order, as if the gateway were where the page says."""
    found = [text for one, text in BLOCK.findall(PAGE.read_text()) if one == kind]
    assert found
    assert all(ADDRESS in text for text in found[:1])
    return [text.replace(ADDRESS, gateway.address) for text in found]


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def verdicts(gateway: Running) -> int:
    """How many were applied."""
    lines = gateway.http.get("/metrics").body.decode().splitlines()
    applied = [one for one in lines if "feedback_total" in one and 'status="applied"' in one]
    return round(sum(float(line.rpartition(" ")[2]) for line in applied))


def test_python(gateway: Running) -> None:
    said = run(sys.executable, "-W", "error", "-c", "\n".join(blocks("py", gateway)))

    assert re.match(r"(small|large) says Hello\n", said)
    assert "'status': 'applied'" in said
    assert verdicts(gateway) == 5


def test_javascript(javascript: Path, gateway: Running) -> None:
    (text,) = blocks("js", gateway)
    script = javascript / "page.js"
    script.write_text(text)

    assert re.fullmatch(r"(small|large) says Hello\n", run("node", str(script)))
    assert verdicts(gateway) == 1


def test_curl(gateway: Running) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (text,) = blocks("console", gateway)
    said = run("sh", "-ec", re.sub(r"^\$ curl", "curl -sS --fail", text, flags=re.MULTILINE))

    assert "data: [DONE]" in said
    assert '"comment":"friendly"' in said
    assert verdicts(gateway) == 1
