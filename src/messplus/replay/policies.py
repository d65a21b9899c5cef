"""The policies that can be replayed, by name; the baselines are in a package of their own.

A spec such as `messplus:v=1e-4,c=0.1` names a policy and its settings; `policy_from_spec` builds it
for one stream.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from messplus import specs
from messplus.core.adaptive import Adaptive, Asks
from messplus.core.contract import Contract
from messplus.core.messplus import Deliver, LearnFrom, MessPlus, Silence
from messplus.core.shielded import Shielded
from messplus.core.types import CostEstimate, Policy
from messplus.costs import Known, LogLinear, RunningMean
from messplus.errors import SettingError, unknown
from messplus.predictors import predictor_from_spec
from messplus.predictors.experts import Which, mixture
from messplus.priors import Start, fit, load
from messplus.replay.baselines import BASELINES
from messplus.replay.baselines.trained import Past, Trained, train_requests
from messplus.replay.streams import Stream

Cost = Literal["mean", "predicted", "request"]

_COSTS: Mapping[Cost, CostEstimate[Any]] = {
    "mean": RunningMean(),
    "predicted": LogLinear(),
    "request": Known(),
}

PAPER_V_PER_JOULE = 1e-4
"""The paper's default V (section 4.1). It belongs to costs in joules."""

