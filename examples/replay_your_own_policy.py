"""Replay a policy of your own beside MESS+, on the same requests in the same order.

    python examples/replay_your_own_policy.py

A policy is any object with four methods (messplus.core.types.Policy). This one knows a single trick:
short prompts go to the cheapest model, all others to the largest.
"""

import numpy as np

from messplus.core.types import Decision, Draws, Floats, Request, Verdict
from messplus.datasets.shipped import shipped_table
from messplus.encoders import HashedNgrams
from messplus.replay.metrics import measure
from messplus.replay.policies import policy_from_spec
from messplus.replay.run import replay
from messplus.replay.streams import make_streams

LOG_LENGTH = -1  # the last feature of a stream without attributes is the scaled log length


class ByLength:
    """Short prompts to the cheapest model, long ones to the largest. Learns nothing."""

    def init(self, n_models: int, n_features: int) -> int:
        """All that it remembers is how large the zoo is."""
        return n_models

    def decide(self, state: int, request: Request, draws: Draws) -> tuple[Decision, int]:
        """Look at the length alone."""
        model = 0 if request.features[LOG_LENGTH] < -0.6 else state - 1
        unknown = np.full(state, np.nan)
        decision = Decision(
            model=model, asked=(model,), explored=False, propensity=1.0, queue=0.0,
            p_sat=unknown, cost=unknown,
        )  # fmt: skip
        return decision, state

    def charge(self, state: int, request: Request, decision: Decision, cost: Floats) -> int:
        """Costs change nothing."""
        return state

    def learn(
        self,
        state: int,
        request: Request,
        decision: Decision,
        verdict: Verdict,
    ) -> int:
        """Verdicts change nothing."""
        return state


def main() -> None:
    """Both policies on the recorded requests that ship with the package."""
    (stream,) = make_streams(shipped_table(), HashedNgrams())
    for name, policy in (
        ("by length", ByLength()),
        ("messplus", policy_from_spec("messplus")(stream)),
    ):
        figures = measure(stream, replay(stream, policy, seed=0))
        print(
            f"{name:10} {figures.cost_total * 1e3:6.2f} mUSD   "
            f"satisfied {figures.satisfaction:.1%} (promised {stream.alpha:.0%})"
        )


if __name__ == "__main__":
    main()
