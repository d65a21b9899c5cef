"""What a grid amounts to, per policy and per reference line: means over streams and seeds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isclose
from statistics import fmean, stdev

from messplus.replay.references import Reference
from messplus.replay.results import Results, Run, policies_of, streams_of

StreamKey = tuple[str, str]  # (data, task)

# Rounding in the sum of many scores must not break a promise that was kept exactly.
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySummary:
    """One policy over every stream and seed. Means weigh every stream alike.

    Attributes:
        policy: Its spec.
        runs: Runs made.
        kept: Runs that ended at or above alpha.
        cost: Mean cost of a whole stream; None if streams differ in unit.
        over_static_mix: Mean of cost over that of the static mix, over the streams whose static mix
            has a cost; None if there are none.
        margin: Mean of satisfaction - alpha.
        worst_shortfall: Largest alpha - satisfaction at the end of a run, at least 0.
        below_1pp: Mean share of time with a running mean more than 0.01 below alpha.
        explored: Mean share of requests on which the policy explored.
        exploring_cost: Mean share of the cost that was charged for explored requests.
        shares: Mean share of each model among the answers; None if streams differ in zoo.
    """

    policy: str
    runs: int
    kept: int
    cost: float | None
    over_static_mix: float | None
    margin: float
    worst_shortfall: float
    below_1pp: float
    explored: float
    exploring_cost: float
    shares: Mapping[str, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSummary:
    """One reference line over every stream.

    Attributes:
        reference: Its name.
        streams: Streams that have it.
        kept: Streams on which alpha is within its reach.
        cost: Mean cost of a stream; None if alpha is out of reach on any, or units differ.
        over_static_mix: Mean of its cost over that of the static mix, where both exist.
        margin: Mean of satisfaction - alpha.
        worst_shortfall: Largest alpha - satisfaction, at least 0.
        detail: What it consists of, if there is one stream.
    """

    reference: str
    streams: int
    kept: int
    cost: float | None
    over_static_mix: float | None
    margin: float
    worst_shortfall: float
    detail: str


def kept(run: Run) -> bool:
    """Whether a run ended at or above alpha."""
    return short_of(run.metrics.satisfaction, run.cell.alpha) == 0.0


def short_of(satisfaction: float, alpha: float) -> float:
    """How far a mean satisfaction falls short of alpha; 0 if it does not."""
    gap = alpha - satisfaction
    return gap if gap > _SLACK else 0.0


def policy_summaries(results: Results) -> list[PolicySummary]:
    """One summary per policy, in the order of the grid."""
    return [
        _policy(policy, [run for run in results.runs if run.cell.policy == policy])
        for policy in policies_of(results.runs)
    ]


def reference_summaries(results: Results) -> list[ReferenceSummary]:
    """One summary per reference line, in order of appearance."""
    one_unit = len({run.cell.cost_unit for run in results.runs}) == 1
    static = reference_lines(results, "static_mix")
    names = dict.fromkeys(line.reference for line in results.references)
    return [_reference(name, reference_lines(results, name), static, one_unit) for name in names]


def reference_lines(results: Results, reference: str) -> dict[StreamKey, Reference]:
    """One reference line, per stream."""
    return {
        (line.data, line.task): line for line in results.references if line.reference == reference
    }


def runs_of(results: Results, stream: StreamKey, policy: str) -> list[Run]:
    """The runs of one policy on one stream, by seed."""
    return [
        run
        for run in results.runs
        if (run.cell.data, run.cell.task) == stream and run.cell.policy == policy
    ]


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of those that exist; None if none does."""
    found = [value for value in values if value is not None]
    return fmean(found) if found else None


def spread(values: Iterable[float]) -> float | None:
    """Standard deviation (of a sample); None for a single value, or if all are equal."""
    found = list(values)
    if len(found) < 2:
        return None
    # Sums of the same costs in another order differ in the last bits: that is no spread.
    return None if isclose(min(found), max(found), rel_tol=1e-9) else stdev(found)


def mean_over_streams(runs: list[Run], figure: Callable[[Run], float | None]) -> float | None:
    """Mean over streams of the mean over seeds, where the figure exists."""
    return mean(
        mean(figure(run) for run in runs if (run.cell.data, run.cell.task) == stream)
        for stream in streams_of(runs)
    )


def _policy(policy: str, runs: list[Run]) -> PolicySummary:
    def over_runs(figure: Callable[[Run], float]) -> float:
        found = mean_over_streams(runs, figure)
        assert found is not None  # a policy occurs because it has a run
        return found

    one_unit = len({run.cell.cost_unit for run in runs}) == 1
    zoos = {tuple(run.metrics.calls) for run in runs}
    shares = None
    if len(zoos) == 1:
        shares = {model: over_runs(_share_of(model)) for model in zoos.pop()}
    return PolicySummary(
        policy=policy,
        runs=len(runs),
        kept=sum(kept(run) for run in runs),
        cost=over_runs(lambda run: run.metrics.cost_total) if one_unit else None,
        over_static_mix=mean_over_streams(runs, lambda run: run.cost_over_static_mix),
        margin=over_runs(lambda run: run.metrics.satisfaction - run.cell.alpha),
        worst_shortfall=max(short_of(run.metrics.satisfaction, run.cell.alpha) for run in runs),
        below_1pp=over_runs(lambda run: run.metrics.share_below_1pp),
        explored=over_runs(lambda run: run.metrics.explored_requests / run.metrics.requests),
        exploring_cost=over_runs(_exploring_cost),
        shares=shares,
    )


def _share_of(model: str) -> Callable[[Run], float]:
    return lambda run: run.metrics.calls[model]


def _exploring_cost(run: Run) -> float:
    total = run.metrics.cost_total
    return run.metrics.cost_exploration / total if total > 0 else 0.0


def _reference(
    name: str,
    lines: dict[StreamKey, Reference],
    static: dict[StreamKey, Reference],
    one_unit: bool,
) -> ReferenceSummary:
    costs = [line.cost_total for line in lines.values()]
    # A mean over the easier streams only would look like a bargain beside the policies' means.
    comparable = one_unit and None not in costs
    return ReferenceSummary(
        reference=name,
        streams=len(lines),
        kept=sum(cost is not None for cost in costs),
        cost=mean(costs) if comparable else None,
        over_static_mix=mean(
            over(line.cost_total, static[key].cost_total)
            for key, line in lines.items()
            if key in static
        ),
        margin=fmean(line.satisfaction - line.alpha for line in lines.values()),
        worst_shortfall=max(short_of(line.satisfaction, line.alpha) for line in lines.values()),
        detail=next(iter(lines.values())).detail if len(lines) == 1 else "",
    )


def over(cost: float | None, base: float | None) -> float | None:
    """A cost over another; None if either is missing or the base is free."""
    return cost / base if cost is not None and base else None
