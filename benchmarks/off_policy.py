"""What one log tells of other policies, beside what they really do.

    python -m benchmarks.off_policy --out docs/results          # 60 logs of each data set
    python -m benchmarks.off_policy --out docs/results --quick  # 8; prints, and writes no page

The adaptive policy serves recorded requests, and gives a share of them to a model drawn at random. Only
what it served goes into the log. As the recording has every model's answer, the truth is known: what each
other policy would have satisfied and cost on the very same requests. Sets of ../shared/data are used
where they are there.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.machine import describe
from benchmarks.pages import write_page
from benchmarks.streams import of_rows, promising, sampled

from messplus.core.adaptive import Adaptive
from messplus.core.types import Draws, Floats, Request, Verdict
from messplus.datasets.shipped import shipped_table
from messplus.encoders import encoder_from_spec
from messplus.offpolicy import METHODS, Estimate, Logged, Method, always, evaluate
from messplus.offpolicy.choosing import Chosen, Family, mix_for
from messplus.offpolicy.plans import certainly
from messplus.offpolicy.what_if import PRICES
from messplus.replay.policies import policy_from_spec
from messplus.replay.readers import read_outcomes
from messplus.replay.run import replay
from messplus.replay.streams import Stream, make_streams

SPREAD = 0.1
N = 3000
LEVEL = 0.95
OTHERS = ("paretobandit", "routellm_mmlu", "routerbench_arc_mbpp_winogrande")
MORE = 0.75
"""The promise asked about: so far from the cheapest to the best model's mean score."""
KEPT = 0.5
"""The promise that the log was made under."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one log says of one policy, and the truth.

    Attributes:
        data: Name of the data set.
        policy: Which.
        method: How it was estimated.
        satisfaction: Error of the estimate, width and whether the interval holds the truth; None if it
            was refused.
        cost: The same, over the true cost.
        effective: Effective number of verdicts.
    """

    data: str
    policy: str
    method: Method
    satisfaction: "Checked | None"
    cost: "Checked | None"
    effective: float


@dataclass(frozen=True, slots=True)
class Checked:
    """One estimate beside the truth."""

    truth: float
    error: float
    width: float
    held: bool


def streams(data: Path) -> Iterator[Stream]:
    """The recorded sets, each with the promise that its log is made under."""
    encoder = encoder_from_spec("hashed")
    tables = [shipped_table()]
    tables += [
        read_outcomes(path).table for name in OTHERS if (path := data / f"{name}.parquet").is_file()
    ]
    for table in tables:
        (stream,) = make_streams(table, encoder, alpha=1.0)
        yield sampled(stream, 20_000)


def log_of(stream: Stream, rng: np.random.Generator) -> tuple[Stream, Logged]:
    """Requests drawn anew, served by the adaptive policy with some spread, and the log of it."""
    served = of_rows(stream, rng.integers(0, stream.n_requests, N))
    policy = policy_from_spec("adaptive")(served)
    assert isinstance(policy, Adaptive)
    n, m = N, served.n_models
    state = policy.init(m, served.features.shape[1])
    chosen, propensity = np.zeros(n, np.int64), np.ones(n)
    p_sat, expected = np.zeros((n, m)), np.zeros((n, m))
    draws, spread, other = rng.random((n, 2)), rng.random(n) < SPREAD, rng.integers(0, m, n)
    for t in range(n):
        request = Request(features=served.features[t])
        decision, state = policy.decide(state, request, Draws(*draws[t].tolist()))
        best = decision.model
        if spread[t] and other[t] != best:
            decision, state = policy.redirected(state, decision, int(other[t]))
        chosen[t] = decision.model
        propensity[t] = SPREAD / m + (1.0 - SPREAD) * (decision.model == best)
        p_sat[t], expected[t] = decision.p_sat, decision.cost
        state = policy.charge(state, request, decision, served.cost[t])
        observed = decision.asked_mask
        state = policy.learn(state, request, decision, Verdict(served.score[t], observed))
    rows = np.arange(n)
    return served, Logged(
        models=served.models,
        available=np.ones((n, m), dtype=np.bool_),
        chosen=chosen,
        propensity=propensity,
        p_sat=p_sat,
        cost=expected,
        alpha=np.full(n, served.alpha),
        satisfied=served.score[rows, chosen],
        certain=np.zeros(n, dtype=np.bool_),
        spent=served.cost[rows, chosen],
        verdicts="user",
        cost_unit=served.cost_unit,
    )


def plans(logged: Logged, alpha: float) -> Iterator[tuple[str, Floats]]:
    """Other policies, by name."""
    m = len(logged.models)
    constant = [certainly(always(logged, model), m) for model in range(m)]
    chosen = {
        "a higher alpha": Family(logged, PRICES).for_alpha(alpha),
        "a static mix for it": mix_for(logged, constant, alpha),
    }
    for name, found in chosen.items():
        if isinstance(found, Chosen):
            yield name, found.plan
    yield "always the cheapest", constant[0]
    yield "always the largest", constant[-1]


def answers(stream: Stream, logs: int) -> Iterator[Answer]:
    """What each log says of each policy, by each method."""
    promise = promising(stream, KEPT)
    target = promising(stream, MORE).alpha
    for seed in range(logs):
        rng = np.random.default_rng(seed)
        served, logged = log_of(promise, rng)
        for name, plan in plans(logged, target):
            satisfied = float((plan * served.score).sum(axis=1).mean())
            spent = float((plan * served.cost).sum(axis=1).mean())
            for method in METHODS:
                value = evaluate(logged, plan, rng=rng, method=method, level=LEVEL)
                found = value.satisfaction
                yield Answer(
                    stream.data,
                    name,
                    method,
                    None if not isinstance(found, Estimate) else checked(found, satisfied, 1.0),
                    None
                    if not isinstance(value.cost, Estimate)
                    else checked(value.cost, spent, spent),
                    found.effective if isinstance(found, Estimate) else np.nan,
                )


