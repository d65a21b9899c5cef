"""Put Algorithm 1 into a program of your own: decide, ask the model, tell it the verdict.

    python examples/route_and_learn.py

The three "models" here are made up, so that the example runs anywhere: each answers a share of the
requests well. What a real program puts in their place is marked.
"""

import numpy as np

from messplus.core.messplus import MessPlus
from messplus.core.types import Draws, Request, Verdict
from messplus.costs import RunningMean
from messplus.encoders import Features, HashedNgrams
from messplus.predictors import predictor_from_spec

MODELS = ("small", "medium", "large")  # the zoo, in ascending cost
COST_USD = np.array([0.0002, 0.001, 0.006])  # your price table, or the bill of each call
ANSWERS_WELL = np.array([0.60, 0.80, 0.90])  # your users know this; the router has to learn it


def main() -> None:
    """Serve 2,000 requests under the promise that 3 in 4 are answered satisfactorily."""
    rng = np.random.default_rng(0)
    features = Features(HashedNgrams())
    router = MessPlus(
        alpha=0.75,
        v=300.0,  # requests per USD: a satisfied request is worth up to a few tenths of a cent
        predictor=predictor_from_spec("logistic"),
        costs=RunningMean(),
    )
    state = router.init(n_models=len(MODELS), n_features=features.n_features)

    satisfied, spent_usd = 0.0, 0.0
    for t in range(2000):
        prompt = f"What is {t} plus {t % 7}?"  # the request that came in
        request = Request(features=features.transform([prompt])[0])
        decision, state = router.decide(state, request, Draws(*rng.random(2)))

        # Call every model in decision.asked here, and deliver the answer of decision.model.
        asked = list(decision.asked)
        verdicts = (rng.random(len(MODELS)) < ANSWERS_WELL).astype(float)

        state = router.charge(state, request, decision, COST_USD)
        state = router.learn(state, request, decision, Verdict(verdicts, decision.asked_mask))
        satisfied += verdicts[decision.model]
        spent_usd += COST_USD[asked].sum()

    print(f"satisfied: {satisfied / 2000:.1%} of 2,000 requests (promised: {router.alpha:.0%})")
    print(f"spent: {spent_usd:.2f} USD (largest model alone: {2000 * COST_USD[-1]:.2f} USD)")
    print(f"owed: {state.queue:.1f} satisfied requests")


if __name__ == "__main__":
    main()
