"""Who may do what: keys, their routes and promises, rates and budgets."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.gateway.conftest import Running, Start, running, zoo_of
from tests.e2e.gateway.http import Http, chat_body
from tests.e2e.gateway.scripted import Server, Upstream

SECRETS = {name: f"sk-{name}-0123456789abcdef" for name in ("team", "other", "boss")}
ROUTES = {"chat": {"alpha": 0.8}, "code": {"alpha": 0.6, "models": ["small"]}}


def key(name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # as in YAML
    return {"name": name, "key": SECRETS[name], **fields}


@pytest.fixture(scope="module")
def shared(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    keys = [key("team"), key("other"), key("boss", admin=True)]
    folder = tmp_path_factory.mktemp("keys")
    with running(zoo_of(server.url, folder / "log.db", keys=keys)) as gateway:
        yield gateway


@pytest.fixture
def team(gateway: Running) -> Http:
    return gateway.with_key(SECRETS["team"])


@pytest.fixture
def other(gateway: Running) -> Http:
    return gateway.with_key(SECRETS["other"])


@pytest.fixture
def boss(gateway: Running) -> Http:
    return gateway.with_key(SECRETS["boss"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/embeddings"),
        ("POST", "/v1/feedback"),
        ("POST", "/v1/feedback/batch"),
        ("POST", "/v1/decision"),
        ("GET", "/v1/decisions/x"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/small"),
        ("GET", "/v1/routes"),
        ("GET", "/admin/upstreams"),
        ("POST", "/admin/reload"),
    ],
)
def test_nothing_without_a_key(gateway: Running, method: str, path: str) -> None:
    body = None if method == "GET" else chat_body()
    for http in (gateway.http, gateway.with_key("sk-wrong")):
        answer = http.ask(method, path, body)
        assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
        assert answer.headers["x-request-id"]
        assert b"sk-" not in answer.body


def test_health_needs_none(gateway: Running) -> None:
    assert gateway.http.get("/health/liveness").status == 200
    assert gateway.http.get("/health/readiness").status == 200


@pytest.mark.parametrize(("exposed", "status"), [(True, 200), (False, 401)])
def test_metrics_need_one_if_so_configured(start: Start, exposed: bool, status: int) -> None:
    gateway = start(keys=[key("team")], server={"expose_metrics": exposed})
    assert gateway.http.get("/metrics").status == status
    assert gateway.with_key(SECRETS["team"]).get("/metrics").status == 200


def test_a_key_in_the_way_of_anthropics_clients(gateway: Running) -> None:
    assert gateway.http.chat(headers={"x-api-key": SECRETS["team"]}).status == 200


def test_what_others_decided_is_not_shown(team: Http, other: Http, boss: Http) -> None:
    name = team.chat().name
    assert team.get(f"/v1/decisions/{name}").status == 200
    assert boss.get(f"/v1/decisions/{name}").status == 200
    hidden, missing = other.get(f"/v1/decisions/{name}"), other.get("/v1/decisions/missing")
    assert (hidden.status, missing.status) == (404, 404)
    assert hidden.json == {"error": {**missing.error, "message": hidden.error["message"]}}
    assert hidden.error["message"].replace(name, "missing") == missing.error["message"]


def test_others_answers_are_not_rated(team: Http, other: Http, boss: Http) -> None:
    name = team.chat().name
    assert other.feedback(name, 0).status == 404
    assert team.get(f"/v1/decisions/{name}").json["feedback"] == []
    assert team.feedback(name, 0).json["status"] == "applied"
    assert boss.feedback(name, 1, source="audit").json["status"] == "applied"


def test_only_an_admin_may_audit(team: Http) -> None:
    told = team.feedback(team.chat().name, 1, source="audit")
    assert (told.status, told.error["code"]) == (403, "not_permitted")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/admin/upstreams"), ("POST", "/admin/reload")]
)
def test_only_an_admin_may_look_behind(team: Http, method: str, path: str) -> None:
    answer = team.ask(method, path, None)
    assert (answer.status, answer.error["code"]) == (403, "not_permitted")


def test_a_keys_routes(start: Start) -> None:
    gateway = start(routes=ROUTES, keys=[key("team", routes=["code"])])
    http = gateway.with_key(SECRETS["team"])

    assert http.chat().headers["x-messplus-route"] == "code"  # its first is its default
    for model in ("chat", "large"):
        refused = http.chat(model=model)
        assert (refused.status, refused.error["code"]) == (404, "model_not_found")
    assert http.chat(headers={"x-messplus-route": "chat"}).status == 404
    assert [one["id"] for one in http.get("/v1/models").json["data"]] == ["auto", "code", "small"]
    assert [one["id"] for one in http.get("/v1/routes").json["data"]] == ["code"]


def test_a_keys_promise(start: Start) -> None:
    http = start(keys=[key("team", alpha=0.95)]).with_key(SECRETS["team"])
    assert http.chat().headers["x-messplus-alpha"] == "0.95"
    assert http.chat(model="chat@0.5").headers["x-messplus-alpha"] == "0.5"


def test_a_keys_rate(start: Start) -> None:
    gateway = start(keys=[key("team", rpm=2), key("other")])
    http = gateway.with_key(SECRETS["team"])
    first, second, third = (http.chat() for _ in range(3))

    assert [one.status for one in (first, second, third)] == [200, 200, 429]
    assert third.error["type"] == "rate_limit_error"
    left = [one.headers["x-ratelimit-remaining-requests"] for one in (first, second, third)]
    assert left == ["1", "0", "0"]
    assert third.headers["x-ratelimit-limit-requests"] == "2"
    assert 0 < int(third.headers["retry-after"]) <= 30
    assert gateway.with_key(SECRETS["other"]).chat().status == 200
    assert http.get("/v1/models").status == 200  # what costs nothing is not counted


def test_a_keys_budget(start: Start, upstream: Upstream) -> None:
    """A day's money is spent; restarting the gateway does not bring it back."""
    keys = [key("team", budget_usd_per_day=1e-6), key("other")]
    gateway = start(keys=keys)
    http = gateway.with_key(SECRETS["team"])
    assert http.chat().status == 200
    refused = http.chat()
    assert (refused.status, refused.error["code"]) == (429, "insufficient_quota")
    assert refused.error["type"] == "insufficient_quota"
    assert refused.headers["x-should-retry"] == "false"
    assert gateway.with_key(SECRETS["other"]).chat().status == 200
    gateway.stop()

    again = start(keys=keys).with_key(SECRETS["team"]).chat()
    assert again.error["code"] == "insufficient_quota"
    assert len(upstream.asked) == 2
