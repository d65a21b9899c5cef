"""The replay loop, driven by a policy that writes down what it is told."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from messplus.core.types import Decision, Draws, Floats, Request, Verdict
from messplus.errors import SettingError
from messplus.replay.feedback import Feedback
from messplus.replay.policies import policy_from_spec
from messplus.replay.run import Trace, replay
from messplus.replay.scenarios import Leave, Reprice, Scenario, Worsen
from messplus.replay.streams import Stream


def stream_of(score: Floats, cost: Floats | None = None, alpha: float = 0.5) -> Stream:
    n, n_models = score.shape
    return Stream(
        data="hand-made",
        task="all",
        alpha=alpha,
        models=tuple(f"m{i}" for i in range(n_models)),
        cost_unit="usd",
        score=score,
        cost=np.ones_like(score) if cost is None else cost,
        features=np.arange(n, dtype=float)[:, None],
    )


@dataclass
class Scribe:
    """Asks as it is told and keeps a diary; the first feature of a request is its row."""

    asked: tuple[int, ...] = (0,)
    deliver_best: bool = False
    diary: list[str] = field(default_factory=list)
    draws: list[Draws] = field(default_factory=list)

    def init(self, n_models: int, n_features: int) -> int:
        return 0

    def decide(self, state: int, request: Request, draws: Draws) -> tuple[Decision, int]:
        self.diary.append(f"decide {request.features[0]:.0f}")
        self.draws.append(draws)
        decision = Decision(
            model=self.asked[-1],
            asked=self.asked,
            explored=len(self.asked) > 1,
            propensity=1.0,
            queue=float(state),
            p_sat=np.array([0.25, 0.75]),
            cost=np.zeros(2),
            deliver_best=self.deliver_best,
        )
        return decision, state + 1

    def charge(self, state: int, request: Request, decision: Decision, cost: Floats) -> int:
        self.diary.append(f"charge {request.features[0]:.0f}")
        return state

    def learn(
        self,
        state: int,
        request: Request,
        decision: Decision,
        verdict: Verdict,
    ) -> int:
        satisfied, observed, _ = verdict
        verdicts = ",".join(f"{m}={satisfied[m]:g}" for m in np.flatnonzero(observed))
        self.diary.append(f"learn {request.features[0]:.0f} {verdicts}")
        return state


MEAN = "messplus:predictor=mean"
SERVED = "messplus:predictor=mean,learn_from=served,silence=predicted"
SCORE = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
COST = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])


def test_a_verdict_comes_before_the_next_decision() -> None:
    scribe = Scribe()
    replay(stream_of(SCORE[:2]), scribe, shuffle=False)
    assert scribe.diary == [
        "decide 0", "charge 0", "learn 0 0=0",
        "decide 1", "charge 1", "learn 1 0=1",
    ]  # fmt: skip


def test_a_late_verdict_waits_for_as_many_decisions() -> None:
    scribe = Scribe()
    trace = replay(stream_of(SCORE), scribe, shuffle=False, feedback=Feedback(delay=1))
    assert scribe.diary == [
        "decide 0", "charge 0",
        "decide 1", "charge 1", "learn 0 0=0",
        "decide 2", "charge 2", "learn 1 0=1",
    ]  # fmt: skip
    assert trace.judged.tolist() == [True, True, False]


def test_every_asked_model_is_charged_and_judged() -> None:
    scribe = Scribe(asked=(0, 1))
    trace = replay(stream_of(SCORE, COST), scribe, shuffle=False)
    assert trace.cost.tolist() == [11.0, 22.0, 33.0]
    assert trace.explored.all()
    assert "learn 0 0=0,1=1" in scribe.diary


def test_what_is_not_asked_is_neither_charged_nor_judged() -> None:
    trace = replay(stream_of(SCORE, COST), Scribe(asked=(1,)), shuffle=False)
    assert trace.cost.tolist() == [10.0, 20.0, 30.0]
    assert trace.satisfied.tolist() == [1.0, 0.0, 1.0]
    assert not trace.explored.any()


def test_the_best_asked_answer_can_be_delivered() -> None:
    scribe = Scribe(asked=(0, 1), deliver_best=True)
    trace = replay(stream_of(SCORE), scribe, shuffle=False)
    assert trace.model.tolist() == [1, 0, 0]  # the tie goes to the cheapest
    assert trace.satisfied.tolist() == [1.0, 1.0, 1.0]


def test_the_trace_holds_what_the_decision_was_taken_with() -> None:
    trace = replay(stream_of(SCORE), Scribe(), shuffle=False)
    assert trace.queue.tolist() == [0.0, 1.0, 2.0]
    assert trace.p_sat.tolist() == [[0.25, 0.75]] * 3


def test_order_draws_and_feedback_depend_on_the_seed_alone() -> None:
    score = np.random.default_rng(0).integers(0, 2, (300, 2)).astype(float)

    def run(asked: tuple[int, ...], seed: int) -> tuple[Trace, list[Draws]]:
        scribe = Scribe(asked=asked)
        return replay(
            stream_of(score), scribe, seed=seed, feedback=Feedback(share=0.5)
        ), scribe.draws

    (one, one_draws), (two, two_draws), (other, other_draws) = (
        run((0,), 1), run((0, 1), 1), run((0,), 2),
    )  # fmt: skip
    assert one_draws == two_draws != other_draws
    assert (one.row == two.row).all()
    assert (one.judged == two.judged).all()
    assert (one.row != other.row).any()
    assert (one.judged != other.judged).any()
    assert sorted(one.row) == list(range(300))


def test_feedback_share_is_the_share_that_is_judged() -> None:
    score = np.ones((2000, 2))
    trace = replay(stream_of(score), Scribe(), feedback=Feedback(share=0.2))
    # Five standard errors of a share of .2 among 2,000 are .045.
    assert abs(trace.judged.mean() - 0.2) < 0.045
    silent = replay(stream_of(score), Scribe(), feedback=Feedback(share=0.0))
    assert not silent.judged.any()


@pytest.mark.parametrize(
    ("spec", "feedback", "satisfied", "cost", "judged", "queue"),
    [
        (MEAN, Feedback(), 283, 4296.936091064965, 400, 689.6),
        (MEAN, Feedback(share=0.3, delay=7), 263, 1893.3050539365536, 103, 1538.5),
        (MEAN, Feedback(delay=100), 278, 4232.523259419494, 300, 8017.1),
        (SERVED, Feedback(), 294, 4833.559026047549, 400, 226.6),
        (SERVED, Feedback(share=0.3, delay=7), 280, 4985.894310957825, 103, 277.1302408680647),
    ],
)
def test_a_seed_decides_what_it_has_always_decided(
    spec: str, feedback: Feedback, satisfied: int, cost: float, judged: int, queue: float
) -> None:
    """Figures of the first release: new kinds of chance must not disturb the old ones."""
    rng = np.random.default_rng(5)
    stream = Stream(
        data="d", task="t", alpha=0.7, cost_unit="usd", models=("m0", "m1", "m2"),
        score=(rng.random((400, 3)) < np.linspace(0.4, 0.9, 3)).astype(float),
        cost=np.geomspace(1.0, 20.0, 3) * rng.uniform(0.9, 1.1, (400, 3)),
        features=rng.normal(size=(400, 4)),
    )  # fmt: skip
    trace = replay(stream, policy_from_spec(spec)(stream), seed=3, feedback=feedback)
    assert trace.row[:4].tolist() == [89, 229, 142, 55]
    assert trace.satisfied.sum() == satisfied
    assert trace.cost.sum() == pytest.approx(cost, rel=1e-9)
    assert trace.judged.sum() == judged
    assert trace.queue.sum() == pytest.approx(queue, rel=1e-9)


def test_a_policy_sees_who_can_be_asked_and_cannot_ask_others() -> None:
    stream = stream_of(np.ones((4, 2)))
    scenarios = [Leave(model="m0", at=0.5)]
    trace = replay(stream, Scribe(asked=(1,)), scenarios=scenarios)
    assert trace.model.tolist() == [1] * 4
    with pytest.raises(SettingError, match="asked 'm0', not available at request 3"):
        replay(stream, Scribe(asked=(0,)), scenarios=scenarios)


def test_a_trace_tells_of_the_changed_stream() -> None:
    scenarios: list[Scenario] = [Worsen(model="m0", loss=1.0), Reprice(model="m0", factor=10.0)]
    trace = replay(stream_of(np.ones((4, 2))), Scribe(), scenarios=scenarios)
    assert trace.satisfied.tolist() == [1, 1, 0, 0]
    assert trace.cost.tolist() == [1, 1, 10, 10]


class Accountant(Scribe):
    """A scribe with an account of its own; its state counts its decisions."""

    def believed(self, state: int) -> float:
        return state / 10

    def warnings(self, state: int) -> tuple[str, ...]:
        return (f"{state} decisions are not enough",)


def test_a_policy_may_report_what_it_believes_and_what_it_noticed() -> None:
    trace = replay(stream_of(SCORE), Accountant())
    assert trace.believed == 0.3
    assert trace.warnings == ("3 decisions are not enough",)
    silent = replay(stream_of(SCORE), Scribe())
    assert silent.believed is None
    assert silent.warnings == ()
