"""Tiny results made by hand: every figure of a report can be checked on paper."""

from collections.abc import Callable

import numpy as np
import pytest

from messplus.replay.metrics import Curves, Metrics
from messplus.replay.references import Reference
from messplus.replay.results import Cell, Results, Run
from messplus.replay.streams import Stream

MakeRun = Callable[..., Run]
MakeStream = Callable[..., Stream]
MakeReference = Callable[..., Reference]


def make_run(
    task: str = "boolq",
    policy: str = "messplus",
    seed: int = 0,
    *,
    data: str = "demo",
    alpha: float = 0.8,
    unit: str = "joule",
    cost: float = 2000.0,
    satisfaction: float = 0.8,
    over_static: float | None = 1.25,
    models: tuple[str, ...] = ("small", "large"),
    requests: int = 10,
) -> Run:
    """A run whose answers come from the two ends of the zoo, half and half."""
    t = np.arange(1, requests + 1)
    share = np.zeros((requests, len(models)))
    share[:, 0] += 0.5
    share[:, -1] += 0.5
    return Run(
        cell=Cell(
            data=data,
            task=task,
            alpha=alpha,
            cost_unit=unit,
            policy=policy,
            seed=seed,
            shuffle=True,
            feedback=0.5,
            feedback_delay=3,
            encoder="hashed",
        ),
        metrics=Metrics(
            requests=requests,
            models=len(models),
            cost_total=cost,
            cost_serving=0.75 * cost,
            cost_exploration=0.25 * cost,
            cost_feedback=0.0,
            cost_mean=cost / requests,
            cost_mean_late=cost / requests,
            satisfaction=satisfaction,
            satisfaction_late=satisfaction,
            shortfall_final=max(0.0, alpha - satisfaction),
            shortfall_worst=alpha - satisfaction,
            share_below_1pp=0.125,
            first_compliance=None,
            queue_final=2.0,
            queue_mean=1.0,
            explored_requests=requests // 5,
            calls=dict(zip(models, share[-1].tolist(), strict=True)),
            feedback_used=5,
            audits_used=0,
            judge_used=0,
            satisfaction_believed=None,
            windows=0,
            windows_violated=None,
        ),
        curves=Curves(
            t=t,
            satisfaction=np.full(requests, satisfaction),
            queue=np.linspace(0.0, 2.0, requests),
            cost=cost * t / requests,
            model_share=share,
        ),
        cost_over_static_mix=over_static,
        wall_s=0.1,
    )


def make_stream(
    task: str = "boolq",
    *,
    data: str = "demo",
    alpha: float = 0.8,
    unit: str = "joule",
    models: tuple[str, ...] = ("small", "large"),
    requests: int = 10,
    synthetic: bool = False,
) -> Stream:
    """A stream on which the dearer model is the better one."""
    quality = np.linspace(0.5, 1.0, len(models))
    ranks = (np.arange(requests) + 0.5) / requests
    return Stream(
        data=data,
        task=task,
        alpha=alpha,
        models=models,
        cost_unit=unit,
        score=(ranks[:, None] < quality).astype(float),
        cost=np.tile(np.geomspace(1.0, 100.0, len(models)), (requests, 1)),
        features=np.ones((requests, 1)),
        synthetic=synthetic,
    )


def make_reference(
    name: str = "static_mix",
    task: str = "boolq",
    cost: float | None = 1600.0,
    *,
    data: str = "demo",
    alpha: float = 0.8,
    satisfaction: float = 0.8,
    detail: str = "",
) -> Reference:
    """A reference line of a stream of ten requests."""
    return Reference(
        data=data,
        task=task,
        alpha=alpha,
        reference=name,
        cost_total=cost,
        cost_mean=None if cost is None else cost / 10,
        satisfaction=satisfaction,
        detail=detail,
    )


@pytest.fixture
def results() -> Results:
    """Two streams, two policies, two seeds; messplus misses one promise of four."""
    runs = []
    for task, base in (("boolq", 2000.0), ("sciq", 4000.0)):
        for seed in (0, 1):
            short = task == "sciq" and seed == 1
            runs.append(
                make_run(
                    task,
                    seed=seed,
                    cost=base + 1000.0 * seed,
                    satisfaction=0.75 if short else 0.81,
                    over_static=1.0 + seed,
                )
            )
        runs += [
            make_run(task, "largest", seed, cost=8000.0, satisfaction=0.9, over_static=4.0)
            for seed in (0, 1)
        ]
    references = [
        make_reference(name, task, cost)
        for task in ("boolq", "sciq")
        for name, cost in (("static_mix", 2000.0), ("clairvoyant", 1000.0))
    ]
    return Results(runs=tuple(runs), references=tuple(references))


@pytest.fixture
def streams() -> list[Stream]:
    """The streams of `results`."""
    return [make_stream("boolq"), make_stream("sciq")]


@pytest.fixture
def run() -> MakeRun:
    """Makes a run."""
    return make_run


@pytest.fixture
def stream() -> MakeStream:
    """Makes a stream."""
    return make_stream


@pytest.fixture
def reference() -> MakeReference:
    """Makes a reference line."""
    return make_reference
