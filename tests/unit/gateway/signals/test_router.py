"""Signals and a router: what is told is logged, counts once, and is known again after a restart."""

import asyncio
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.gateway.signals.fakes import Judge, Seen, answer, settings

from messplus.gateway.config.settings import Settings
from messplus.gateway.signals import Signals
from messplus.records import Outcome
from messplus.router import Route, Router, adaptive_engine
from messplus.router.standing import Standing
from messplus.stores import open_store
from messplus.stores.base import Store

N_ANSWERS = 60


def router_on(store: Store) -> Router:
    """A router over one model."""
    engine = adaptive_engine({"small": 1.0}, alpha=0.8)
    return Router(engine, [Route("chat", 0.8)], store, rng=np.random.default_rng(3))


def served(router: Router, given: Settings, *, twice: bool = False) -> Standing:
    """Where the promise stands after some answers, each fourth of them empty."""

    async def work() -> None:
        signals = Signals(
            given, lambda told: router.feedback_many([told]), Judge(), random.Random(5), Seen()
        )
        signals.start()
        for n in range(N_ANSWERS):
            name = f"answer-{n}"
            router.route("Capital?", decision_id=name)
            outcome = Outcome(decision_id=name, model="small", at_s=0.0, cost=1.0)
            router.finish(name, [outcome])
            for _ in range(1 + twice):
                signals.finished("chat", answer(n, "Paris." if n % 4 else ""))
        await signals.close(30.0)

    asyncio.run(work())
    return router.standing("chat")


RULE = {"kind": "not_empty"}
ALWAYS = {**RULE, "decides": "always"}
AUDIT = {"model": "large", "share": 0.5, "trust": "audit"}


@pytest.mark.parametrize(
    "route",
    [
        {"checks": [RULE]},
        {"checks": [ALWAYS]},
        {"judge": {**AUDIT, "trust": "opinion"}},
        {"checks": [RULE], "judge": AUDIT},
    ],
    ids=["failures", "rule that decides", "opinions", "failures and audits"],
)
def test_a_restart_knows_the_same(route: dict[str, Any], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    store = open_store(url)
    router = router_on(store)
    before = served(router, settings(**route))
    assert before.requests == N_ANSWERS
    router.close()
    store.close()
    again = open_store(url)
    restarted = router_on(again)
    after = restarted.standing("chat")
    assert (after.debt, after.believed) == (before.debt, before.believed)
    restarted.close()
    again.close()


def test_an_answer_looked_at_twice_counts_once() -> None:
    both = []
    for twice in (False, True):
        store = open_store("memory:")
        router = router_on(store)
        both.append(served(router, settings(checks=[ALWAYS]), twice=twice))
        router.close()
        store.close()
    once, again = both
    assert (once.debt, once.believed) == (again.debt, again.believed)
    assert once.believed == pytest.approx(0.75)


def test_the_log_tells_rules_and_judges_apart() -> None:
    store = open_store("memory:")
    router = router_on(store)
    served(router, settings(checks=[RULE], judge={**AUDIT, "share": 1.0}))
    failed, passed = router.story("answer-0"), router.story("answer-1")
    assert failed is not None
    assert passed is not None
    said = [(one.source, one.value, one.attributes["by"]) for one in failed.feedback]
    assert said == [("check", 0.0, "check:not_empty"), ("audit", 0.0, "check:not_empty")]
    (verdict,) = passed.feedback
    assert (verdict.source, verdict.cost) == ("audit", 0.002)
    assert verdict.attributes == {"by": "judge:large"}
    router.close()
    store.close()
