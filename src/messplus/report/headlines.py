"""A replay in plain words: what was replayed, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import messplus
from messplus.replay.results import Cell, Results, Run, streams_of
from messplus.replay.streams import Stream
from messplus.report import text
from messplus.report.aggregate import PolicySummary, policy_summaries


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a reader must know of the replay.

    Attributes:
        name: What it is.
        value: As shown.
    """

    name: str
    value: str


def headlines(results: Results) -> list[tuple[str, str]]:
    """For each policy its name and what came of it, such as "kept 22 of 24 promises at ..."."""
    return [(summary.policy, _headline(summary)) for summary in policy_summaries(results)]


def facts(results: Results, streams: Sequence[Stream]) -> list[Fact]:
    """What was replayed, and how."""
    cells = [run.cell for run in results.runs]
    requests = {(one.cell.data, one.cell.task): one.metrics.requests for one in results.runs}
    count = sum(requests.get(key, 0) for key in streams_of(results.runs))
    alphas = sorted({cell.alpha for cell in cells})
    found = [
        Fact("Data", _listed(cell.data for cell in cells)),
        Fact("Streams", f"{len(streams_of(results.runs))}, {count:,} requests in all"),
        Fact("Models", _listed(model for run in results.runs for model in run.metrics.calls)),
        Fact("Unit of cost", _listed(cell.cost_unit for cell in cells)),
        Fact(
            "α, the promise",
            f"{text.percent(alphas[0])} %"
            if len(alphas) == 1
            else f"{text.percent(alphas[0])} % to {text.percent(alphas[-1])} %, by stream",
        ),
        Fact("Seeds", str(len({cell.seed for cell in cells}))),
        Fact("Order", _listed("shuffled" if cell.shuffle else "as recorded" for cell in cells)),
        *_scenarios(cells),
        Fact("Feedback", _listed(map(_feedback, results.runs))),
        Fact("Encoder", _listed(cell.encoder or "not recorded" for cell in cells)),
        Fact("messplus", messplus.__version__),
    ]
    return found


def _headline(summary: PolicySummary) -> str:
    """One policy's result as half a sentence."""
    promises = "promise" if summary.runs == 1 else "promises"
    kept = f"kept {text.of(summary.kept, summary.runs)} {promises}"
    if summary.over_static_mix is None:
        return f"{kept}; no static mix reaches α, so there is no cost to hold it against"
    return f"{kept} at {text.ratio(summary.over_static_mix)} times the cost of the static mix"


def _feedback(run: Run) -> str:
    cell = run.cell
    asked = f"on {text.percent(cell.feedback, 0)} % of requests"
    if cell.feedback_satisfied is not None or cell.feedback_dissatisfied is not None:
        satisfied, dissatisfied = (
            text.percent(cell.feedback if share is None else share, 0)
            for share in (cell.feedback_satisfied, cell.feedback_dissatisfied)
        )
        asked = f"from {satisfied} % of satisfied and {dissatisfied} % of other users"
    parts = [f"{asked}, {_late(cell.feedback_delay)}"]
    if cell.audits:
        parts.append(f"audits of {text.percent(cell.audits)} %, {_late(cell.audit_delay)}")
    if cell.judge is not None:
        parts.append(
            f"a judge of {text.percent(cell.judge.share, 0)} % who accepts "
            f"{text.percent(cell.judge.sensitivity, 0)} % of what satisfies and "
            f"{text.percent(cell.judge.false_accept, 0)} % of the rest"
        )
    return "; ".join(parts)


def _scenarios(cells: Sequence[Cell]) -> list[Fact]:
    """What happened on the way, if anything did."""
    shown = _listed(", ".join(cell.scenarios) for cell in cells)
    note = "reference lines keep α before and after each change, their costs summed"
    return [Fact("Scenario", f"{shown} ({note})")] if shown else []


def _late(delay: int) -> str:
    return f"{delay:,} requests late" if delay else "at once"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