def checked(found: Estimate, truth: float, unit: float) -> Checked:
    """An estimate beside the truth, in units of `unit`."""
    low, high = found.interval
    return Checked(truth, (found.value - truth) / unit, (high - low) / unit, low <= truth <= high)


def estimates_table(found: list[Answer], logs: int) -> str:
    """Doubly robust estimates: error, width and coverage for each set and policy.

    Refused are those of so many logs that give no estimate of satisfaction: the policy could not be
    chosen, or not judged. Fewer than a tenth of the logs are no sample.
    """
    rows = [
        "| data | policy | satisfied, % | error, points | width, points | held, % |"
        + " cost error, % | cost width, % | held, % | effective | refused |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for data in dict.fromkeys(one.data for one in found):
        for policy in dict.fromkeys(one.policy for one in found if one.data == data):
            mine = [a for a in found if (a.data, a.policy, a.method) == (data, policy, "dr")]
            good = [one.satisfaction for one in mine if one.satisfaction]
            costs = [one.cost for one in mine if one.cost]
            refused = f"{logs - len(good)} of {logs}"
            if 10 * min(len(good), len(costs)) < logs:
                rows.append(f"| {data} | {policy} |" + " – |" * 8 + f" {refused} |")
                continue
            rows.append(
                f"| {data} | {policy} | {100 * np.mean([g.truth for g in good]):.1f} |"
                f" {_signed(100 * np.array([g.error for g in good]), 2)} |"
                f" {100 * np.mean([g.width for g in good]):.1f} |"
                f" {100 * np.mean([g.held for g in good]):.0f} |"
                f" {_signed(100 * np.array([c.error for c in costs]), 1)} |"
                f" {100 * np.mean([c.width for c in costs]):.1f} |"
                f" {100 * np.mean([c.held for c in costs]):.0f} |"
                f" {np.nanmean([one.effective for one in mine]):.0f} |"
                f" {refused} |"
            )
    return "\n".join(rows)


def _signed(errors: Floats, decimals: int) -> str:
    """Mean error with its standard error."""
    return f"{errors.mean():+.{decimals}f} ± {errors.std() / np.sqrt(len(errors)):.{decimals}f}"


def methods_table(found: list[Answer]) -> str:
    """Width and coverage of each method, over all policies of a set."""
    rows = [
        "| data | method | width, points | held, % | cost width, % | held, % |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for data in dict.fromkeys(one.data for one in found):
        for method in METHODS:
            mine = [one for one in found if (one.data, one.method) == (data, method)]
            good = [one.satisfaction for one in mine if one.satisfaction]
            costs = [one.cost for one in mine if one.cost]
            rows.append(
                f"| {data} | {method} | {100 * np.mean([g.width for g in good]):.1f} |"
                f" {100 * np.mean([g.held for g in good]):.0f} |"
                f" {100 * np.mean([c.width for c in costs]):.1f} |"
                f" {100 * np.mean([c.held for c in costs]):.0f} |"
            )
    return "\n".join(rows)


def really_table(found: list[Stream], seeds: int) -> str:
    """The higher alpha as estimated from logs, and as the adaptive policy serves it when it is run."""
    rows = [
        "| data | alpha | satisfied, %: estimated | run | cost over that of the log: estimated | run |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for stream in found:
        promise, target = promising(stream, KEPT), promising(stream, MORE)
        shown: list[tuple[float, float, float, float]] = []
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            served, logged = log_of(promise, rng)
            chosen = Family(logged, PRICES).for_alpha(target.alpha)
            if not isinstance(chosen, Chosen):
                continue
            value = evaluate(logged, chosen.plan, rng=rng)
            if not isinstance(value.satisfaction, Estimate) or not isinstance(value.cost, Estimate):
                continue
            again = Stream(
                data=served.data, task=served.task, alpha=target.alpha, models=served.models,
                cost_unit=served.cost_unit, score=served.score, cost=served.cost,
                features=served.features, tasks=served.tasks,
            )  # fmt: skip
            trace = replay(again, policy_from_spec("adaptive")(again), seed=seed, shuffle=False)
            base = float(logged.spent.mean())
            shown.append(
                (
                    value.satisfaction.value, float(trace.satisfied.mean()),
                    value.cost.value / base, float(trace.cost.mean()) / base,
                )
            )  # fmt: skip
        if shown:
            a, b, c, d = np.mean(shown, axis=0)
            rows.append(
                f"| {stream.data} | {target.alpha:.3f} | {100 * a:.1f} | {100 * b:.1f} |"
                f" {c:.2f} | {d:.2f} |"
            )
    return "\n".join(rows)


def main() -> None:
    """Measure, print and, unless quick, write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few logs; writes no page")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    args = parser.parse_args()
    logs = 8 if args.quick else 60
    found = list(streams(args.data))
    said = [one for stream in found for one in answers(stream, logs)]
    gaps = {
        "machine": describe(),
        "logs": str(logs),
        "n": f"{N:,}",
        "spread": f"{SPREAD:.0%}",
        "estimates": estimates_table(said, logs),
        "methods": methods_table(said),
        "really": really_table(found, max(4, logs // 5)),
    }
    print("\n\n".join(f"{key}\n{value}" for key, value in gaps.items()))
    if not args.quick:
        write_page(args.out / "off-policy.md", "off-policy.md.in", gaps)


if __name__ == "__main__":
    main()
