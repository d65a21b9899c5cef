import numpy as np
import pytest

from messplus.gateway.sessions import Sessions
from messplus.gateway.telemetry import Metrics
from messplus.gateway.telling import Teller
from messplus.records import Outcome
from messplus.router import Route, Router, Told, adaptive_engine
from messplus.stores import MemoryStore


class Desk:
    """A router with one answer in a session, and who is told of it."""

    def __init__(self) -> None:
        engine = adaptive_engine({"small": 0.001, "large": 0.01})
        rng = np.random.default_rng(0)
        router = Router(engine, [Route("chat", 0.8)], MemoryStore(), rng=rng, clock=lambda: 100.0)
        routed = router.route("hello", attributes={"session": "s1"})
        answer = Outcome(decision_id=routed.decision_id, model=routed.model, at_s=100.0, cost=0.001)
        router.finish(routed.decision_id, [answer])
        self.decision_id = routed.decision_id
        self.model = routed.model
        self.sessions = Sessions()
        self.sessions.stay("s1", routed.model, 0.0)
        self.metrics = Metrics("test")
        self.tell = Teller(router, self.metrics, self.sessions, now=lambda: 130.0)

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics._registry.get_sample_value(name, labels)

    def said(self, value: float, **more: str) -> str:
        attributes = {"by": more["by"]} if "by" in more else {}
        told = Told(decision_id=self.decision_id, value=value, attributes=attributes)
        return self.tell.many([told])[0].status


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_answer_that_did_not_satisfy_lets_its_session_go(desk: Desk) -> None:
    assert desk.said(1.0) == "applied"
    assert desk.sessions.model("s1", 1.0, 60.0) == desk.model
    assert desk.said(0.2) == "applied"
    assert desk.sessions.model("s1", 1.0, 60.0) is None


def test_verdicts_are_counted_by_route_source_and_delay(desk: Desk) -> None:
    desk.said(1.0)
    labels = {"route": "chat", "source": "user", "value": "1", "status": "applied"}
    assert desk.value("messplus_feedback_total", **labels) == 1
    assert desk.value("messplus_feedback_delay_seconds_sum", source="user") == 30.0


def test_only_the_first_verdict_on_an_answer_tells_of_coverage(desk: Desk) -> None:
    desk.said(1.0)
    desk.said(0.0)
    assert desk.value("messplus_verdicts_total", model=desk.model) == 1


def test_a_finer_word_for_the_source_is_shown_without_its_name(desk: Desk) -> None:
    desk.said(0.0, by="check:regex")
    labels = {"route": "chat", "source": "check", "value": "0", "status": "applied"}
    assert desk.value("messplus_feedback_total", **labels) == 1


def test_what_is_not_known_yet_is_counted_without_a_route(desk: Desk) -> None:
    told = Told(decision_id="not-yet", value=1.0)
    assert desk.tell.many([told])[0].status == "pending"
    labels = {"route": "", "source": "user", "value": "1", "status": "pending"}
    assert desk.value("messplus_feedback_total", **labels) == 1
