"""The dashboard's JSON: equal to the pure functions over the same log, and shown to nobody else."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import orjson
import pytest
from tests.e2e.gateway.conftest import Running, Start, running, zoo_of
from tests.e2e.gateway.http import Http, Json
from tests.e2e.gateway.scripted import Server

from messplus.dashboard.promises import shown_promise
from messplus.dashboard.shapes import shown_satisfaction
from messplus.evidence import Evidence, evidence_of
from messplus.stores import open_to_read

API = "/dashboard/api"
FROM_ROUTER = ("queue", "debt", "price", "feasible", "reachable", "warnings", "models")
"""What the router knows better than the log, as of now and not of the latest decision."""
OF_NOW = ("requests_per_s", "windows")


def seen(http: Http, path: str, ready: Callable[[Json], bool]) -> Json:
    """A view, once it shows what it should."""
    until_s = time.monotonic() + 20
    while True:
        shown = http.get(API + path).json
        if ready(shown):
            return shown
        assert time.monotonic() < until_s, shown
        time.sleep(0.05)


def serve(gateway: Running, n: int) -> list[str]:
    """Some answers, two of three judged, one of five found wanting."""
    names = []
    for i in range(n):
        names.append(gateway.http.chat(f"question {i}").name)
        if i % 3:
            gateway.http.feedback(names[-1], i % 5 != 0)
    return names


def known(gateway: Running) -> Evidence:
    with closing(open_to_read(gateway.settings.store)) as log:
        return evidence_of(log)


def test_views_are_the_pure_functions_of_the_log(start: Start) -> None:
    gateway = start(routes={"chat": {"alpha": 0.8, "spread": 0.1}})
    serve(gateway, 60)
    overview = seen(gateway.http, "/overview", lambda one: one["log"]["decisions"] == 60)
    page = seen(gateway.http, "/promises/chat@0.8", lambda one: one["satisfaction"]["judged"] == 40)
    evidence = known(gateway)
    (promise,) = evidence.promises.values()
    pure = orjson.loads(orjson.dumps(shown_promise(evidence, promise, None, overview["at"])))
    for name in set(pure) - set(FROM_ROUTER) - set(OF_NOW):
        assert page[name] == pure[name], name
    (row,) = overview["promises"]
    assert row == {name: page[name] for name in row} | {
        name: row[name] for name in ("requests_per_s", "models")
    }
    told = orjson.loads(orjson.dumps(shown_satisfaction(promise.satisfaction())))
    assert row["satisfaction"] == told
    (route,) = gateway.http.get("/v1/routes").json["data"]
    assert (page["queue"], page["price"]) == (route["queue"], route["price"])
    models = gateway.http.get(f"{API}/models").json["models"]
    assert {one["id"]: one["requests"] for one in models} == {
        name: evidence.models[name].requests if name in evidence.models else 0
        for name in ("small", "large")
    }


def test_a_restart_goes_on_from_the_snapshot(start: Start) -> None:
    gateway = start()
    serve(gateway, 10)
    seen(gateway.http, "/overview", lambda one: one["log"]["decisions"] == 10)
    before = gateway.http.get(f"{API}/promises/chat@0.8").json
    gateway.stop()
    again = start()
    after = seen(again.http, "/promises/chat@0.8", lambda one: one["requests"] == 10)
    for name in ("satisfaction", "cost_mean", "series", "calibration", "feedback"):
        assert after[name] == before[name], name


def test_an_explanation_is_the_same_everywhere(gateway: Running) -> None:
    name = gateway.http.chat("why?").name
    gateway.http.feedback(name, value=True)
    assert (
        gateway.http.get(f"{API}/decisions/{name}").json
        == gateway.http.get(f"/v1/decisions/{name}").json
    )


def test_decisions_are_searched(start: Start) -> None:
    gateway = start(server={"keep_prompts": True})
    names = serve(gateway, 9)
    latest = seen(gateway.http, "/decisions", lambda one: len(one["data"]) == 9)
    assert [one["id"] for one in latest["data"]] == names[::-1]
    assert latest["next"] is None

    def found(query: str) -> list[str]:
        return [one["id"] for one in gateway.http.get(f"{API}/decisions?{query}").json["data"]]

    assert found("q=question+4") == [names[4]]
    assert found(f"q={names[3][:30]}") == [names[3]]
    assert found("feedback=unjudged") == [names[6], names[3], names[0]]
    assert found("feedback=dissatisfied") == [names[5]]
    assert found("route=other") == []
    assert found("failed=true") == []
    page = gateway.http.get(f"{API}/decisions?limit=4").json
    assert [one["id"] for one in page["data"]] == names[:4:-1]
    older = gateway.http.get(f"{API}/decisions?limit=5&before={page['next']}").json
    assert [one["id"] for one in older["data"]] == names[4::-1]


def test_prompts_that_are_not_kept_are_not_shown(gateway: Running) -> None:
    name = gateway.http.chat("a secret").name
    shown = gateway.http.get(f"{API}/decisions?q={name}").json["data"]
    assert [one["prompt"] for one in shown] == [None]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/promises/nothing@0.8", 404, "promise_not_found"),
        ("/promises/nothing@0.8/certificate", 404, "promise_not_found"),
        ("/what-if/nothing@0.8", 404, "promise_not_found"),
        ("/decisions/nothing", 404, "decision_not_found"),
        ("/decisions?limit=0", 400, "invalid_request"),
        ("/decisions?limit=x", 400, "invalid_request"),
        ("/decisions?before=-1", 400, "invalid_request"),
        ("/decisions?feedback=some", 400, "invalid_request"),
        ("/decisions?failed=1", 400, "invalid_request"),
    ],
)
def test_what_cannot_be_shown_is_an_error(
    gateway: Running, path: str, status: int, code: str
) -> None:
    reply = gateway.http.get(API + path)
    assert reply.status == status
    if status == 404:
        assert reply.error["code"] == code
    assert reply.error["message"]


def test_what_if_says_why_it_cannot_tell(start: Start) -> None:
    gateway = start(routes={"chat": {"alpha": 0.8}})
    assert gateway.http.get(f"{API}/what-if/chat@0.8").error["code"] == "no_decisions"
    serve(gateway, 5)
    shown = gateway.http.get(f"{API}/what-if/chat@0.8").json
    alphas = [line["alpha"] for line in shown["lines"]]
    assert alphas == sorted(alphas)
    assert 0.8 in alphas
    assert all("refused" in line["cost"] and line["cost"]["fix"] for line in shown["lines"])


def test_the_page_may_do_nothing_but_show_itself(gateway: Running) -> None:
    page = gateway.http.get("/dashboard/")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    for reply in (page, gateway.http.get("/dashboard/static/app.js")):
        assert reply.status == 200
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"
    assert gateway.http.get("/dashboard/static/../promises.py").status == 404
    assert gateway.http.get("/dashboard/static/%2e%2e/promises.py").status == 404


def events(gateway: Running, http: Http) -> Iterator[Json]:
    with http.streaming("GET", f"{API}/live", None) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        for line in reply.stream(2**20):
            for event in line.split(b"\n\n"):
                if event.startswith(b"event: overview\ndata: "):
                    yield orjson.loads(event.partition(b"data: ")[2])


def test_what_changes_is_sent(start: Start) -> None:
    gateway = start()
    stream = events(gateway, gateway.http)
    first = next(stream)
    assert first["log"]["decisions"] == 0
    assert first["promises"][0]["status"] == "unknown"
    gateway.http.chat("Hi")
    assert any(one["log"]["decisions"] == 1 for one in stream)
    stream.close()  # type: ignore[attr-defined]  # a generator


SECRETS = {name: f"sk-{name}-0123456789abcdef" for name in ("team", "boss")}


@pytest.fixture(scope="module")
def locked(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gateway with keys: one for a route, one for all."""
    keys: list[dict[str, Any]] = [
        {"name": "team", "key": SECRETS["team"], "routes": ["chat"]},
        {"name": "boss", "key": SECRETS["boss"], "admin": True},
    ]
    routes = {"chat": {"alpha": 0.8}, "code": {"alpha": 0.6}}
    folder = tmp_path_factory.mktemp("locked")
    with running(zoo_of(server.url, folder / "log.db", keys=keys, routes=routes)) as gateway:
        yield gateway


