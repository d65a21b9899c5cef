"""What is common to all promises of a router: the zoo, what is seen of a request, and how to decide."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from messplus.core.adaptive import Adaptive
from messplus.core.types import Policy
from messplus.costs import LogLinear
from messplus.encoders import Features, HashedNgrams
from messplus.errors import SettingError, require_range
from messplus.predictors.experts import mixture
from messplus.priors import Prior, Start


class Zoo(NamedTuple):
    """Models in ascending list price, with room for those that have left.

    Attributes:
        models: Their names.
        prices: What a typical answer of each is expected to cost before its first bill, >= 0.
    """

    models: tuple[str, ...]
    prices: tuple[float, ...]


PolicyOf = Callable[[Zoo, float], Policy[Any]]
"""The policy for a zoo and an alpha. Its predictor and cost estimate do not depend on that alpha: what
they learn is shared by all promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Decides, for whatever is promised, with one predictor and one cost estimate.

    Attributes:
        zoo: The models to be served.
        features: Turns a prompt into what policies see.
        policy_of: Makes the policy of a promise.
        policy_name: Another one starts a fold of its own over the log.
        cost_unit: Of prices and of every outcome's cost.
        keep_prompts: Whether prompts are written to the log.
    """

    zoo: Zoo
    features: Features
    policy_of: PolicyOf
    policy_name: str
    cost_unit: str = "usd"
    keep_prompts: bool = False

    @property
    def models(self) -> tuple[str, ...]:
        """The zoo in ascending list price."""
        return self.zoo.models

    @property
    def fingerprint(self) -> str:
        """Of what a state depends on; models and promises may come and go."""
        parts = (self.policy_name, self.features.identity, self.cost_unit)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def adaptive_engine(
    prices: Mapping[str, float],
    *,
    alpha: float = 0.8,
    cost_unit: str = "usd",
    features: Features | None = None,
    prior: Prior | None = None,
    keep_prompts: bool = False,
) -> Engine:
    """`messplus.core.adaptive.Adaptive` with its own settings, for every promise.

    Args:
        prices: What a typical answer of each model costs, >= 0; outcomes correct it. They set the order
            of the zoo: the cheapest first.
        alpha: Satisfaction expected of models that nothing is known of, in (0, 1]; what most routes
            promise is a good guess.
        cost_unit: Of these prices and of every outcome's cost.
        features: What the policy sees of a request. None: 64 hashed words and the length.
        prior: What `messplus fit` learned, of the same unit and features; None starts cold.
        keep_prompts: Whether prompts are written to the log.

    Raises:
        SettingError: There is no model, a price is negative, alpha is out of its range, or the prior
            does not fit.
    """
    require_range("prices", dict(prices), "of at least one model", ok=bool(prices))
    for model, price in prices.items():
        require_range(
            f"price of {model}", price, "finite and at least 0", ok=0 <= price < float("inf")
        )
    require_range("alpha", alpha, "in (0, 1]", ok=0 < alpha <= 1)
    seen = features or Features(HashedNgrams())
    models = tuple(sorted(prices, key=lambda model: prices[model]))
    zoo = Zoo(models, _as_logged([prices[model] for model in models]))

    @lru_cache(maxsize=8)
    def start(zoo: Zoo) -> Start:
        if prior is None:
            return Start(mixture(alpha), LogLinear(list_price=zoo.prices), None)
        return prior.start(
            zoo.models,
            cost_unit=cost_unit,
            encoding=seen.identity,
            n_features=seen.n_features,
            alpha=alpha,
            list_price=zoo.prices,
        )

    def policy_of(zoo: Zoo, alpha: float) -> Adaptive[Any, Any]:
        begun = start(zoo)
        return Adaptive(
            alpha=alpha,
            predictor=begun.predictor,
            costs=begun.costs,
            rehearsal=begun.rehearsal,
        )

    start(zoo)  # a prior that does not fit is refused here, not at the first request
    origin = "cold" if prior is None else f"prior of {prior.n_requests} requests"
    return Engine(
        zoo=zoo,
        features=seen,
        policy_of=policy_of,
        policy_name=f"adaptive, {origin}",
        cost_unit=cost_unit,
        keep_prompts=keep_prompts,
    )


_TRIES: Final = 8


def _as_logged(prices: list[float]) -> tuple[float, ...]:
    """Prices as the first decision has them: through a logarithm and back, until nothing changes.

    A log then tells at which price a model joined, to the last bit, and needs no record of prices.
    """
    kept = np.array(prices, dtype=np.float64)
    with np.errstate(divide="ignore"):
        for _ in range(_TRIES):
            before, kept = kept, np.exp(np.log(kept))
            if np.array_equal(before, kept):
                break
    return tuple(kept.tolist())


def merged(known: Zoo, served: Zoo) -> Zoo:
    """A zoo of all models ever known: those served in their own order, the others beside them.

    One that is not served any more stays before the model that it was before, or at the end. A list
    price counts before the first bill only, so a known model keeps its own.

    Raises:
        SettingError: A served model is listed twice.
    """
    if len(set(served.models)) < len(served.models):
        raise SettingError(f"models must differ, got {', '.join(served.models)}")
    models = list(served.models)
    for at in range(len(known.models) - 1, -1, -1):
        if (gone := known.models[at]) not in models:
            after = known.models[at + 1 : at + 2]
            models.insert(models.index(after[0]) if after else len(models), gone)
    if tuple(models) == known.models:
        return known
    price = dict(zip(*served, strict=True)) | dict(zip(*known, strict=True))
    return Zoo(tuple(models), tuple(price[model] for model in models))
