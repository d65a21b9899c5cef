"""The demo in front of the gateway that users get: what the playback said, the log has."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from messplus.demo.look import Look
from messplus.demo.playback import recorded_zoo
from messplus.demo.recording import shipped_recording
from messplus.demo.run import Plan, run
from messplus.demo.script import recorded_script
from messplus.gateway.serve import serving
from messplus.records import Decided, Feedback, Outcome
from messplus.stores import open_to_read

REQUESTS = 200


def test_every_answer_and_verdict_is_in_the_log(tmp_path: Path) -> None:
    recording = shipped_recording()
    script = recorded_script(recording, requests=REQUESTS, seed=0)
    plan = Plan(
        mode="recorded",
        title="messplus demo",
        script=script,
        alpha=0.551,
        seed=0,
        concurrency=8,
        feedback=0.9,
        folder=tmp_path,
    )
    looks: list[Look] = []

    @contextmanager
    def show() -> Iterator[Callable[[Look], None]]:
        yield looks.append

    with recorded_zoo(recording, speed=1e3) as zoo:
        summary = run(plan, zoo, serving, show=show, afterwards=lambda *_: None)

    tally, state = summary.tally, summary.end.state
    assert (tally.requests, tally.failed) == (REQUESTS, 0)
    assert state is not None
    assert state.requests == REQUESTS
    assert len(tally.overheads_ms) == REQUESTS
    with closing(open_to_read(str(summary.files.store))) as log:
        events = [stored.event for stored in log.events()]
    decided = [event for event in events if isinstance(event, Decided)]
    outcomes = [event for event in events if isinstance(event, Outcome)]
    verdicts = [event for event in events if isinstance(event, Feedback)]
    assert Counter(one.model for one in decided) == {
        name: model.requests for name, model in tally.models.items() if model.requests
    }
    assert sum(one.cost for one in outcomes) == pytest.approx(tally.cost_usd, rel=1e-3)
    assert len(verdicts) == summary.feedback["applied"] == sum(summary.feedback.values())
    assert {one.attributes["task"] for one in decided} <= set(script.outcomes.tasks)
    assert {one.prompt for one in decided} == set(script.outcomes.prompts)