PAPER_V_OF_SPREAD = 0.15
"""The same V without a unit: 1e-4 per joule times the 1,550 J (mean over the eight benchmarks) by
which the paper's dearest model costs more than its cheapest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessPlusSettings:
    """`messplus`: Algorithm 1 as published. See `messplus.core.messplus.MessPlus`.

    Attributes:
        v: V, in requests per unit of cost. None: the paper's 1e-4 if costs are joules, else the
            same weight relative to the spread of costs (see `v_spread`).
        v_spread: V times (mean cost of the dearest model - that of the cheapest): no unit.
        c: Exploration scale.
        predictor: Spec of the predictor; `;` stands for the comma in its own options.
        cost: `mean`: running mean per model. `predicted`: from the features of the request.
            `request`: recorded cost of this very request, as if known on arrival.
        deliver: See MessPlus; so for the following.
        explore_first: See MessPlus.
        learn_from: See MessPlus.
        silence: See MessPlus.
    """

    v: float | None = None
    v_spread: float | None = None
    c: float = 0.1
    predictor: str = "logistic"
    cost: Cost = "mean"
    deliver: Deliver = "largest"
    explore_first: bool = True
    learn_from: LearnFrom = "explored"
    silence: Silence = "freeze"

    def build(self, stream: Stream) -> Policy[Any]:
        """Algorithm 1 for one stream."""
        return MessPlus(
            alpha=stream.alpha,
            v=self._v(stream),
            predictor=predictor_from_spec(self.predictor.replace(";", ",")),
            costs=_COSTS[self.cost],
            c=self.c,
            explore_first=self.explore_first,
            deliver=self.deliver,
            learn_from=self.learn_from,
            silence=self.silence,
        )

    def _v(self, stream: Stream) -> float:
        if self.v is not None and self.v_spread is not None:
            raise SettingError("give v or v_spread, not both: they set the same weight")
        if self.v is not None:
            return self.v
        if self.v_spread is None and stream.cost_unit == "joule":
            return PAPER_V_PER_JOULE
        spread = float(np.ptp(stream.cost.mean(axis=0)))
        weight = PAPER_V_OF_SPREAD if self.v_spread is None else self.v_spread
        return weight / spread if spread > 0 else weight


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveSettings:
    """`adaptive`: no knob that has to fit zoo, unit or workload. See `messplus.core.adaptive`.

    List prices are each model's mean recorded cost: what a price table and typical lengths tell.

    Attributes:
        softness: See Adaptive; so for the following.
        urgency: See Adaptive.
        optimism: See Adaptive.
        patience: See Adaptive.
        window: See Adaptive.
        resolve_every: See Adaptive.
        explore: See Adaptive.
        explore_asks: See Adaptive.
        credit: See Adaptive.
        experts: Who predicts satisfaction; see `messplus.predictors.experts.Which`.
        cost: As in MessPlusSettings.
        contract: Also keep tumbling windows of so many requests, >= 1; see
            `messplus.core.shielded.Shielded`. 0: only the average over the stream.
        risk: Share of those windows that may be broken, in (0, 1).
        prior: Path of a file that `messplus fit` wrote, to start from; "" starts from nothing.
        train_share: Share of the stream, in [0, 1), on which every model is asked first, and charged,
            to fit such a prior: what trained routers get. 0: starts without.
    """

    softness: float = 25.0
    urgency: float = 10.0
    optimism: float = 0.5
    patience: float = 20.0
    window: int = 200
    resolve_every: int = 5
    explore: float = 0.0
    explore_asks: Asks = "one"
    credit: float = 100.0
    experts: Which = "all"
    cost: Cost = "predicted"
    contract: int = 0
    risk: float = 0.05
    prior: str = ""
    train_share: float = 0.0

    def build(self, stream: Stream) -> Policy[Any]:
        """The policy for one stream: the promise is the best first guess of any satisfaction."""
        if self.train_share == 0.0:
            return self.started(stream, self._start(stream))
        if self.prior:
            raise SettingError("give prior or train_share, not both: either is a start")
        self._check_all_experts("train_share")
        requests = train_requests(stream.n_requests, self.train_share)
        return Trained(requests=requests, course=_FitPrior(self, stream))

    def started(self, stream: Stream, start: Start) -> Policy[Any]:
        """The policy for one stream, from this start."""
        policy: Adaptive[Any, Any] = Adaptive(
            alpha=stream.alpha,
            predictor=start.predictor,
            costs=start.costs,
            rehearsal=start.rehearsal,
            softness=self.softness,
            urgency=self.urgency,
            optimism=self.optimism,
            patience=self.patience,
            window=self.window,
            resolve_every=self.resolve_every,
            explore=self.explore,
            explore_asks=self.explore_asks,
            credit=self.credit,
        )
        if self.contract == 0:
            return policy
        return Shielded(policy=policy, contract=self._windows(stream))

    def _windows(self, stream: Stream) -> Contract:
        """The contract; verdicts between 0 and 1 need a shield that allows for them."""
        graded = bool(((stream.score > 0.0) & (stream.score < 1.0)).any())
        return Contract(window=self.contract, delta=self.risk, graded=graded)

    def _start(self, stream: Stream) -> Start:
        """Untrained experts and list prices, or what the prior says."""
        list_price = tuple(stream.cost.mean(axis=0).tolist())
        if not self.prior:
            costs = _COSTS[self.cost]
            if self.cost == "predicted":
                costs = LogLinear(list_price=list_price)
            return Start(mixture(stream.alpha, self.experts), costs, None)
        self._check_all_experts("prior")
        return load(self.prior).start(
            stream.models,
            cost_unit=stream.cost_unit,
            encoding=stream.encoding,
            n_features=stream.features.shape[1],
            alpha=stream.alpha,
            list_price=list_price,
        )

    def _check_all_experts(self, setting: str) -> None:
        """Raise a `SettingError` where the policy is not what a prior holds."""
        if (self.experts, self.cost) != ("all", "predicted"):
            raise SettingError(
                f"{setting}: a prior holds all experts and predicted costs: leave out experts, cost"
            )


@dataclass(frozen=True, slots=True)
class _FitPrior:
    """Fits a prior on the training split and starts from it; implements `trained.Course`."""

    settings: AdaptiveSettings
    stream: Stream

    def graduate(self, past: Past, rng: np.random.Generator) -> Policy[Any]:
        """The policy with what the past tells."""
        stream = self.stream
        prior = fit(
            past.features,
            past.score,
            past.cost,
            models=stream.models,
            cost_unit=stream.cost_unit,
            encoding=stream.encoding,
        )
        start = prior.start(
            stream.models,
            cost_unit=stream.cost_unit,
            encoding=stream.encoding,
            n_features=past.features.shape[1],
            alpha=stream.alpha,
        )
        return self.settings.started(stream, start)


class PolicySettings(Protocol):
    """The settings of a policy: a frozen dataclass, each field an option of its spec."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def build(self, stream: Stream) -> Policy[Any]:
        """The policy for one stream; raises `SettingError` where a setting does not fit it."""
        ...


POLICIES: Mapping[str, type[PolicySettings]] = {
    "messplus": MessPlusSettings,
    "adaptive": AdaptiveSettings,
    **BASELINES,
}


def policy_from_spec(text: str) -> Callable[[Stream], Policy[Any]]:
    """What builds, for any stream, the policy that a spec names. Settings are checked at once.

    Raises:
        SettingError: The name or an option is unknown, or a value is not of its type.
    """
    spec = specs.parse(text)
    if spec.name not in POLICIES:
        raise unknown("policy", spec.name, POLICIES)
    return specs.settings(POLICIES[spec.name], spec, "policy").build


def digest_of_files(text: str) -> str:
    """SHA-256 over the file that a policy reads besides its stream; "" if it reads none.

    Raises:
        SettingError: The spec is wrong.
        OSError: There is no such file.
    """
    spec = specs.parse(text)
    if spec.name != "adaptive":
        return ""
    path = specs.settings(AdaptiveSettings, spec, "policy").prior
    return sha256(Path(path).read_bytes()).hexdigest() if path else ""
