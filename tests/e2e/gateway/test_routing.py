"""Who answers: routes, promises, overrides, what models can do, and sessions."""

from threading import Thread
from typing import Any

import pytest
from tests.e2e.gateway.conftest import Running, Start
from tests.e2e.gateway.scripted import Upstream, fails, waits

MODELS = ("small", "large")
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
IMAGE = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]
TWO_ROUTES = {"chat": {"alpha": 0.8}, "code": {"alpha": 0.6, "models": ["small"]}}


def test_auto_is_the_first_route(start: Start) -> None:
    told = start(routes=TWO_ROUTES).http.chat(model="auto").headers
    assert (told["x-messplus-route"], told["x-messplus-alpha"]) == ("chat", "0.8")


def test_a_route_by_its_name(start: Start) -> None:
    answer = start(routes=TWO_ROUTES).http.chat(model="code")
    assert (answer.headers["x-messplus-route"], answer.model) == ("code", "small")
    assert answer.headers["x-messplus-alpha"] == "0.6"


@pytest.mark.parametrize(
    ("fields", "alpha"),
    [
        ({"model": "chat@0.9"}, "0.9"),
        ({"model": "auto@0.9"}, "0.9"),
        ({"headers": {"x-messplus-alpha": "0.7"}}, "0.7"),
        ({"messplus": {"alpha": 0.5}}, "0.5"),
        ({"model": "chat@0.9", "headers": {"x-messplus-alpha": "0.7"}}, "0.7"),
        ({"messplus": {"alpha": 0.5}, "headers": {"x-messplus-alpha": "0.7"}}, "0.5"),
    ],
)
def test_another_promise(gateway: Running, fields: dict[str, Any], alpha: str) -> None:
    """The body counts more than a header, a header more than the name."""
    answer = gateway.http.chat(**fields)
    assert answer.status == 200
    assert answer.headers["x-messplus-alpha"] == alpha
    explained = gateway.http.get(f"/v1/decisions/{answer.name}").json
    assert explained["alpha"] == float(alpha)


def test_each_promise_has_an_account_of_its_own(start: Start) -> None:
    gateway = start(routes=TWO_ROUTES)
    for model, times in (("chat", 3), ("chat@0.9", 2), ("code", 1)):
        for _ in range(times):
            gateway.http.chat(model=model)

    standing = gateway.http.get("/v1/routes").json["data"]
    requests = {(one["id"], one["alpha"]): one["requests"] for one in standing}
    assert requests == {("chat", 0.8): 3, ("chat", 0.9): 2, ("code", 0.6): 1}


@pytest.mark.parametrize("excluded", MODELS)
@pytest.mark.parametrize("where", ["header", "body"])
def test_a_model_that_must_not_answer(gateway: Running, excluded: str, where: str) -> None:
    (other,) = {*MODELS} - {excluded}
    fields: dict[str, Any] = (
        {"headers": {"x-messplus-exclude": excluded}}
        if where == "header"
        else {"messplus": {"exclude": [excluded]}}
    )
    assert {gateway.http.chat(**fields).model for _ in range(5)} == {other}


@pytest.mark.parametrize("model", MODELS)
def test_a_model_by_its_name_passes_routing_by(gateway: Running, model: str) -> None:
    before = gateway.http.get("/v1/routes").json
    answer = gateway.http.chat(model=model)

    assert (answer.model, answer.headers["x-messplus-mode"]) == (model, "bypass")
    assert answer.json["model"] == model
    assert "x-messplus-route" not in answer.headers
    assert gateway.http.get(f"/v1/decisions/{answer.name}").status == 404
    assert gateway.http.get("/v1/routes").json == before


def test_a_model_by_its_name_is_not_replaced(start: Start, upstream: Upstream) -> None:
    gateway = start()
    upstream.always(fails(500), model="up-small")
    answer = gateway.http.chat(model="small")
    assert (answer.status, answer.error["code"]) == (502, "upstream_error")
    assert {body["model"] for body in upstream.bodies()} == {"up-small"}


