"""kill -9 at any moment: what was acknowledged is in the log, once, and nothing else is believed."""

import os
from pathlib import Path

import pytest
from tests.e2e.gateway.conftest import assert_replays
from tests.e2e.gateway_faults import process, wire
from tests.e2e.gateway_faults.crash import crash

from messplus.gateway.config import read_settings

KILLS = 5


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_nothing_acknowledged_is_lost_or_counted_twice(tmp_path: Path) -> None:
    with wire.upstream(wire.well) as upstream:
        config = process.configure(tmp_path, upstream.port)
        found, client = crash(config, KILLS, seed=5)
    assert found.kills + found.killed_starting == KILLS
    assert client.decided
    assert client.heard
    assert client.trouble == []
    assert (found.lost, found.twice, found.differing) == (0, 0, 0)
    assert_replays(read_settings(config))
