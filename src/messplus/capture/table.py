"""From questions and calls to an outcome table, in the format that replay reads."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import polars as pl

from messplus.capture.graders import Judged
from messplus.capture.ledger import Call
from messplus.capture.question import Question
from messplus.capture.upstreams import Upstream
from messplus.errors import DataError, require_range

Calls = Mapping[tuple[str, str], Call]
Verdicts = Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Judging:
    """Who graded answers, how many, and what that cost: it is no cost of the models."""

    judge: str
    verdicts: int
    cost_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the sidecar says of the data set beside what follows from the calls.

    Attributes:
        name: Of the data set.
        source: How it was made.
        licence: Under which it may be used.
        energy: How joules were read; "" if they were not.
        alpha: The promise that comes with it, in (0, 1]; None for none.
        judging: What a judge did; None if there was none.
    """

    name: str
    source: str
    licence: str
    energy: str = ""
    alpha: float | None = None
    judging: Judging | None = None

    def __post_init__(self) -> None:
        """Check the promise.

        Raises:
            SettingError: `alpha` is not in (0, 1].
        """
        require_range(
            "alpha", self.alpha, "in (0, 1]", ok=self.alpha is None or 0 < self.alpha <= 1
        )


def outcome_frame(
    questions: Sequence[Question],
    upstreams: Sequence[Upstream],
    calls: Calls,
    verdicts: Verdicts | None = None,
) -> pl.DataFrame:
    """One row per question that every model was asked; see docs/reference/outcome-tables.md.

    Args:
        questions: In order.
        upstreams: The models, with their prices.
        calls: By question and model.
        verdicts: Scores of judged responses, by question and model.

    Returns:
        A question that one model has not been asked, or whose answer has no verdict, is left out.

    Raises:
        DataError: No question is complete.
    """
    scored = verdicts or {}
    complete = [
        question
        for question in questions
        if all(_is_complete(question, one.name, calls, scored) for one in upstreams)
    ]
    if not complete:
        raise DataError("no question has been put to every model yet: nothing to make a table of")
    columns: dict[str, pl.Series] = {
        column: pl.Series([getattr(question, column) for question in complete], dtype=pl.String)
        for column in ("prompt_id", "task", "prompt")
    }
    for upstream in upstreams:
        answered = [calls[question.prompt_id, upstream.name] for question in complete]
        columns |= _columns_of(upstream, complete, answered, scored)
    return pl.DataFrame(columns)


def _is_complete(question: Question, model: str, calls: Calls, verdicts: Verdicts) -> bool:
    call = calls.get((question.prompt_id, model))
    return call is not None and (not _is_judged(question, call) or call.key in verdicts)


def _is_judged(question: Question, call: Call) -> bool:
    """Whether the score is a judge's; a failed call and an empty answer need none."""
    return isinstance(question.grader, Judged) and not call.error and bool(call.response.strip())


def _columns_of(
    upstream: Upstream, questions: Sequence[Question], calls: Sequence[Call], verdicts: Verdicts
) -> dict[str, pl.Series]:
    """One model's columns."""
    energy = [call.energy_j for call in calls]
    scores = [
        _score(question, call, verdicts) for question, call in zip(questions, calls, strict=True)
    ]
    costs = [upstream.cost_usd(call.prompt_tokens, call.output_tokens) for call in calls]
    columns = {
        "score": pl.Series(scores, dtype=pl.Float64),
        "cost": pl.Series(costs, dtype=pl.Float64),
        "latency": pl.Series([round(call.latency_s, 4) for call in calls], dtype=pl.Float64),
        "prompt_tokens": pl.Series([call.prompt_tokens for call in calls], dtype=pl.Int64),
        "output_tokens": pl.Series([call.output_tokens for call in calls], dtype=pl.Int64),
        "response": pl.Series([call.response for call in calls], dtype=pl.String),
    }
    if any(joules is not None for joules in energy):
        rounded = [None if joules is None else round(joules, 3) for joules in energy]
        columns["energy"] = pl.Series(rounded, dtype=pl.Float64)
    if any(call.error for call in calls):
        columns["error"] = pl.Series([call.error or None for call in calls], dtype=pl.String)
    return {f"{kind}__{upstream.name}": values for kind, values in columns.items()}


def _score(question: Question, call: Call, verdicts: Verdicts) -> float:
    """What a call is worth; a failed one nothing."""
    if call.error:
        return 0.0
    if _is_judged(question, call):
        return verdicts[call.key]
    return question.grader.grade(call.response)


def sidecar(frame: pl.DataFrame, upstreams: Sequence[Upstream], about: About) -> dict[str, object]:
    """What stands beside the table.

    Args:
        frame: From `outcome_frame`.
        upstreams: The models, with their prices.
        about: What does not follow from the calls.
    """
    cost = {one.name: _mean(frame, f"cost__{one.name}") for one in upstreams}
    ascending = sorted(upstreams, key=lambda one: (cost[one.name], one.output_usd_per_mtok))
    return {
        "name": about.name,
        "cost_unit": "usd",
        "models_ascending_cost": [one.name for one in ascending],
        **({} if about.alpha is None else {"alpha": about.alpha}),
        "source": about.source,
        "licence": about.licence,
        **({"energy": about.energy} if about.energy else {}),
        **({"judging": asdict(about.judging)} if about.judging else {}),
        "requests": frame.height,
        "models": {
            one.name: {
                "served_as": one.model,
                "input_usd_per_mtok": one.input_usd_per_mtok,
                "output_usd_per_mtok": one.output_usd_per_mtok,
                "score_mean": round(_mean(frame, f"score__{one.name}"), 4),
                "cost_usd_mean": float(f"{cost[one.name]:.4g}"),
            }
            for one in ascending
        },
    }


def _mean(frame: pl.DataFrame, column: str) -> float:
    return float(frame[column].cast(pl.Float64).to_numpy().mean())