def limited(**fields: Any) -> dict[str, Any]:  # noqa: ANN401  # as in YAML
    """`small` with these limits, beside a `large` without."""
    usual = {"provider": "local", "cost": {"output_per_mtok": 1.0}}
    return {
        "small": {**usual, "model": "up-small", **fields},
        "large": {**usual, "model": "up-large"},
    }


@pytest.mark.parametrize(
    ("limit", "fields"),
    [
        ({"tools": False}, {"tools": [TOOL]}),
        ({"vision": False}, {"messages": [{"role": "user", "content": IMAGE}]}),
        (
            {"structured_output": False},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": {"type": "object"}},
                }
            },
        ),
        ({"context_tokens": 1000}, {"messages": [{"role": "user", "content": "word " * 1000}]}),
        ({"context_tokens": 1000}, {"max_tokens": 2000}),
    ],
)
def test_models_that_are_not_able_are_not_asked(
    start: Start, limit: dict[str, Any], fields: dict[str, Any]
) -> None:
    http = start(models=limited(**limit)).http
    assert {http.chat(**fields).model for _ in range(6)} == {"large"}
    only = http.chat(**fields, headers={"x-messplus-exclude": "large"})
    if "context_tokens" in limit:  # an estimate: whoever has the longest may try
        assert only.model == "small"
    else:
        assert (only.status, only.error["code"]) == (400, "unsupported_by_models")


def test_who_is_at_its_limit_is_passed_over(start: Start, upstream: Upstream) -> None:
    http = start(models=limited(concurrency=1)).http
    gate = upstream.gate()
    upstream.script(waits(gate), model="up-small")
    busy = Thread(target=lambda: http.chat(model="small"))
    busy.start()
    assert upstream.begun.wait(10)
    answers = {http.chat().model for _ in range(6)}
    gate.open()
    busy.join()
    assert answers == {"large"}


def test_a_decision_without_an_answer(gateway: Running, upstream: Upstream) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}
    decided = gateway.http.post("/v1/decision", body)

    assert decided.status == 200
    assert decided.json["id"] == decided.name
    assert decided.json["model"] in MODELS
    assert {one["id"] for one in decided.json["models"]} == {*MODELS}
    assert upstream.asked == []
    assert gateway.http.feedback(decided.name, 1).json["status"] == "applied"


def test_why_it_was_that_model(gateway: Running) -> None:
    answer = gateway.http.chat("Hi", metadata={"task": "greet"})
    gateway.http.feedback(answer.name, 0.5, comment="so so")
    by_header = gateway.http.get(f"/v1/decisions/{answer.name}").json
    by_answer = gateway.http.get(f"/v1/decisions/{answer.json['id']}").json

    assert by_header == by_answer
    assert by_header["answered_by"] == answer.model
    assert by_header["attributes"]["task"] == "greet"
    assert by_header["prompt"] is None  # prompts are not kept unless that is asked for
    (outcome,) = by_header["outcomes"]
    assert (outcome["model"], outcome["error"]) == (answer.model, None)
    assert outcome["cost"] == pytest.approx(float(answer.headers["x-messplus-cost-usd"]))
    (verdict,) = by_header["feedback"]
    assert (verdict["value"], verdict["comment"]) == (0.5, "so so")
    assert [one["id"] for one in by_header["models"] if one["chosen"]] == [by_header["model"]]
    assert all(one["why"] for one in by_header["models"])


def test_a_decision_that_there_is_not(gateway: Running) -> None:
    missing = gateway.http.get("/v1/decisions/nothing")
    assert (missing.status, missing.error["code"]) == (404, "decision_not_found")


@pytest.mark.parametrize(
    "of_session",
    [
        {"messplus": {"session_id": "by-field"}},
        {"metadata": {"session_id": "by-metadata"}},
        {"headers": {"x-messplus-session-id": "by-header"}},
        {"headers": {"x-session-id": "by-another-header"}},
    ],
)
def test_a_session_stays_with_its_model(gateway: Running, of_session: dict[str, Any]) -> None:
    first = gateway.http.chat(**of_session)
    later = [gateway.http.chat("Go on", **of_session) for _ in range(4)]

    assert first.headers["x-messplus-mode"] in ("exploit", "explore")
    assert {one.headers["x-messplus-mode"] for one in later} == {"sticky"}
    assert {one.model for one in later} == {first.model}
    assert gateway.http.chat("Alone").headers["x-messplus-mode"] != "sticky"


