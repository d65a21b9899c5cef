"""The synthetic stream: its published averages, its correlations, and how telling its words are."""

import numpy as np
import pytest

from messplus.core.types import Floats
from messplus.errors import SettingError
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.synthetic import synthetic_llama3
from messplus.replay.validate import alpha_problems, table_problems

# Table 2 of arXiv:2505.19947: satisfaction in percent of the 1B, 8B and 70B model.
PUBLISHED = {
    "arc_challenge": (37.88, 54.44, 60.84),
    "arc_easy": (62.76, 79.72, 83.12),
    "boolq": (69.17, 84.16, 88.78),
    "logiqa": (27.19, 29.03, 49.31),
    "piqa": (74.05, 79.33, 82.70),
    "sciq": (93.80, 97.00, 97.10),
    "social_iqa": (41.71, 48.31, 48.67),
    "winogrande": (59.67, 73.64, 79.08),
}


def test_keeps_the_data_contract_without_a_warning() -> None:
    table = synthetic_llama3()
    assert (table.n_requests, table.n_models) == (8000, 3)
    assert table_problems(table) == []
    assert alpha_problems(table) == []


def test_says_that_it_is_synthetic() -> None:
    table = synthetic_llama3(requests_per_task=20)
    assert table.synthetic
    assert "no recorded outcomes" in table.source
    assert all("synthetic" in prompt for prompt in table.prompts)


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_accuracy_is_the_published_one_to_within_half_a_request(seed: int) -> None:
    table = synthetic_llama3(seed)
    assert table.task_names == tuple(PUBLISHED)
    for task, percent in PUBLISHED.items():
        mean = table.of_task(task).score.mean(axis=0)
        np.testing.assert_allclose(mean, np.array(percent) / 100, atol=0.5001 / 500)


def test_mean_cost_is_the_published_one_and_varies_a_little() -> None:
    cost = synthetic_llama3().of_task("boolq").cost
    np.testing.assert_allclose(cost.mean(axis=0), [43.6, 130.7, 1040.8])
    spread = cost.std(axis=0) / cost.mean(axis=0)
    assert np.all((spread > 0.01) & (spread < 0.1))


def test_models_fail_together_about_as_much_as_real_ones_do() -> None:
    table = synthetic_llama3()
    pairs = []
    for task in table.task_names:
        correlation = np.asarray(np.corrcoef(table.of_task(task).score.T))
        pairs += correlation[np.triu_indices(3, 1)].tolist()
    assert 0.3 < np.mean(pairs) < 0.45


def test_wording_gives_a_little_of_the_difficulty_away() -> None:
    table = synthetic_llama3()
    found = [auc for task in table.task_names for auc in text_aucs(table.of_task(task))]
    assert 0.55 < np.median(found) < 0.65


def test_the_same_seed_gives_the_same_table_and_another_seed_another() -> None:
    assert synthetic_llama3(3, 50).digest == synthetic_llama3(3, 50).digest
    assert synthetic_llama3(3, 50).digest != synthetic_llama3(4, 50).digest


def test_one_request_per_task_is_enough() -> None:
    assert synthetic_llama3(requests_per_task=1).n_requests == 8


def test_no_requests_are_refused() -> None:
    with pytest.raises(SettingError, match="requests_per_task must be >= 1, got 0"):
        synthetic_llama3(requests_per_task=0)


def text_aucs(table: OutcomeTable) -> list[float]:
    """How well ridge regression on words ranks each model's successes, 5-fold out of fold."""
    words = sorted({word for prompt in table.prompts for word in prompt.split()})
    x = np.array([[word in prompt.split() for word in words] for prompt in table.prompts], float)
    fold = np.random.default_rng(0).permutation(len(x)) % 5
    predicted = np.empty_like(table.score)
    for held_out in range(5):
        train, test = fold != held_out, fold == held_out
        centre, level = x[train].mean(axis=0), table.score[train].mean(axis=0)
        z = x[train] - centre
        weights = np.linalg.solve(
            z.T @ z + 10 * np.eye(len(words)), z.T @ (table.score[train] - level)
        )
        predicted[test] = (x[test] - centre) @ weights + level
    return [auc(predicted[:, m], table.score[:, m]) for m in range(table.n_models)]


def auc(predicted: Floats, score: Floats) -> float:
    """Share of (satisfied, not satisfied) pairs that the prediction ranks right, ties by half."""
    above = predicted[score == 1][:, None] - predicted[score == 0][None, :]
    return float(np.mean((above > 0) + 0.5 * (above == 0)))


def test_auc_of_this_file_on_a_case_by_hand() -> None:
    assert auc(np.array([0.1, 0.4, 0.3, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])) == 0.75
