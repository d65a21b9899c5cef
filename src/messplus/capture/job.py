"""A whole capture: plan, calls, verdicts, table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from messplus.capture.client import Request
from messplus.capture.energy import Shares
from messplus.capture.folder import CaptureFolder
from messplus.capture.graders import Judged
from messplus.capture.judge import judge_questions, verdicts
from messplus.capture.ledger import Call, last_calls
from messplus.capture.question import Question
from messplus.capture.run import Pace, Progress, capture
from messplus.capture.table import About, Judging, outcome_frame, sidecar
from messplus.capture.upstreams import Upstream
from messplus.errors import SettingError
from messplus.replay.writing import write_outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to capture.

    Attributes:
        sources: Questions, by what their source is called.
        upstreams: The models.
        judge: Grades what no program can; None if nothing needs it.
        request: What every request says.
        pace: How hard to try.
        energy: Meters by the name of the model.
        limit: Only the first so many questions of the plan; 0: all.
        ask: False makes the table of what is recorded, and calls nobody.
        about: What the sidecar says.
    """

    sources: Mapping[str, Callable[[], Iterable[Question]]]
    upstreams: Sequence[Upstream]
    judge: Upstream | None
    request: Request
    pace: Pace
    energy: Mapping[str, Shares]
    limit: int
    ask: bool
    about: About


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it.

    Attributes:
        table: The Parquet file; its sidecar is beside it.
        requests: Rows.
        failed: Calls that failed; each is an outcome with score 0.
        left_out: Questions without a row: not asked yet, or without a verdict.
    """

    table: Path
    requests: int
    failed: int
    left_out: int


def carry_out(
    job: Job,
    folder: CaptureFolder,
    *,
    rng: Random,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Result:
    """Run a capture, or go on with one, and write its table.

    Args:
        job: What to do.
        folder: Where it is kept.
        rng: For the jitter of waiting times.
        on_progress: Called when a call has ended.

    Raises:
        CaptureError: An upstream refuses every call or is gone, or another capture is at work in
            the folder. What was recorded stays.
        DataError: The folder or a source of questions cannot be read.
        SettingError: Questions need a judge and there is none, or the table cannot be called so.
        OSError: The disk is full.
    """
    path = folder.table(job.about.name)  # before anybody is asked: it may be no name for a table
    with folder.alone():
        plan = folder.begin(job.sources, job.request, _method(job.energy))[: job.limit or None]
        if job.judge is None and (judged := sum(isinstance(one.grader, Judged) for one in plan)):
            raise SettingError(
                f"{judged} questions are left to a judge: name it with --judge MODEL"
            )
        if job.ask:
            capture(
                plan,
                job.upstreams,
                folder.ledger,
                request=job.request,
                pace=job.pace,
                energy=job.energy,
                rng=rng,
                on_progress=on_progress,
            )
        calls = last_calls(folder.ledger)
        if job.judge and job.ask:
            # No meter: what a judge uses is no cost of the models that it judges.
            capture(
                list(judge_questions(plan, calls)),
                [job.judge],
                folder.verdicts,
                request=job.request,
                pace=job.pace,
                energy={},
                rng=rng,
                on_progress=lambda at: on_progress(replace(at, model=f"judge {at.model}")),
            )
        said = last_calls(folder.verdicts)
        if job.judge:  # each judge has its own verdicts, also where several were asked
            said = {key: call for key, call in said.items() if call.model == job.judge.name}
        frame = outcome_frame(plan, job.upstreams, calls, verdicts(calls.values(), said))
        about = replace(
            job.about,
            energy=folder.energy,
            judging=_judging(job.judge, said) if job.judge else None,
        )
        write_outcomes(path, frame, sidecar(frame, job.upstreams, about))
        asked = {one.name for one in job.upstreams}
        failed = sum(bool(call.error) for call in calls.values() if call.model in asked)
        return Result(path, frame.height, failed, len(plan) - frame.height)


def _method(energy: Mapping[str, Shares]) -> str:
    return next((share.method for share in energy.values()), "")


def _judging(judge: Upstream, said: Mapping[tuple[str, str], Call]) -> Judging:
    spent = sum(judge.cost_usd(call.prompt_tokens, call.output_tokens) for call in said.values())
    return Judging(judge.name, len(said), spent)
