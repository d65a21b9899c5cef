"""`messplus explain` and `messplus report`, as a user meets them."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from tests.unit.offpolicy.events import events, write
from typer.testing import CliRunner

from messplus.cli.app import app
from messplus.dashboard.explained import shown_explanation
from messplus.errors import DataError, MessPlusError, StoreError
from messplus.evidence import evidence_of
from messplus.records import Decided
from messplus.router.explain import explain
from messplus.stores import open_to_read

N = 600


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("log") / "log.db", events(N))


def output(*args: object) -> str:
    result = CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def fails(*args: object) -> MessPlusError:
    result = CliRunner().invoke(app, list(map(str, args)))
    assert isinstance(result.exception, MessPlusError), result.output
    return result.exception


def latest(log: Path) -> Decided:
    with closing(open_to_read(str(log))) as reader:
        event = reader.recent(1)[0].event
    assert isinstance(event, Decided)
    return event


def test_a_decision_is_explained(log: Path) -> None:
    decided = latest(log)
    said = output("explain", decided.decision_id, "--store", log)
    assert decided.model in said
    for model in decided.models:
        assert model in said
    assert f"alpha {decided.alpha:g}" in said


def test_as_json_it_is_what_the_gateway_says(log: Path) -> None:
    name = latest(log).decision_id
    with closing(open_to_read(str(log))) as reader:
        story = reader.story(name)
    assert story is not None
    found = json.loads(output("explain", f"chatcmpl-{name}", "--store", log, "--json"))
    assert found == json.loads(json.dumps(shown_explanation(explain(story))))


def test_an_unknown_decision_is_an_error_that_says_where_ids_are(log: Path) -> None:
    error = fails("explain", "nothing-like-it", "--store", log)
    assert isinstance(error, StoreError)
    assert "x-messplus-decision-id" in str(error)
    names = [f"{latest(log).decision_id[:1]}"]
    assert "begin with" in str(fails("explain", names[0], "--store", log))


def test_a_log_becomes_a_page(log: Path, tmp_path: Path) -> None:
    output("report", log, "--out", tmp_path / "page")
    page = (tmp_path / "page" / "index.html").read_text()
    with closing(open_to_read(str(log))) as reader:
        evidence = evidence_of(reader)
    assert evidence.promises
    for name, promise in evidence.promises.items():
        found = promise.satisfaction()
        assert name in page
        assert found.estimate is not None
        assert f"{100 * found.estimate:.1f} %" in page
        assert f"{promise.requests:,}" in page
    assert "<script" not in page
    assert 'src="http' not in page
    figures = sorted(path.suffix for path in (tmp_path / "page" / "figures").iterdir())
    assert figures.count(".png") == figures.count(".svg") > 0


def test_only_one_route(log: Path, tmp_path: Path) -> None:
    assert isinstance(fails("report", log, "--route", "nothing", "--out", tmp_path), DataError)


def test_results_of_a_replay_become_a_page(tmp_path: Path) -> None:
    runs = tmp_path / "runs.json"
    output("replay", "--policy", "cheapest", "--policy", "largest", "--json", runs)
    output("report", runs, "--out", tmp_path / "page")
    page = (tmp_path / "page" / "index.html").read_text()
    told = json.loads(runs.read_text())["runs"]
    assert {one["policy"] for one in told} == {"cheapest", "largest"}
    for one in told:
        assert one["policy"] in page
    assert (tmp_path / "page" / "figures" / "overview.svg").exists()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"runs": [], "references": []}', '{"runs": [{}], "references": []}']
)
def test_what_is_no_result_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "runs.json"
    path.write_text(content)
    assert isinstance(fails("report", path, "--out", tmp_path), DataError)
