"""Priors fitted on streams, and the policy that starts from them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from messplus.datasets.shipped import shipped_table
from messplus.encoders import HashedNgrams
from messplus.errors import DataError, SettingError
from messplus.priors import save
from messplus.replay.fitting import fit_streams
from messplus.replay.policies import digest_of_files, policy_from_spec
from messplus.replay.run import replay
from messplus.replay.streams import Stream, make_streams


@pytest.fixture(scope="module")
def streams() -> list[Stream]:
    """Three parts of the data set that ships."""
    table = shipped_table()
    parts = [table.select(range(first, first + 70)) for first in (0, 70, 140)]
    return [make_streams(part, HashedNgrams(dims=8))[0] for part in parts]


def test_streams_are_learned_from_together(streams: list[Stream]) -> None:
    prior = fit_streams(streams, share=0.5)
    assert prior.n_requests == 35 * len(streams)
    assert prior.models == streams[0].models
    assert prior.encoding == streams[0].encoding != ""


def test_models_are_brought_into_the_first_streams_order(streams: list[Stream]) -> None:
    one = streams[0]
    turned = replace(one, models=one.models[::-1], score=one.score[:, ::-1], cost=one.cost[:, ::-1])
    prior = fit_streams([one, turned], shuffle=False)
    np.testing.assert_allclose(prior.satisfaction, one.score.mean(axis=0))
    np.testing.assert_allclose(prior.list_price, one.cost.mean(axis=0))


def test_as_recorded_takes_the_first_rows_and_a_seed_decides_else(streams: list[Stream]) -> None:
    one = streams[0]
    recorded = fit_streams([one], share=0.5, shuffle=False)
    np.testing.assert_allclose(recorded.satisfaction, one.score[:35].mean(axis=0))
    first, again, other = (fit_streams([one], share=0.5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.shared.mean, again.shared.mean)
    assert (first.shared.mean != other.shared.mean).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"models": ("a", "b", "c")}, "differ in the models"),
        ({"cost_unit": "joule"}, "costs of .* are in 'usd'"),
        ({"encoding": "other"}, "other features"),
    ],
)
def test_streams_that_differ_are_refused(
    streams: list[Stream], change: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        fit_streams([streams[0], replace(streams[1], **change)])  # type: ignore[arg-type]


def test_no_stream_or_share_is_an_error(streams: list[Stream]) -> None:
    with pytest.raises(DataError, match="at least 1 stream"):
        fit_streams([])
    with pytest.raises(SettingError, match=r"rows must be in \(0, 1\], got 0"):
        fit_streams(streams, share=0.0)


def test_a_policy_starts_from_the_file_and_its_window_is_full(
    streams: list[Stream], tmp_path: Path
) -> None:
    path = tmp_path / "prior.npz"
    save(fit_streams(streams), path)
    spec, one = f"adaptive:prior={path}", streams[0]
    policy = policy_from_spec(spec)(one)
    state = policy.init(one.n_models, one.features.shape[1])
    assert state.window.seen == 200
    first, again = (replay(one, policy_from_spec(spec)(one), seed=1) for _ in range(2))
    np.testing.assert_array_equal(first.model, again.model)
    assert not np.array_equal(first.p_sat, replay(one, policy_from_spec("adaptive")(one)).p_sat)


def test_a_run_is_known_by_the_contents_of_the_file(streams: list[Stream], tmp_path: Path) -> None:
    """Else a cache would take a run from an older prior for one from a new one."""
    path = tmp_path / "prior.npz"
    save(fit_streams(streams[:1]), path)
    first = digest_of_files(f"adaptive:prior={path}")
    save(fit_streams(streams[1:2]), path)
    assert digest_of_files(f"adaptive:prior={path}") != first
    assert digest_of_files("adaptive") == digest_of_files("messplus:v=1") == ""


def test_a_prior_of_other_features_says_what_to_do(streams: list[Stream], tmp_path: Path) -> None:
    path = tmp_path / "prior.npz"
    save(fit_streams(streams), path)
    wider = make_streams(shipped_table().select(range(10)), HashedNgrams(dims=16))[0]
    with pytest.raises(SettingError, match="fit it with the same --encoder"):
        policy_from_spec(f"adaptive:prior={path}")(wider)
