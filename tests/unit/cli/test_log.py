"""The commands about a router's log, as a user meets them."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console
from tests.unit.offpolicy.events import events, write
from tests.unit.offpolicy.worlds import world
from tests.unit.stores.samples import decided, feedback, outcome
from typer.testing import CliRunner

from messplus.cli.log import log_app, show_verified
from messplus.errors import DataError, MessPlusError, SettingError, StoreError
from messplus.records import Event
from messplus.replay.readers import read_outcomes
from messplus.router import Engine, Route, Router, adaptive_engine
from messplus.stores import SqliteStore

N = 1500


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("log") / "log.db", events(N))


def output(*args: object) -> str:
    result = CliRunner().invoke(log_app, list(map(str, args)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def fails(*args: object) -> MessPlusError:
    result = CliRunner().invoke(log_app, list(map(str, args)))
    assert isinstance(result.exception, MessPlusError), result.output
    return result.exception


def test_what_if_shows_promises_mixes_and_models(log: Path) -> None:
    shown = output("what-if", log)
    for name in ("as logged", "alpha 0.5", "mix for 0.5", *world().models, "price"):
        assert name in shown
    assert "1,500 decisions with a choice among 3 models, 1,500 judged" in shown
    assert "Satisfaction is by users" in shown


def test_what_if_as_json_has_the_same(log: Path) -> None:
    found = json.loads(output("what-if", log, "--alpha", 0.5, "--alpha", 0.99, "--json"))
    assert (found["decisions"], found["judged"], found["verdicts"]) == (N, N, "user")
    lines = {line["policy"]: line for line in found["lines"]}
    value = lines["alpha 0.5"]["satisfaction"]
    assert value["normal"][0] <= value["value"] <= value["normal"][1]
    assert value["effective"] >= 100
    assert "no price reaches 0.99" in lines["alpha 0.99"]["cost"]["reason"]
    assert lines["alpha 0.99"]["agrees"] is None
    assert output("what-if", log, "--json") == output("what-if", log, "--json")  # no luck in it


def test_what_if_says_why_not(tmp_path: Path) -> None:
    path = write(tmp_path / "log.db", events(300, spread=0.0, propensity=1.0))
    shown = " ".join(output("what-if", path, "--alpha", 0.5).split())
    assert "every logged choice had probability 1" in shown
    assert "set `spread` on the route" in shown


def test_one_route_at_a_time(tmp_path: Path) -> None:
    other: list[Event] = [decided("other", route="law")]
    path = write(tmp_path / "log.db", events(20), other)
    error = fails("what-if", path)
    assert isinstance(error, SettingError)
    assert "2 routes: name one with --route (default, law)" in str(error)
    assert "0 decisions with a choice" in output("what-if", path, "--route", "law")
    assert isinstance(fails("what-if", path, "--route", "maths"), DataError)


def test_wrong_words_are_named(log: Path) -> None:
    assert "verdicts must be audit, user or judge" in str(fails("what-if", log, "--verdicts", "me"))
    assert "method must be one of" in str(fails("what-if", log, "--method", "magic"))
    assert isinstance(fails("what-if", "nowhere.db"), StoreError)


def test_export_has_what_is_known_and_null_elsewhere(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    assert "1,500 decisions, 1,500 of them judged" in output("export", log, out)
    frame = pl.read_parquet(out)
    assert frame.height == N
    assert frame["prompt_id"][:2].to_list() == ["d0", "d1"]
    assert frame["features"].dtype == pl.List(pl.Float32)
    for model in world().models:
        here = frame.filter(pl.col("chosen") == model)
        assert here[f"score__{model}"].null_count() == 0
        assert here[f"cost__{model}"].null_count() == 0
        assert here[f"output_tokens__{model}"].to_list() == [7] * here.height
        others = frame.filter(pl.col("chosen") != model)
        assert others[f"score__{model}"].null_count() == others.height
        assert frame[f"p_sat__{model}"].null_count() == 0
        assert frame[f"available__{model}"].all()
    sidecar = json.loads(out.with_suffix(".json").read_text())
    assert sidecar["kind"] == "gateway-log"
    assert sidecar["alpha"] == 0.5
    assert sidecar["models_ascending_cost"] == list(world().models)


def test_export_of_a_part(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    # The log begins at 2025-06-15 15:06:40 UTC and has a decision a minute.
    output("export", log, out, "--since", "2025-06-15T15:10:00", "--until", "2025-06-15T16:06:40")
    assert pl.read_parquet(out)["prompt_id"].to_list() == [f"d{i}" for i in range(4, 60)]
    assert isinstance(fails("export", log, out, "--alpha", 0.9), DataError)
    assert isinstance(fails("export", log, tmp_path / "out.csv"), SettingError)


def test_a_log_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    path = write(tmp_path / "log.db", events(30))
    store = SqliteStore(path)
    try:
        store.append([decided("new"), feedback("new")]).result()
        assert "31 decisions" in output("export", path, tmp_path / "out.parquet")
    finally:
        store.close()


def test_replaying_a_log_says_what_to_do_instead(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    output("export", log, out)
    for path in (log, out):
        with pytest.raises(DataError, match=r"needs that of every model.*messplus log what-if"):
            read_outcomes(path)


def test_an_export_that_was_completed_can_be_replayed(log: Path, tmp_path: Path) -> None:
    """Every model was asked since, on some of the requests."""
    out = tmp_path / "out.parquet"
    output("export", log, out)
    frame = pl.read_parquet(out).with_columns(prompt=pl.format("What is {}?", "prompt_id"))
    known = pl.int_range(pl.len()) < 40
    frame = frame.with_columns(
        pl.when(known).then(pl.col(f"{kind}__{model}").fill_null(0.5))
        .otherwise(pl.col(f"{kind}__{model}")).name.keep()
        for model in world().models for kind in ("score", "cost")
    )  # fmt: skip
    frame.write_parquet(out)
    found = read_outcomes(out)
    assert found.table.prompt_ids == tuple(f"d{i}" for i in range(40))
    assert found.table.models == world().models
    assert any("1460 of 1500 are left out" in str(warning) for warning in found.warnings)


def test_a_log_is_verified_against_the_settings_that_made_it(tmp_path: Path) -> None:
    def engine() -> Engine:
        return adaptive_engine(prices={"small": 1.0, "large": 10.0})

    routes = [Route(name="default", alpha=0.6, spread=0.2)]
    path = tmp_path / "log.db"
    store = SqliteStore(path)
    router = Router(engine(), routes, store, rng=np.random.default_rng(1))
    for i in range(60):
        routed = router.route(f"What is {i}?")
        router.finish(routed.decision_id, [outcome(routed.decision_id, model=routed.model)])
        router.feedback(routed.decision_id, float(i % 3 > 0))
    router.close()
    store.close()
    console = Console(record=True, width=100)
    assert show_verified(console, str(path), engine(), routes)
    assert console.export_text() == "60 decisions, 0 taken otherwise now\n"
    without_luck = [Route(name="default", alpha=0.6)]
    assert not show_verified(console, str(path), engine(), without_luck)
    assert "the first is" in console.export_text()
