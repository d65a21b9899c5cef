"""Made-up traffic: a router, three models of known quality, users of whom four in ten speak."""

import random
import time
from contextlib import closing
from typing import Final

import numpy as np

from messplus.gateway.config.settings import Settings
from messplus.gateway.opening import made_of
from messplus.records import Outcome
from messplus.router import Router
from messplus.stores import open_store

GOOD: Final = {"small": 0.5, "medium": 0.8, "large": 0.95}
COST: Final = {"small": 2e-5, "medium": 1.3e-4, "large": 1.9e-3}
HOURS: Final = 6.0


def serve_made_up(
    settings: Settings, n: int, *, seed: int = 1, until_s: float | None = None
) -> None:
    """Write a log of n decisions over six hours, the same for the same seed."""
    rng = random.Random(seed)
    end_s = time.time() if until_s is None else until_s
    now = [end_s - HOURS * 3600]
    made = made_of(settings)
    with closing(open_store(settings.store)) as store:
        router = Router(
            made.engine, made.routes, store, rng=np.random.default_rng(seed), clock=lambda: now[0]
        )
        for i in range(n):
            now[0] += HOURS * 3600 / n
            _serve(router, rng, i, now[0])
        router.close()


def _serve(router: Router, rng: random.Random, i: int, at_s: float) -> None:
    route, hard = rng.choice(["chat", "chat", "law"]), rng.random() < 0.5
    task = "hard" if hard else "easy"
    routed = router.route(
        f"{'Prove' if hard else 'Explain'} item {i % 37} of {route}",
        route=route,
        attributes={"route": route, "client": "anybody", "task": task},
        fresh=True,
    )
    name, model = routed.decision_id, routed.model
    calls = []
    if rng.random() < 0.01:
        calls.append(_call(name, model, at_s, rng, error="timeout: no byte within 30 s"))
        if rng.random() < 0.3:  # nobody answers
            router.finish(name, calls)
            return
        model = "medium" if model != "medium" else "small"
    calls.append(_call(name, model, at_s, rng))
    router.finish(name, calls)
    if rng.random() < 0.4:
        satisfied = rng.random() < GOOD[model] * (0.9 if hard else 1.05)
        router.feedback(name, float(satisfied), attributes={"by": "thumbs"})


def _call(name: str, model: str, at_s: float, rng: random.Random, error: str = "") -> Outcome:
    return Outcome(
        decision_id=name,
        model=model,
        at_s=at_s,
        cost=0.0 if error else COST[model] * rng.uniform(0.5, 1.6),
        latency_s=rng.lognormvariate(-1.0, 0.5),
        prompt_tokens=40,
        output_tokens=rng.randint(20, 300),
        error=error,
    )
