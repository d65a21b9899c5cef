"""Each scenario by hand: what is served, and in which order."""

import numpy as np
import pytest

from messplus.core.types import Floats
from messplus.errors import SettingError
from messplus.replay.references import (
    best_single,
    clairvoyant,
    references,
    segmented,
    segmented_references,
    static_mix,
)
from messplus.replay.scenarios import (
    SCENARIOS,
    Blocks,
    Join,
    Leave,
    Reprice,
    Scenario,
    Worsen,
    scenario_from_spec,
    serve,
)
from messplus.replay.serving import Served
from messplus.replay.streams import Stream

COSTS = (1.0, 5.0, 20.0)


def make_stream(n: int = 8, alpha: float = 0.6, score: Floats | None = None) -> Stream:
    """Three models; the second is the cheapest adequate one: it satisfies three requests of four."""
    t = np.arange(n)
    made = np.stack([t % 2 == 0, t % 4 != 0, t >= 0], axis=1).astype(float)
    return Stream(
        data="d", task="t", alpha=alpha, models=("small", "medium", "large"), cost_unit="usd",
        score=made if score is None else score,
        cost=np.tile(COSTS, (n, 1)),
        features=t[:, None].astype(float),
        tasks=tuple("ab"[i % 2] for i in range(n)),
    )  # fmt: skip


def in_order(stream: Stream, *scenarios: Scenario, seed: int = 0) -> Served:
    return serve(stream, seed=seed, shuffle=False, scenarios=scenarios)


def test_without_a_scenario_a_stream_is_served_as_it_is() -> None:
    stream = make_stream()
    served = in_order(stream)
    np.testing.assert_array_equal(served.score, stream.score)
    np.testing.assert_array_equal(served.cost, stream.cost)
    assert served.available is None
    assert served.changes == ()


def test_worsen_takes_successes_of_one_model_from_there_on() -> None:
    stream = make_stream()
    served = in_order(stream, Worsen(model="large", at=0.25, loss=1.0))
    assert served.score[:, 2].tolist() == [1, 1, 0, 0, 0, 0, 0, 0]
    np.testing.assert_array_equal(served.score[:, :2], stream.score[:, :2])
    np.testing.assert_array_equal(served.cost, stream.cost)
    assert served.changes == (2,)
    assert stream.score[:, 2].all()  # the recording stays as it is


def test_worsen_loses_the_share_that_it_says() -> None:
    served = serve(make_stream(4000), seed=3, scenarios=[Worsen(model="large", loss=0.4)])
    # Five standard errors of a share of .6 among 2,000 are .055.
    assert abs(served.score[2000:, 2].mean() - 0.6) < 0.055
    assert served.score[:2000, 2].all()


def test_reprice_multiplies_what_one_model_charges() -> None:
    served = in_order(make_stream(), Reprice(model="small", at=0.75, factor=3.0))
    assert served.cost[:, 0].tolist() == [1, 1, 1, 1, 1, 1, 3, 3]
    assert (served.cost[:, 1:] == COSTS[1:]).all()
    assert served.changes == (6,)


def test_a_model_joins_and_another_leaves() -> None:
    served = in_order(make_stream(4), Join(model="large", at=0.5), Leave(model="small", at=0.75))
    assert served.available is not None
    assert served.available.tolist() == [
        [True, True, False],
        [True, True, False],
        [True, True, True],
        [False, True, True],
    ]
    assert served.changes == (2, 3)
    shown = [request.available for request in served.requests()]
    assert all(a is not None for a in shown)
    np.testing.assert_array_equal(np.array(shown), served.available)


@pytest.mark.parametrize("scenario", [Worsen(loss=1.0), Reprice(), Join(), Leave()])
def test_without_a_name_it_befalls_the_cheapest_adequate_model(scenario: Scenario) -> None:
    served = in_order(make_stream(), scenario)
    named = in_order(make_stream(), type(scenario)(**_settings(scenario, model="medium")))
    for one, two in ((served.score, named.score), (served.cost, named.cost)):
        np.testing.assert_array_equal(one, two)
    if served.available is not None and named.available is not None:
        np.testing.assert_array_equal(served.available, named.available)


def test_where_no_model_is_adequate_it_befalls_the_best() -> None:
    stream = make_stream(score=np.tile([0.0, 1.0, 0.0], (8, 1)) * 0.5, alpha=0.9)
    assert (in_order(stream, Reprice(factor=2.0)).cost[-1] == [1.0, 10.0, 20.0]).all()


def _settings(scenario: Scenario, **changed: object) -> dict[str, object]:
    names = scenario.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: getattr(scenario, name) for name in names} | changed


def test_tasks_in_blocks_keep_every_request() -> None:
    stream = make_stream(40)
    served = serve(stream, seed=1, scenarios=[Blocks()])
    tasks = [stream.tasks[row] for row in served.row]
    assert tasks in (["a"] * 20 + ["b"] * 20, ["b"] * 20 + ["a"] * 20)
    assert sorted(served.row) == list(range(40))
    np.testing.assert_array_equal(served.score, stream.score[served.row])
    assert (np.diff(served.row[:20]) < 0).any()  # shuffled within a task
    assert served.changes == ()


