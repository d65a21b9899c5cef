"""A replay in plain words: what was replayed, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import messplus
from messplus.replay.results import Results, Run, streams_of
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
    requests = {(s.data, s.task): s.n_requests for s in streams}
    count = sum(requests.get(key, 0) for key in streams_of(results.runs))
    alphas = sorted({cell.alpha for cell in cells})
    found = [
        Fact("Data", _listed(cell.data for cell in cells)),
        Fact("Streams", f"{len(streams_of(results.runs))}, {count:,} requests in all"),
        Fact("Models", _listed(model for stream in streams for model in stream.models)),
        Fact("Unit of cost", _listed(cell.cost_unit for cell in cells)),
        Fact(
            "α, the promise",
            f"{text.percent(alphas[0])} %"
            if len(alphas) == 1
            else f"{text.percent(alphas[0])} % to {text.percent(alphas[-1])} %, by stream",
        ),
        Fact("Seeds", str(len({cell.seed for cell in cells}))),
        Fact("Order", _listed("shuffled" if cell.shuffle else "as recorded" for cell in cells)),
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
    share = f"on {text.percent(run.cell.feedback, 0)} % of requests"
    delay = run.cell.feedback_delay
    return f"{share}, {f'{delay:,} requests late' if delay else 'at once'}"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