def test_bad_feedback_frees_a_session(gateway: Running) -> None:
    of_session: dict[str, Any] = {"messplus": {"session_id": "to-be-freed"}}
    gateway.http.chat(**of_session)
    second = gateway.http.chat(**of_session)
    gateway.http.feedback(second.name, True)
    third = gateway.http.chat(**of_session)
    assert third.headers["x-messplus-mode"] == "sticky"

    gateway.http.feedback(third.name, False)
    assert gateway.http.chat(**of_session).headers["x-messplus-mode"] != "sticky"
    assert gateway.http.chat(**of_session).headers["x-messplus-mode"] == "sticky"


def test_a_session_leaves_a_model_that_cannot_do_what_it_needs(start: Start) -> None:
    http = start(models=limited(tools=False)).http
    of_session: dict[str, Any] = {"messplus": {"session_id": "s"}}
    http.chat(**of_session, headers={"x-messplus-exclude": "large"})
    moved = http.chat(**of_session, tools=[TOOL])
    assert moved.model == "large"
    assert moved.headers["x-messplus-mode"] != "sticky"


def test_sessions_that_need_not_stay(start: Start) -> None:
    http = start(routes={"chat": {"alpha": 0.8, "sticky_s": 0}}).http
    of_session: dict[str, Any] = {"messplus": {"session_id": "s"}}
    modes = {http.chat(**of_session).headers["x-messplus-mode"] for _ in range(4)}
    assert "sticky" not in modes


def test_the_next_best_answers_for_one_that_fails(start: Start, upstream: Upstream) -> None:
    gateway = start()
    upstream.always(fails(500), model="up-small")
    answers = [gateway.http.chat() for _ in range(12)]

    assert {one.status for one in answers} == {200}
    assert {one.model for one in answers} == {"large"}
    replaced = [one for one in answers if one.headers["x-messplus-mode"] == "fallback"]
    assert replaced
    assert {one.headers["x-messplus-attempts"] for one in replaced} == {"2"}
    explained = gateway.http.get(f"/v1/decisions/{replaced[0].name}").json
    assert (explained["model"], explained["answered_by"]) == ("small", "large")
    failed, succeeded = explained["outcomes"]
    assert (failed["model"], succeeded["model"]) == ("small", "large")
    assert failed["error"].startswith("server_error")


def test_streams_are_replaced_before_they_begin(start: Start, upstream: Upstream) -> None:
    gateway = start()
    upstream.always(fails(500), model="up-small")
    for _ in range(4):
        answer = gateway.http.chat(stream=True)
        assert (answer.status, answer.model) == (200, "large")
        assert answer.body.rstrip().endswith(b"data: [DONE]")


def test_a_model_that_keeps_failing_is_left_alone(start: Start, upstream: Upstream) -> None:
    gateway = start()
    upstream.always(fails(503, retry_after="60"), model="up-small")
    for _ in range(5):
        assert gateway.http.chat(model="small").status == 502
    health = gateway.http.get("/admin/upstreams").json["data"]
    assert {one["model"]: one["circuit"] for one in health} == {"small": "open", "large": "closed"}

    named = gateway.http.chat(model="small")
    assert (named.status, named.error["code"]) == (503, "no_model_available")
    asked = len(upstream.asked)
    assert {gateway.http.chat().model for _ in range(6)} == {"large"}
    assert len(upstream.asked) == asked + 6
    assert gateway.http.get("/health/readiness").status == 200


def test_nobody_is_there(start: Start) -> None:
    http = start(providers={"local": {"base_url": "http://127.0.0.1:9/v1", "retries": 0}}).http
    answers = [http.chat() for _ in range(12)]

    assert {one.status for one in answers} == {503}
    assert {one.error["code"] for one in answers} == {"no_model_available"}
    assert all(one.name for one in answers)
    ready = http.get("/health/readiness")
    assert (ready.status, ready.json["reasons"]) == (503, ["no model can be reached"])
    assert http.get("/health/liveness").status == 200
