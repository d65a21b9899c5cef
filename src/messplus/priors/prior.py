"""What was learned from recorded outcomes, for a policy to start from."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from messplus.core.types import Believer, CostEstimate, Floats
from messplus.costs import LogLinear
from messplus.costs.log_linear import LogBills
from messplus.errors import SettingError
from messplus.predictors.experts import experts
from messplus.predictors.hierarchical import JointPosterior
from messplus.predictors.logistic import Posterior
from messplus.predictors.mixture import MixtureState
from messplus.priors import loosen, match
from messplus.priors.doubted import Doubted
from messplus.priors.started import StartedCosts


@dataclass(frozen=True, slots=True)
class Start:
    """What a policy needs in order to start warm; see `Adaptive`.

    Attributes:
        predictor: Starts from what was learned, and drops it once verdicts speak against it.
        costs: Starts from the bills that were seen.
        rehearsal: Features of recorded requests, shape (n, d), for the policy's price window.
            None: there are none.
    """

    predictor: Believer[Any]
    costs: CostEstimate[LogBills]
    rehearsal: Floats | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prior:
    """What the adaptive policy's predictor and cost estimate learned from recorded outcomes.

    Attributes:
        models: Names of the M models in ascending cost.
        cost_unit: Unit of every cost: "usd", "joule", ...
        encoding: Identity of the features that it was learned on.
        satisfaction: Mean satisfaction of each model, in [0, 1]. The mean of these is what the
            experts expected before they saw any verdict.
        blinds: Of the two experts that do not read the request.
        shared: Of the expert whose slopes are shared by all models, on d features.
        apart: Of the expert with a regression per model.
        log_weight: Of these four, normalised, shape (4,).
        log_blind: Of the levels of the first two, normalised, shape (2,).
        bills: What answers cost.
        list_price: Mean bill of each model, in `cost_unit`, one per model.
        n_requests: Requests learned from, each with every model's verdict and bill, >= 1.
        sample: Features of the last of them, at most `fit.SAMPLE`, shape (n, d).
    """

    models: tuple[str, ...]
    cost_unit: str
    encoding: str
    satisfaction: tuple[float, ...]
    blinds: tuple[JointPosterior, JointPosterior]
    shared: JointPosterior
    apart: Posterior
    log_weight: Floats
    log_blind: Floats
    bills: LogBills
    list_price: tuple[float, ...]
    n_requests: int
    sample: Floats

    @property
    def n_features(self) -> int:
        """d, the width of the features that it was learned on."""
        return int(self.sample.shape[1])

    def start(
        self,
        models: Sequence[str],
        *,
        cost_unit: str,
        encoding: str,
        n_features: int,
        alpha: float,
        list_price: Sequence[float] | None = None,
    ) -> Start:
        """Loosen what was learned, and match it to a zoo by the names of its models.

        Args:
            models: The zoo to be served, in ascending cost. Models that it lacks are left out;
                those that the prior does not know start untrained, with what the others tell
                about any model.
            cost_unit: Of that zoo.
            encoding: Identity of the features of the requests to come.
            n_features: Their width.
            alpha: The promise: what is expected of models if the prior turns out to be wrong.
            list_price: What each model is expected to charge, of which only those of unknown
                models count. None: they are expected to cost nothing before their first bill.

        Raises:
            SettingError: It knows none of the models, or unit or features differ.
        """
        self._check(models, cost_unit, encoding, n_features)
        places = match.places(self.models, models)
        warm, n = experts(fmean(self.satisfaction)), self.n_requests
        shared, apart = warm.experts
        joint = zip((*warm.blinds, shared), (*self.blinds, self.shared), strict=True)
        states = (
            *(match.levels(one, loosen.levels(one, its, n), places) for one, its in joint),
            match.regressions(apart, loosen.regressions(apart, self.apart, n), places),
        )
        costs = LogLinear(list_price=None if list_price is None else tuple(list_price))
        bills = match.bills(costs, loosen.bills(costs, self.bills, n), places)
        return Start(
            predictor=Doubted(
                warm=warm.mixture,
                cold=experts(alpha).mixture,
                start=MixtureState(
                    states, loosen.weights(self.log_weight), loosen.weights(self.log_blind)
                ),
                known=places >= 0,
            ),
            costs=StartedCosts(costs, bills),
            rehearsal=self.sample,
        )

    def _check(self, models: Sequence[str], cost_unit: str, encoding: str, n_features: int) -> None:
        """Raise a `SettingError` if nothing of this says anything about such requests."""
        if not set(models) & set(self.models):
            raise SettingError(
                f"the prior knows none of the models {', '.join(models)}: it was learned on "
                f"{', '.join(self.models)}; fit it on outcomes of this zoo"
            )
        if cost_unit != self.cost_unit:
            raise SettingError(
                f"the prior's costs are in {self.cost_unit!r}, these in {cost_unit!r}: fit it on "
                "outcomes with costs in the same unit"
            )
        if (encoding, n_features) != (self.encoding, self.n_features):
            raise SettingError(
                f"the prior was learned on {self.n_features} features ({self.encoding}), the "
                f"requests have {n_features} ({encoding}): fit it with the same --encoder, and on "
                "one task if one task is served, on several if several are"
            )


def same_models(models: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two zoos have the same models, in whatever order."""
    return len(models) == len(others) and set(models) == set(others)
