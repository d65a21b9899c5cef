"""What users say of answers: by which name, how often, how late."""

from typing import Any

import pytest
from tests.e2e.gateway.conftest import Running, Start
from tests.e2e.gateway.http import Http, Reply

from messplus.ids import new_id


def statuses(reply: Reply) -> list[str]:
    return [one["status"] for one in reply.json["data"]]


def verdicts(http: Http, decision_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get(f"/v1/decisions/{decision_id}").json["feedback"]
    return found


@pytest.mark.parametrize("value", [True, False, 0, 1, 0.25, -1])
def test_by_the_answers_id_or_by_the_header(gateway: Running, value: float) -> None:
    by_id, by_header = gateway.http.chat(), gateway.http.chat()
    for name in (by_id.json["id"], by_header.headers["x-messplus-decision-id"]):
        told = gateway.http.feedback(name, value)
        assert told.status == 202
        assert set(told.json) == {"feedback_id", "status"}
        assert told.json["status"] == "applied"
    (verdict,) = verdicts(gateway.http, by_id.name)
    assert verdict["value"] == max(0.0, float(value))


def test_all_that_can_be_said(gateway: Running) -> None:
    answer = gateway.http.chat()
    gateway.http.feedback(
        answer.name, False, source="implicit", comment="asked again", label="retry",
        metadata={"page": 3}, feedback_id="said-1",
    )  # fmt: skip
    (verdict,) = verdicts(gateway.http, answer.name)
    assert (verdict["feedback_id"], verdict["source"]) == ("said-1", "user")
    assert verdict["comment"] == "asked again"
    assert verdict["metadata"] == {"by": "implicit", "label": "retry", "page": "3"}


def test_the_same_verdict_twice(gateway: Running) -> None:
    answer = gateway.http.chat()
    told = [gateway.http.feedback(answer.name, 1, feedback_id="twice-1") for _ in range(2)]
    assert [one.json["status"] for one in told] == ["applied", "duplicate"]
    assert len(verdicts(gateway.http, answer.name)) == 1


def test_the_same_verdict_twice_by_idempotency_key(gateway: Running) -> None:
    answer = gateway.http.chat()
    body = {"id": answer.name, "value": 1}
    told = [gateway.http.post("/v1/feedback", body, idempotency_key="k-1") for _ in range(2)]
    assert [one.json["status"] for one in told] == ["applied", "duplicate"]
    assert {one.json["feedback_id"] for one in told} == {"k-1"}


def test_a_change_of_mind(gateway: Running) -> None:
    """Both are kept; the later one counts."""
    answer = gateway.http.chat()
    for value in (1, 0):
        assert gateway.http.feedback(answer.name, value).json["status"] == "applied"
    assert [one["value"] for one in verdicts(gateway.http, answer.name)] == [1, 0]


def test_early_feedback_waits_for_its_decision(gateway: Running) -> None:
    name = new_id()
    told = gateway.http.feedback(name, 0)
    assert (told.status, told.json["status"]) == (202, "pending")

    answer = gateway.http.chat(headers={"x-request-id": name})
    assert answer.name == name
    (verdict,) = verdicts(gateway.http, name)
    assert verdict["value"] == 0


def test_feedback_on_what_there_never_was(gateway: Running) -> None:
    """A name that was made long ago is of no decision that may still come; in a batch, others count."""
    made_in_2023 = "01890a5dac96774bbcceb302099a8057"
    told = gateway.http.feedback(made_in_2023, 1)
    assert (told.status, told.error["code"]) == (404, "decision_not_found")

    answer = gateway.http.chat()
    batch = [{"id": name, "value": 0} for name in (made_in_2023, answer.name)]
    both = gateway.http.post("/v1/feedback/batch", {"feedback": batch})
    assert (both.status, statuses(both)) == (202, ["unknown", "applied"])


def test_many_at_once(gateway: Running) -> None:
    answers = [gateway.http.chat() for _ in range(3)]
    batch = [{"id": one.name, "value": n / 2} for n, one in enumerate(answers)]
    told = gateway.http.post("/v1/feedback/batch", {"feedback": [*batch, batch[0]]})

    assert told.status == 202
    assert statuses(told) == [*["applied"] * 3, "duplicate"]
    assert [verdicts(gateway.http, one.name)[0]["value"] for one in answers] == [0, 0.5, 1]


def test_a_batch_with_a_mistake_counts_for_nothing(gateway: Running) -> None:
    answer = gateway.http.chat()
    batch = [{"id": answer.name, "value": 1}, {"id": answer.name, "value": 2}]
    told = gateway.http.post("/v1/feedback/batch", {"feedback": batch})
    assert (told.status, told.error["param"]) == (400, "feedback[1].value")
    assert verdicts(gateway.http, answer.name) == []


def test_a_dry_run(gateway: Running) -> None:
    answer = gateway.http.chat()
    known = gateway.http.feedback(answer.name, 0, dry_run=True)
    assert (known.status, known.json["status"]) == (202, "valid")
    assert verdicts(gateway.http, answer.name) == []
    assert gateway.http.feedback(new_id(), 0, dry_run=True).status == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"id": "x"}, "value"),
        ({"id": "x", "value": 1.5}, "value"),
        ({"id": "x", "value": "good"}, "value"),
        ({"value": 1}, "id"),
        ({"id": "x", "value": 1, "source": "oracle"}, "source"),
        ({"id": "x", "value": 1, "valeu": 1}, "valeu"),
    ],
)
def test_feedback_that_makes_no_sense(gateway: Running, body: dict[str, Any], param: str) -> None:
    told = gateway.http.post("/v1/feedback", body)
    assert (told.status, told.error["param"]) == (400, param)


def test_feedback_teaches(start: Start) -> None:
    """A cheap model of which users say that it never satisfies is asked less than one that does."""
    gateway = start(routes={"chat": {"alpha": 0.9, "sticky_s": 0}})
    asked = []
    for _ in range(60):
        answer = gateway.http.chat()
        asked.append(answer.model)
        gateway.http.feedback(answer.name, answer.model == "large")
    assert asked[-20:].count("large") >= 14
    (standing,) = gateway.http.get("/v1/routes").json["data"]
    level = {one["id"]: one["satisfaction"] for one in standing["models"]}
    assert level["large"] > 0.9
    assert level["small"] < 0.6


def test_a_restart_forgets_nothing(start: Start) -> None:
    before = start()
    answer = before.http.chat()
    before.http.feedback(answer.name, 0)
    known = before.http.get(f"/v1/decisions/{answer.name}").json
    standing = before.http.get("/v1/routes").json
    before.stop()

    after = start()
    assert after.http.get(f"/v1/decisions/{answer.name}").json == known
    assert after.http.get("/v1/routes").json == standing
    assert after.http.feedback(answer.name, 1).json["status"] == "applied"
