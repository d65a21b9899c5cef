"""What is saved comes back; what cannot be right is refused with a reason."""

from pathlib import Path

import numpy as np
import pytest
from tests.unit.priors.zoo import learned, started, world

from messplus.core.types import Request
from messplus.errors import SettingError
from messplus.priors import Prior, load, save
from messplus.priors.store import VERSION


@pytest.fixture(scope="module")
def prior() -> Prior:
    return learned(world(150))


def test_save_and_load_predict_the_same(prior: Prior, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "prior.npz"
    save(prior, path)
    loaded = load(path)
    before, after = started(prior), started(loaded)
    state, again = before.predictor.init(3, 4), after.predictor.init(3, 4)
    bills, bills_again = before.costs.init(3, 4), after.costs.init(3, 4)
    for x in world(5, seed=9).features:
        for ours, theirs in zip(
            before.predictor.believe(state, x), after.predictor.believe(again, x), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(
            before.costs.predict(bills, Request(features=x)),
            after.costs.predict(bills_again, Request(features=x)),
        )
    assert (loaded.models, loaded.cost_unit, loaded.encoding) == (prior.models, "usd", "test")
    assert (loaded.n_requests, loaded.list_price) == (150, prior.list_price)


def test_a_free_model_survives(tmp_path: Path) -> None:
    data = world(50)
    data.cost[:, 0] = 0.0
    save(learned(data), tmp_path / "p.npz")
    start = started(load(tmp_path / "p.npz"))
    request = Request(features=np.zeros(4))
    assert start.costs.predict(start.costs.init(3, 4), request)[0] == 0.0


def test_a_missing_file_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"there is no prior .*messplus fit"):
        load(tmp_path / "none.npz")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_refused(prior: Prior, tmp_path: Path, share: float) -> None:
    path = tmp_path / "p.npz"
    save(prior, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SettingError, match="no prior that can be read"):
        load(path)


def test_a_flipped_byte_is_noticed(prior: Prior, tmp_path: Path) -> None:
    path = tmp_path / "p.npz"
    save(prior, path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(SettingError, match="no prior that can be read"):
        load(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    text, array, folder = tmp_path / "text.npz", tmp_path / "array.npz", tmp_path / "folder"
    text.write_text("not an archive")
    with array.open("wb") as file:
        np.save(file, np.zeros(3))
    folder.mkdir()
    for path in (text, array, folder):
        with pytest.raises(SettingError, match="no prior that can be read"):
            load(path)


def broken(prior: Prior, path: Path, name: str, values: object) -> None:
    """The same archive with one array replaced."""
    save(prior, path)
    with np.load(path, allow_pickle=False) as stored:
        arrays = {key: stored[key] for key in stored}
    arrays[name] = np.asarray(values)
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("version", 1, "version 1, .* fit it again with messplus fit"),
        ("version", 99, "version 99, this release reads 2"),
        ("models", ["a", "a", "b"], "not told apart"),
        ("models", [1, 2, 3], "models is not text"),
        ("satisfaction", [0.1, 0.2, 1.5], "out of range"),
        ("satisfaction", [0.1, 0.2], r"satisfaction is float64 \(2,\)"),
        ("list_price", [-1.0, 1.0, 1.0], "list_price is negative"),
        ("n_requests", 0, "out of range"),
        ("log_weight", [0.0, 0.0, 0.0, 0.0], "log_weight is not normalised"),
        ("log_blind", [0.0, 0.0], "log_blind is not normalised"),
        ("blinds_mean", [[np.nan, 0.0, 0.0]] * 2, "blinds_mean is not finite"),
        ("blinds_covariance", [-np.eye(3)] * 2, "not positive definite"),
        ("blinds_covariance", [np.eye(3) + np.eye(3, k=1) * 0.5] * 2, "not symmetric"),
        ("blinds_covariance", np.eye(3), r"not numbers \(2, 3, 3\)"),
        ("sample", np.zeros((5, 7)), "not numbers"),
        ("sample", np.zeros(5), "not numbers"),
    ],
)
def test_impossible_contents_are_named(
    prior: Prior, tmp_path: Path, name: str, values: object, message: str
) -> None:
    broken(prior, tmp_path / "p.npz", name, values)
    with pytest.raises(SettingError, match=message):
        load(tmp_path / "p.npz")


def test_an_archive_that_lacks_an_array_says_which(prior: Prior, tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", version=np.array(VERSION), models=np.array(["a"]))
    with pytest.raises(SettingError, match=r"it lacks .*sample"):
        load(tmp_path / "p.npz")