def test_runs_of_the_recording_in_blocks_keep_its_order_within() -> None:
    served = serve(make_stream(10), seed=1, scenarios=[Blocks(length=4)])
    found = served.row.tolist()
    for block in ([0, 1, 2, 3], [4, 5, 6, 7], [8, 9]):
        at = found.index(block[0])
        assert found[at : at + len(block)] == block
    orders = {tuple(serve(make_stream(10), seed=s, scenarios=[Blocks(length=4)]).row[:1].tolist())
              for s in range(20)}  # fmt: skip
    assert orders == {(0,), (4,), (8,)}


def test_changes_are_at_a_place_in_the_blocks_whatever_comes_first_in_the_list() -> None:
    scenarios: list[Scenario] = [Worsen(model="large", loss=1.0), Blocks()]
    served = serve(make_stream(40), scenarios=scenarios)
    assert served.score[:20, 2].all()
    assert not served.score[20:, 2].any()


def test_the_order_is_that_of_the_seed_with_any_change() -> None:
    stream = make_stream(50)
    plain = serve(stream, seed=4)
    for scenario in (Worsen(), Reprice(), Join(), Leave()):
        np.testing.assert_array_equal(plain.row, serve(stream, seed=4, scenarios=[scenario]).row)


def test_a_segment_is_a_stream_of_the_models_that_are_there() -> None:
    before, after = in_order(make_stream(), Join(model="medium", at=0.25)).segments()
    assert (before.models, after.models) == (("small", "large"), ("small", "medium", "large"))
    assert (before.n_requests, after.n_requests) == (2, 6)
    assert before.cost.tolist() == [[1.0, 20.0]] * 2
    assert after.features[:, 0].tolist() == [2, 3, 4, 5, 6, 7]
    assert after.tasks == ("a", "b", "a", "b", "a", "b")


def test_references_keep_the_promise_in_each_segment() -> None:
    score = np.tile([0.0, 1.0, 1.0], (8, 1))
    served = in_order(make_stream(score=score, alpha=0.5), Leave(model="medium", at=0.5))
    mix = segmented(served, static_mix)
    # Half of it by a model that satisfies always: medium (5) at first, then large (20).
    assert mix.cost_total == pytest.approx(4 * (0.5 * 1 + 0.5 * 5) + 4 * (0.5 * 1 + 0.5 * 20))
    assert mix.cost_mean == pytest.approx((mix.cost_total or 0) / 8)
    assert mix.satisfaction == pytest.approx(0.5)
    assert mix.detail == "50% small, 50% medium; then 50% small, 50% large"
    assert segmented(served, best_single).cost_total == 4 * 5 + 4 * 20


def test_out_of_reach_in_one_segment_is_out_of_reach() -> None:
    served = in_order(make_stream(alpha=0.9), Leave(model="large", at=0.5))
    found = segmented(served, static_mix)
    assert found.cost_total is None
    assert found.cost_mean is None
    assert "out of reach" in found.detail


def test_references_of_one_segment_are_those_of_the_stream() -> None:
    stream = make_stream(60)
    assert segmented_references(in_order(stream)) == references(stream)
    blocks = segmented(serve(stream, scenarios=[Blocks()]), clairvoyant)
    assert blocks.cost_total == pytest.approx(clairvoyant(stream).cost_total)


@pytest.mark.parametrize(
    ("spec", "made"),
    [
        ("worsen", Worsen()),
        ("worsen:small,at=0.3,loss=1", Worsen(model="small", at=0.3, loss=1.0)),
        ("reprice:model=large,factor=0.5", Reprice(model="large", factor=0.5)),
        ("join:at=0.1", Join(at=0.1)),
        ("leave:large", Leave(model="large")),
        ("blocks", Blocks()),
        ("blocks:20", Blocks(length=20)),
    ],
)
def test_specs(spec: str, made: Scenario) -> None:
    assert scenario_from_spec(spec) == made


def test_every_scenario_has_its_spec() -> None:
    for name in SCENARIOS:
        assert isinstance(scenario_from_spec(name), SCENARIOS[name])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("wosen", "unknown scenario 'wosen'; did you mean 'worsen'"),
        ("worsen:los=1", "did you mean 'loss'"),
        ("worsen:loss=1.5", r"loss must be in \[0, 1\], got 1.5"),
        ("reprice:factor=-1", "factor must be at least 0, got -1.0"),
        ("join:at=0", r"at must be in \(0, 1\), got 0.0"),
        ("leave:at=1", r"at must be in \(0, 1\), got 1.0"),
        ("blocks:length=0", "length must be at least 1, got 0"),
        ("leave:midium", "unknown model of d/t: 'midium'; did you mean 'medium'"),
    ],
)
def test_a_bad_scenario_is_refused_with_the_fix(spec: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        in_order(make_stream(), scenario_from_spec(spec))


def test_blocks_need_tasks_or_a_length() -> None:
    stream = make_stream(1)
    with pytest.raises(SettingError, match=r"d/t has no tasks.*blocks:length=N"):
        in_order(stream, Blocks())
    in_order(stream, Blocks(length=5))


def test_somebody_has_to_stay() -> None:
    gone = [Leave(model=name, at=0.5) for name in ("small", "medium", "large")]
    with pytest.raises(SettingError, match="no model is left"):
        in_order(make_stream(), *gone)


def test_a_stream_too_short_for_two_sides_has_no_change() -> None:
    assert in_order(make_stream(1), Reprice(at=0.1)).changes == ()
