"""How many decisions per second one core takes, each followed by its update.

    python -m benchmarks.decisions_per_second

Features are given (d = 64): encoding is measured by benchmarks/encoders.py. A decision is predict,
choose, charge; the update is the queue and one verdict for the predictor. `explored` is Algorithm 1
as published, c = 0.1; `served` learns from every answer; `all` updates every model every time.
"""

from itertools import product
from time import perf_counter

import numpy as np
from benchmarks.machine import describe
from threadpoolctl import threadpool_limits

from messplus.core.messplus import LearnFrom, MessPlus
from messplus.core.types import Draws, Floats, Request, Verdict
from messplus.costs import RunningMean
from messplus.predictors import predictor_from_spec
from messplus.replay.policies import policy_from_spec
from messplus.replay.streams import Stream

SEED = 0


def decisions_per_second(
    predictor: str, n_models: int, d: int, learn_from: LearnFrom, c: float, n: int
) -> float:
    """Decisions with update per second over n requests of a random stream."""
    rng = np.random.default_rng(SEED)
    features = rng.normal(size=(n, d)) / np.sqrt(d)
    score = (rng.random((n, n_models)) < np.linspace(0.5, 0.8, n_models)).astype(float)
    cost = np.geomspace(80.0, 2000.0, n_models) * rng.lognormal(0.0, 0.05, (n, n_models))
    draws = [Draws(*pair) for pair in rng.random((n, 2)).tolist()]
    policy = MessPlus(
        alpha=0.75,
        v=1e-4,
        c=c,
        predictor=predictor_from_spec(predictor),
        costs=RunningMean(),
        learn_from=learn_from,
    )
    state = policy.init(n_models, d)
    started = perf_counter()
    for t in range(n):
        request = Request(features=features[t])
        decision, state = policy.decide(state, request, draws[t])
        state = policy.charge(state, request, decision, cost[t])
        state = policy.learn(state, request, decision, Verdict(score[t], decision.asked_mask))
    return n / (perf_counter() - started)


def adaptive_times(n_models: int, d: int, n: int) -> Floats:
    """Seconds of each decision with its update under the adaptive policy, shape (n,)."""
    rng = np.random.default_rng(SEED)
    features = rng.normal(size=(n, d)) / np.sqrt(d)
    score = (rng.random((n, n_models)) < np.linspace(0.5, 0.8, n_models)).astype(float)
    cost = np.geomspace(80.0, 2000.0, n_models) * rng.lognormal(0.0, 0.05, (n, n_models))
    stream = Stream(
        data="random", task="all", alpha=0.7, cost_unit="joule",
        models=tuple(f"m{m}" for m in range(n_models)), score=score, cost=cost, features=features,
    )  # fmt: skip
    policy = policy_from_spec("adaptive")(stream)
    state = policy.init(n_models, d)
    seconds = np.zeros(n)
    for t in range(n):
        request = Request(features=features[t])
        started = perf_counter()
        decision, state = policy.decide(state, request, Draws(0.5, 0.5))
        state = policy.charge(state, request, decision, cost[t])
        state = policy.learn(state, request, decision, Verdict(score[t], decision.asked_mask))
        seconds[t] = perf_counter() - started
    return seconds


def adaptive_table(requests: int = 5000) -> str:
    """A Markdown table of the adaptive policy in zoos of several sizes."""
    lines = ["| models | decisions/s | median, ms | p99, ms |", "|--:|--:|--:|--:|"]
    for n_models in (4, 18, 100):
        with threadpool_limits(1):
            seconds = adaptive_times(n_models, 64, requests)
        median, p99 = 1e3 * np.percentile(seconds, [50, 99])
        lines.append(f"| {n_models} | {1 / seconds.mean():,.0f} | {median:.2f} | {p99:.2f} |")
    return "\n".join(lines)


def table(repeats: int, requests: int = 5000) -> str:
    """A Markdown table: median of the repeats."""
    lines = [
        "| predictor | models | learns from | decisions/s | µs each |",
        "|---|--:|---|--:|--:|",
    ]
    modes: tuple[tuple[str, LearnFrom, float], ...] = (
        ("explored", "explored", 0.1),
        ("served", "served", 0.1),
        ("all", "explored", 100.0),
    )
    for predictor, n_models, mode in product(("mean", "logistic", "knn"), (3, 18), modes):
        label, learn_from, c = mode
        with threadpool_limits(1):
            rates = [
                decisions_per_second(predictor, n_models, 64, learn_from, c, requests)
                for _ in range(repeats)
            ]
        rate = float(np.median(rates))
        lines.append(f"| {predictor} | {n_models} | {label} | {rate:,.0f} | {1e6 / rate:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(f"{describe()}; one thread; d = 64; seed {SEED}; median of 5\n\n{table(5)}")
    print(f"\nadaptive:\n\n{adaptive_table()}")
