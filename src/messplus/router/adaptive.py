"""A route with the policy that we ship, from what its owner knows: names and prices."""

from collections.abc import Mapping

from messplus.core.adaptive import Adaptive
from messplus.costs import LogLinear
from messplus.encoders import Features, HashedNgrams
from messplus.errors import require_range
from messplus.predictors.experts import mixture
from messplus.priors import Prior, Start
from messplus.router.route import Route


def adaptive_route(
    name: str,
    *,
    alpha: float,
    prices: Mapping[str, float],
    cost_unit: str = "usd",
    features: Features | None = None,
    prior: Prior | None = None,
    keep_prompts: bool = False,
) -> Route:
    """A promise kept by `messplus.core.adaptive.Adaptive` with its own settings.

    Args:
        name: Of the route.
        alpha: Promised share of satisfied requests, in (0, 1].
        prices: What a typical answer of each model costs, >= 0; outcomes correct it. They set the order
            of the zoo: the cheapest first.
        cost_unit: Of these prices and of every outcome's cost.
        features: What the policy sees of a request. None: 64 hashed words and the length.
        prior: What `messplus fit` learned, of the same models, unit and features; None starts cold.
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
    models = tuple(sorted(prices, key=lambda model: prices[model]))
    list_price = tuple(float(prices[model]) for model in models)
    features = features or Features(HashedNgrams())
    if prior is None:
        start = Start(mixture(alpha), LogLinear(list_price=list_price), None)
    else:
        start = prior.start(
            models,
            cost_unit=cost_unit,
            encoding=features.identity,
            n_features=features.n_features,
            alpha=alpha,
            list_price=list_price,
        )
    policy = Adaptive(
        alpha=alpha,
        predictor=start.predictor,
        costs=start.costs,
        rehearsal=start.rehearsal,
    )
    origin = "cold" if prior is None else f"prior of {prior.n_requests} requests"
    return Route(
        name=name,
        alpha=alpha,
        models=models,
        policy=policy,
        policy_name=f"adaptive, {origin}",
        features=features,
        keep_prompts=keep_prompts,
    )
