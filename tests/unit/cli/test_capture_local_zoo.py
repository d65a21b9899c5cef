"""Without --zoo, what `messplus zoo up` serves is captured."""

import os
from pathlib import Path

import pytest

from messplus.cli import capture
from messplus.errors import SettingError
from messplus.zoo.serve import zoo_folder
from messplus.zoo.state import ProcessMark, Served, State


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MESSPLUS_CACHE", str(tmp_path))
    zoo_folder(tmp_path).mkdir()
    return tmp_path


def test_the_zoo_that_is_up_is_captured_at_its_prices(cache: Path) -> None:
    me = ProcessMark.of(os.getpid())
    assert me is not None
    small = Served(name="small", port=9101, input_usd_per_mtok=0.1, output_usd_per_mtok=0.2)
    State(supervisor=me, served=(small,)).write(zoo_folder(cache))
    (found,) = capture._upstreams(None)
    assert (found.name, found.model, found.base_url) == ("small", "small", small.base_url)
    assert found.is_local
    assert found.cost_usd(1e6, 1e6) == pytest.approx(0.3)


def test_a_zoo_that_is_down_is_an_error_that_says_what_to_do(cache: Path) -> None:
    with pytest.raises(SettingError, match="messplus zoo up"):
        capture._upstreams(None)
    gone = ProcessMark(os.getpid(), created_s=1.0)
    State(supervisor=gone, served=()).write(zoo_folder(cache))
    with pytest.raises(SettingError, match="messplus zoo up"):
        capture._upstreams(None)
