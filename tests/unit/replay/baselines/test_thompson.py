"""Samples of the posterior."""

import numpy as np

from messplus.predictors.logistic import OnlineLogistic, Posterior
from messplus.replay.baselines.thompson import Sampled


def test_samples_have_the_posteriors_mean_and_spread() -> None:
    rng = np.random.default_rng(3)
    root = rng.normal(size=(2, 3, 3))
    covariance = 0.1 * root @ root.transpose(0, 2, 1)
    mean = np.array([[0.5, 1.0, -1.0], [-1.0, 0.2, 0.4]])
    sampled = Sampled(logistic=OnlineLogistic(), scale=0.5)
    x = np.array([1.0, 2.0])
    state = Posterior(mean, covariance)
    hope = np.concatenate([sampled.hope(state, x, rng) for _ in range(200)])
    z = np.log(hope / (1.0 - hope))
    x1 = np.array([1.0, 1.0, 2.0])
    sd = 0.5 * np.sqrt(np.einsum("i,mij,j->m", x1, covariance, x1))
    # 12,800 samples: the mean has a standard error of sd / 113, the deviation of sd / 160.
    np.testing.assert_allclose(z.mean(axis=0), mean @ x1, atol=float(4 * sd.max() / 113))
    np.testing.assert_allclose(z.std(axis=0), sd, rtol=4 / 160)
    assert abs(np.corrcoef(z.T)[0, 1]) < 4 / 113  # models are drawn apart


def test_without_scale_nothing_is_left_to_chance() -> None:
    sampled = Sampled(logistic=OnlineLogistic(prior=0.7), scale=0.0)
    hope = sampled.hope(sampled.init(2, 1), np.zeros(1), np.random.default_rng(0))
    np.testing.assert_allclose(hope, 0.7)