@pytest.mark.parametrize(
    "path",
    ["overview", "live", "models", "decisions", "decisions/x", "promises/x",
     "promises/x/certificate", "what-if/x"],
)  # fmt: skip
def test_nothing_is_shown_without_a_key(locked: Running, path: str) -> None:
    assert locked.http.get(f"{API}/{path}").status == 401
    assert locked.http.with_key("sk-wrong").get(f"{API}/{path}").status == 401
    assert locked.http.get("/dashboard/").status == 200  # the page holds nothing


def test_a_key_shows_its_own_routes_and_requests(locked: Running) -> None:
    team, boss = locked.with_key(SECRETS["team"]), locked.with_key(SECRETS["boss"])
    ours, theirs = team.chat("ours").name, boss.chat("theirs").name
    seen(boss, "/overview", lambda one: one["log"]["decisions"] == 2)

    def routes(http: Http) -> set[str]:
        return {one["route"] for one in http.get(f"{API}/overview").json["promises"]}

    def decisions(http: Http) -> set[str]:
        return {one["id"] for one in http.get(f"{API}/decisions").json["data"]}

    assert routes(team) == {"chat"}
    assert routes(boss) == {"chat", "code"}
    assert decisions(team) == {ours}
    assert decisions(boss) == {ours, theirs}
    assert team.get(f"{API}/decisions/{theirs}").status == 404
    assert team.get(f"{API}/promises/code@0.6").status == 404
    assert team.get(f"{API}/what-if/code@0.6").status == 404
