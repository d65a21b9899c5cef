"""The theorems beside measurements: on a stream whose truth is known, and on recorded requests.

    python -m benchmarks.theory --out docs/results

The known stream is that of tests/theory, where the same statements are tests. The recorded one is
BoolQ of the MESS+ authors' recording (--data); without it that part is left out, and the page says so.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.machine import SHARED_DATA, describe
from benchmarks.pages import save_figure, write_page
from tests.theory.simulate import (
    ALPHA,
    BETA,
    DELTA_E,
    OPEN,
    Q_SAT,
    SETTLED,
    STEADY_ALPHA,
    STEADY_PRICE,
    TYPES,
    Served,
    excursions,
    hardness,
    mess_plus,
    serve_adaptive,
    share_beyond,
    simulate,
)

from messplus.core import bounds, exploration, queue
from messplus.core.types import Floats
from messplus.encoders import HashedNgrams
from messplus.replay.policies import policy_from_spec
from messplus.replay.readers import read_outcomes
from messplus.replay.references import cheapest_mix, out_of_fold
from messplus.replay.run import Trace, replay
from messplus.replay.streams import Stream, make_streams
from messplus.report.sweeps import (
    Bound,
    Measured,
    queue_against_bounds,
    shortfall_against_bounds,
    tail_against_bounds,
)

SEED = 7
RUNS = 40
REQUESTS = 4000
V_QUEUE = (2.5, 10.0, 40.0)
V_STEADY = (2.5, 5.0, 10.0, 20.0, 40.0)
RECORDED_TASK, RECORDED_V, RECORDED_SEEDS = "boolq", 1e-4, 10
BETAS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
BLOCKS = 10
PUSHED = 40_000


@dataclass(frozen=True, slots=True)
class Steady:
    """Algorithm 1 in its steady state at one V: means and standard errors over runs."""

    v: float
    gap: float
    gap_error: float
    queue: float
    queue_error: float


def steady(v: float) -> Steady:
    """Cost gap and queue on the stream whose prices are continuous, c = 0, knowing p.

    What a decision at price l = Q / V wastes there is (1 / l - 1 / l*)^2, and 1 / 4 for l < 1
    (derived beside `hardness`): with it, the noise of single outcomes does not drown the gap.
    """
    runs = simulate(
        mess_plus(STEADY_ALPHA, v), hardness, np.array([1.0, 2.0]), int(200 * v), RUNS,
        seed=SEED, queue=bounds.fluid_queue(v, STEADY_PRICE),
    )  # fmt: skip
    settled = runs.queue[:, int(24 * v) :]
    price = np.maximum(settled / v, 1.0)
    waste = ((1 / price - 1 / STEADY_PRICE) ** 2).mean(axis=1)
    owed = settled.mean(axis=1)
    return Steady(v, *_mean_and_error(waste), *_mean_and_error(owed))


def steady_table(found: Sequence[Steady]) -> str:
    """Gap and queue per V, beside their bounds."""
    lines = [
        "| V | cost gap, measured | α(1−α)/(4V) | bound B/V | theorem 2: 1/(2V) | mean queue | Vλ* |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {one.v:g} | {one.gap:.5f} ± {one.gap_error:.5f} "
        f"| {STEADY_ALPHA * (1 - STEADY_ALPHA) / (4 * one.v):.5f} | {STEADY_ALPHA**2 / (2 * one.v):.5f} "
        f"| {1 / (2 * one.v):.5f} | {one.queue:.2f} ± {one.queue_error:.2f} "
        f"| {bounds.fluid_queue(one.v, STEADY_PRICE):.1f} |"
        for one in found
    ]
    return "\n".join(lines)


def steady_figure(found: Sequence[Steady], folder: Path) -> None:
    """The cost gap against V, under the curves that bound it."""
    v = np.array([one.v for one in found])
    gap = np.array([one.gap for one in found])
    figure = queue_against_bounds(
        [Measured(name="measured", t=v, mean=gap)],
        [
            Bound(name="α(1−α)/(4V)", t=v, values=STEADY_ALPHA * (1 - STEADY_ALPHA) / (4 * v)),
            Bound(name="bound B/V", t=v, values=STEADY_ALPHA**2 / (2 * v)),
            Bound(name="theorem 2: 1/(2V)", t=v, values=1 / (2 * v)),
        ],
        x_label="V, requests per unit of cost",
        y_label="mean cost − optimum",
        log_log=True,
    )
    save_figure(folder / "theory-cost-gap", figure)


def known_figure(folder: Path) -> None:
    """E[Q_t] on the stream of three types, under the bounds of the largest V."""
    t = np.arange(1.0, REQUESTS + 1)
    measured = []
    for v in V_QUEUE:
        runs = simulate(
            mess_plus(ALPHA, v, c=0.1), TYPES.sample, TYPES.costs, REQUESTS, RUNS, seed=SEED
        )
        measured.append(_measured(f"V = {v:g}", runs.queue))
    v, price = V_QUEUE[-1], TYPES.optimum(ALPHA)[1]
    a1 = bounds.Assumption1(psi=0.0, beta=BETA, q=Q_SAT)
    curves = [
        Bound(
            name=f"theorem 1, V = {v:g}", t=t, values=bounds.queue_bound(t, ALPHA, v, DELTA_E, a1)
        ),
        Bound(
            name=f"no-slack bound, V = {v:g}",
            t=t,
            values=bounds.dpp_queue_bound(t, v=v, alpha=ALPHA, delta_e=DELTA_E),
        ),
        Bound(name=f"Vλ*, V = {v:g}", t=t, values=np.full_like(t, bounds.fluid_queue(v, price))),
    ]
    save_figure(folder / "theory-queue", queue_against_bounds(measured, curves))


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """Excursions of adaptive's debt above one level.

    Attributes:
        level: D0.
        q: Satisfaction of an answer given the past, above it.
        tops: How far beyond D0 each excursion got.
        p_min: Least probability, over these answers, that the answer satisfies.
    """

    level: float
    q: float
    tops: Floats
    p_min: float

    def row(self, name: str) -> str:
        """Of the table: the bound, and how many excursions exceeded it at some heights."""
        cells = []
        for x in (2.0, 4.0, 6.0):
            (bound,) = bounds.excursion_tail(np.array([x]), ALPHA, self.q)
            cells.append(f"{float((self.tops > x).mean()):.2g} / {bound:.2g}")
        return (
            f"| {name} | {self.level:.2f} | {self.q:.3f} | {bounds.debt_exponent(ALPHA, self.q):.3f} "
            f"| {len(self.tops):,} | {' | '.join(cells)} |"
        )


def served_tail(served: Served) -> Tail:
    """Excursions of natural runs, above the least debt from which on the measured answers pay back.

    That is the largest debt with which a hard request went to the small model, or an easy or medium
    one to a model below .92. Above it easy and medium ones satisfy with at least .92 and hard ones
    with .50, and as types are drawn anew for each request, an answer with .8 x .92 + .2 x .5 = .836.
    """
    floor = np.where(served.hard > 0, TYPES.p[2, 1], Q_SAT)
    level = float(served.debt[served.p < floor].max()) + 1e-9  # debts are sums of floats
    tops = np.concatenate(
        [
            excursions(debt, after, level)
            for debt, after in zip(served.debt, served.debt_after, strict=True)
        ]
    )
    q = float(TYPES.share @ [Q_SAT, Q_SAT, TYPES.p[2, 1]])
    return Tail(level, q, tops, float(served.p[served.debt > level].min()))


def pushed_tail() -> Tail:
    """Excursions above the debt from which on all models are open, each begun by setting the debt."""
    pushed = serve_adaptive(PUSHED, 1, seed=SEED, restart=OPEN)
    debt, after, p = (row[0, SETTLED:] for row in (pushed.debt, pushed.debt_after, pushed.p))
    return Tail(OPEN, Q_SAT, excursions(debt, after, OPEN), float(p.min()))


def debt_text(folder: Path) -> dict[str, str]:
    """The debt of `adaptive`: figure of its tails, and what is written about it."""
    served = serve_adaptive(REQUESTS, RUNS, seed=SEED)
    tails = {"as it came": served_tail(served), "pushed into debt": pushed_tail()}
    x = np.arange(0.0, 8.01, 0.05)
    measured, curves = [], []
    for name, tail in tails.items():
        share = share_beyond(tail.tops, x)
        seen = share > 0
        measured.append(Measured(name, x[seen], share[seen]))
        bound = bounds.excursion_tail(x, ALPHA, tail.q)
        shown = np.where(bound >= 1e-4, bound, np.nan)
        curves.append(Bound(name=f"bound, q = {tail.q:g}", t=x, values=shown))
    figure = tail_against_bounds(
        measured,
        curves,
        x_label="x, satisfied requests owed beyond D₀",
        y_label="share of excursions beyond D₀ + x",
    )
    save_figure(folder / "theory-adaptive-debt", figure)
    header = [
        "| excursions | D₀ | q | θ | how many | x = 2 | x = 4 | x = 6 |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    t = np.arange(1, REQUESTS + 1)
    mean = np.cumsum(served.satisfied, axis=1) / t
    x_time = np.array([5.0, 10.0, 20.0, 40.0])
    late = bounds.debt_tail(x_time, ALPHA, tails["as it came"].q)
    return {
        "tails": "\n".join(header + [tail.row(name) for name, tail in tails.items()]),
        "off": f"{np.abs(mean - (ALPHA - served.debt_after / t)).max():.0e}",
        "worst": f"{served.debt_after.max():.1f}",
        "worst_end": f"{served.debt_after[:, -1].max():.1f}",
        "least_mean": f"{mean[:, -1].min():.4f}",
        "natural_level": f"{tails['as it came'].level:.1f}",
        "open_p": f"{tails['pushed into debt'].p_min:.2f}",
        "at_times": ", ".join(f"{p:.2g} at x = {x:g}" for x, p in zip(x_time, late, strict=True)),
    }


def exploration_table() -> str:
    """Explored requests, measured and expected."""
    lines = ["| c | measured | expected | (4/3) c T^¾ |", "|--:|--:|--:|--:|"]
    for c in (0.01, 0.1, 1.0):
        runs = simulate(
            mess_plus(ALPHA, 10.0, c=c), TYPES.sample, TYPES.costs, REQUESTS, RUNS, seed=SEED
        )
        mean, error = _mean_and_error(runs.explored.sum(axis=1))
        expected = exploration.expected_count(c, REQUESTS)
        lines.append(
            f"| {c:g} | {mean:.1f} ± {error:.1f} | {expected:.1f} | {4 / 3 * c * REQUESTS**0.75:.1f} |"
        )
    return "\n".join(lines)


def fitted_assumption(
    stream: Stream, traces: Sequence[Trace], v: float
) -> bounds.Assumption1 | None:
    """Constants with which assumption 1 holds on what was recorded, and theorem 1 is tightest.

    For each margin beta and each tenth of the stream, the satisfaction of every model over the
    requests on which it was predicted within beta of the best; psi is where all later tenths have
    the worst of them above alpha. None: no margin gives that.
    """
    delta_e = float(np.ptp(stream.cost.mean(axis=0)))
    block = stream.n_requests // BLOCKS
    found: list[bounds.Assumption1] = []
    for beta in BETAS:
        worst = np.ones(BLOCKS)
        for index in range(BLOCKS):
            part = slice(index * block, (index + 1) * block)
            near = np.concatenate(
                [
                    tr.p_sat[part] >= tr.p_sat[part].max(axis=1, keepdims=True) - beta
                    for tr in traces
                ]
            )
            score = np.concatenate([stream.score[tr.row[part]] for tr in traces])
            rates = [
                score[near[:, m], m].mean()
                for m in range(stream.n_models)
                if near[:, m].sum() >= 30
            ]
            worst[index] = min(rates)
        bad = np.flatnonzero(worst <= stream.alpha)
        start = 0 if len(bad) == 0 else int(bad[-1]) + 1
        if start < BLOCKS:
            q = float(worst[start:].min())
            found.append(bounds.Assumption1(psi=start * block, beta=beta, q=q))
    return min(found, key=lambda a1: bounds.gamma(stream.alpha, v, delta_e, a1), default=None)


def recorded(stream: Stream, folder: Path) -> str:
    """Queue and shortfall on recorded requests beside the bounds; what is written about them."""
    v = RECORDED_V
    policy = policy_from_spec(f"messplus:v={v:g}")(stream)
    traces = [replay(stream, policy, seed=seed) for seed in range(RECORDED_SEEDS)]
    debt = np.array([queue.path(stream.alpha, tr.satisfied) for tr in traces])
    t = np.arange(1.0, stream.n_requests + 1)
    short = stream.alpha - np.cumsum([tr.satisfied for tr in traces], axis=1) / t
    delta_e = float(np.ptp(stream.cost.mean(axis=0)))
    cost, score = stream.cost.mean(axis=0), stream.score.mean(axis=0)
    mixes = [cheapest_mix(cost, score, stream.alpha + d) for d in (-0.005, 0.005)]
    assert mixes[0] is not None
    assert mixes[1] is not None
    price = (mixes[1].cost - mixes[0].cost) / 0.01
    a1 = fitted_assumption(stream, traces, v)

    fluid = bounds.fluid_queue(v, price)
    # p is not known here: out-of-fold predictions from all verdicts stand in for it.
    p = np.clip(out_of_fold(stream.features, stream.score), 0.0, 1.0)
    wrong = np.array([tr.queue * np.abs(tr.p_sat - p[tr.row]).max(axis=1) for tr in traces])
    error = np.cumsum(wrong.mean(axis=0))
    no_slack = bounds.dpp_queue_bound(t, v=v, alpha=stream.alpha, delta_e=delta_e)
    with_error = bounds.dpp_queue_bound(
        t, v=v, alpha=stream.alpha, delta_e=delta_e, queue_error=error
    )
    curves = [
        Bound(name="no-slack, knowing p", t=t, values=no_slack),
        Bound(name="no-slack, ŝ's error", t=t, values=with_error),
    ]
    if a1 is not None:
        theorem = bounds.queue_bound(t, stream.alpha, v, delta_e, a1)
        curves.append(Bound(name="theorem 1", t=t, values=theorem))
    fluid_line = Bound(name="Vλ*, blind mix", t=t, values=np.full_like(t, fluid))
    save_figure(
        folder / "theory-recorded-queue",
        queue_against_bounds([_measured("measured", debt)], [*curves, fluid_line]),
    )
    save_figure(
        folder / "theory-recorded-shortfall",
        shortfall_against_bounds(
            [_measured("measured", short)],
            [
                *(Bound(name=c.name, t=t, values=c.values / t) for c in curves),
                Bound(
                    name="Q/t, every path", t=t, values=bounds.pathwise_shortfall(debt.mean(axis=0))
                ),
            ],
        ),
    )
    held = "no margin β makes assumption 1 hold on this stream, so theorem 1 says nothing here"
    if a1 is not None:
        held = (
            f"assumption 1 holds with ψ = {a1.psi:g}, β = {a1.beta:g}, q = {a1.q:.3f}, so "
            f"γ = {bounds.gamma(stream.alpha, v, delta_e, a1):.1f}"
        )
    p_safe = np.clip(p, 0.01, 0.99)
    f_min = float(-(stream.score * np.log(p_safe) + (1 - stream.score) * np.log(1 - p_safe)).mean())
    theorem_2 = bounds.cost_gap(
        stream.n_requests, v=v, c=0.1, n_models=stream.n_models, f_min=f_min,
        mean_queue=float(debt.mean()), cost_max=float(stream.cost.max()),
    )  # fmt: skip
    return (
        f"BoolQ, {stream.n_requests:,} requests, α = {stream.alpha:g}, V = {v:g} per joule, "
        f"ΔE = {delta_e:,.0f} J: {held}. The price of satisfaction at the static mix is "
        f"λ* = {price:,.0f} J per satisfied request, so Vλ* = {fluid:.2f}; the measured queue is "
        f"{debt[:, stream.n_requests // 2 :].mean():.1f} on average over the second half, "
        f"{debt.max():.1f} at most. Theorem 2 cannot be drawn: with F_min = {f_min:.2f} nats "
        f"(out-of-fold cross entropy, mean over models) its prediction term is "
        f"{theorem_2.prediction:,.0f} J per request, where the dearest model costs "
        f"{stream.cost.mean(axis=0).max():,.0f} J: it excludes nothing."
    )


def _measured(name: str, rows: Floats) -> Measured:
    """Mean and band over runs, thinned."""
    at = np.unique(np.linspace(1, rows.shape[1], 300).astype(int)) - 1
    picked = rows[:, at]
    return Measured(
        name=name,
        t=at + 1.0,
        mean=picked.mean(axis=0),
        low=picked.min(axis=0),
        high=picked.max(axis=0),
    )


def _mean_and_error(samples: Floats) -> tuple[float, float]:
    return float(samples.mean()), float(samples.std(ddof=1) / np.sqrt(len(samples)))


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED_DATA)
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    args = parser.parse_args()
    figures = args.out / "figures"

    found = [steady(v) for v in V_STEADY]
    steady_figure(found, figures)
    known_figure(figures)
    recording = args.data / "messplus_llama3.parquet"
    text = f"Not measured: {recording.name} is absent."
    if recording.exists():
        table = read_outcomes(recording).table
        (stream,) = make_streams(table, HashedNgrams(), tasks=[RECORDED_TASK])
        text = recorded(stream, figures)
    write_page(
        args.out / "theory.md",
        "theory.md.in",
        {
            "machine": describe(),
            "seed": str(SEED),
            "runs": str(RUNS),
            "requests": f"{REQUESTS:,}",
            "recorded_seeds": str(RECORDED_SEEDS),
            "steady": steady_table(found),
            "exploration": exploration_table(),
            "recorded": text,
            **debt_text(figures),
        },
    )


if __name__ == "__main__":
    main()
