"""The theorems of MESS+ as functions, and a sharper derivation for the same rule.

Sources: arXiv:2505.19947, section 3 and appendix A (T1, C1, T2); `dpp_*` is the standard
drift-plus-penalty argument, kept in measured quantities; `debt_exponent`, `excursion_tail` and
`debt_tail` are about the signed debt of the adaptive policy (docs/explanation/guarantees.md), `owed`
and `audit_noise` about that debt where only some answers are audited (docs/explanation/feedback.md).

Symbols, beyond those of messplus.py:

    delta_e    E_max - E_min, largest minus smallest cost of any model   cost
    psi        requests after which assumption 1 holds                   requests
    beta       margin of assumption 1: models predicted within beta of   1, > 0
               the best satisfy with probability >= q
    q          that probability; assumption 1 wants q > alpha            1
    f_min      irreducible cross entropy of the predictor                nats
"""

import math
from dataclasses import dataclass

import numpy as np

from messplus.core.exploration import expected_count
from messplus.core.types import Floats
from messplus.errors import require_range


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption1:
    """Constants of assumption 1 (predictor good after psi requests) for one stream.

    Attributes:
        psi: Requests until the predictor is good, >= 0.
        beta: Margin in predicted satisfaction, > 0.
        q: Satisfaction of every model within the margin, in (alpha, 1].
    """

    psi: float
    beta: float
    q: float

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("psi", self.psi, "at least 0", ok=self.psi >= 0)
        require_range("beta", self.beta, "positive", ok=self.beta > 0)
        require_range("q", self.q, "in (0, 1]", ok=0 < self.q <= 1)


def gamma(alpha: float, v: float, delta_e: float, a1: Assumption1) -> float:
    """gamma = max(alpha psi, V delta_e / beta): the debt beyond which the queue drifts down.

    Raises:
        SettingError: q is not above alpha: then there is no such drift, and no theorem.
    """
    require_range("q", a1.q, f"above alpha = {alpha}", ok=a1.q > alpha)
    return max(alpha * a1.psi, v * delta_e / a1.beta)


def queue_bound(t: Floats, alpha: float, v: float, delta_e: float, a1: Assumption1) -> Floats:
    """Theorem 1: E[Q_t] <= gamma + sqrt(t), for every t >= 1, shape of `t`."""
    return gamma(alpha, v, delta_e, a1) + np.sqrt(t)


def mean_queue_bound(alpha: float, v: float, delta_e: float, a1: Assumption1) -> float:
    """Theorem 1: the time average of E[Q] <= gamma + 1 / (2 (q - alpha))."""
    return gamma(alpha, v, delta_e, a1) + 1.0 / (2.0 * (a1.q - alpha))


def shortfall_bound(t: Floats, alpha: float, v: float, delta_e: float, a1: Assumption1) -> Floats:
    """Corollary 1: alpha - mean satisfaction <= E[Q_{t+1}] / t <= (gamma + sqrt(t)) / t.

    The proof of theorem 1 starts from an empty queue, so sqrt(t) already holds for Q_{t+1}.
    """
    return queue_bound(t, alpha, v, delta_e, a1) / t


def pathwise_shortfall(queue: Floats) -> Floats:
    """alpha - mean satisfaction after t requests is at most Q_{t+1} / t, on every sample path.

    Args:
        queue: Q_2 .. Q_{T+1}, shape (T,), from `queue.path`. No assumption, no expectation: this
            is what equation (2) alone says.
    """
    return queue / np.arange(1, len(queue) + 1)


def alpha_for_compliance(
    contract: float, n_requests: int, v: float, delta_e: float, a1: Assumption1
) -> float:
    """The alpha to run with so that the contractual one is met after `n_requests` (section 3).

    alpha = contract + V delta_e / (beta T0) + 1 / sqrt(T0); valid if alpha psi <= V delta_e / beta
    and q > alpha, with the alpha that it returns. May exceed 1: then no setting of alpha gives that
    guarantee within so few requests.
    """
    return contract + v * delta_e / (a1.beta * n_requests) + 1.0 / math.sqrt(n_requests)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostGap:
    """How far the mean cost per request may lie above the optimum, by cause, in units of cost.

    Attributes:
        drift: What the virtual queue costs: shrinks like 1 / V.
        prediction: What wrong predictions cost.
        exploration: What asking every model costs: shrinks like T^(-1/4).
    """

    drift: float
    prediction: float
    exploration: float

    @property
    def total(self) -> float:
        """All three together."""
        return self.drift + self.prediction + self.exploration


def cost_gap(
    n_requests: int,
    *,
    v: float,
    c: float,
    n_models: int,
    f_min: float,
    mean_queue: float,
    cost_max: float,
) -> CostGap:
    """Theorem 2 in the explicit form of its proof, without the vanishing O(M t^-3/4) part.

    Args:
        n_requests: Length T of the stream.
        v: Weight of cost, in requests per unit of cost.
        c: Exploration scale.
        n_models: M.
        f_min: Irreducible cross entropy, in nats: mean over the models, as the loss is.
        mean_queue: Time average of E[Q_t], measured or from `mean_queue_bound`.
        cost_max: E_max, cost of the dearest call.

    Returns:
        The terms 1/(2V), (2/V) M F_min mean(Q) and E[K] M E_max / T.
    """
    return CostGap(
        drift=1.0 / (2.0 * v),
        prediction=2.0 / v * n_models * f_min * mean_queue,
        exploration=expected_count(c, n_requests) * n_models * cost_max / n_requests,
    )


def dpp_cost_gap(
    n_requests: int,
    *,
    v: float,
    c: float,
    alpha: float,
    mean_queue_error: float,
    cost_all: float,
    cost_best: float,
) -> CostGap:
    """The drift-plus-penalty cost gap in measured quantities: sharper than theorem 2.

    Args:
        n_requests: Length T of the stream.
        v: Weight of cost, in requests per unit of cost.
        c: Exploration scale.
        alpha: The promise.
        mean_queue_error: Mean of Q_t max_m |s_hat_{m,t} - p_{m,t}| over the stream.
        cost_all: Mean cost of asking every model.
        cost_best: The optimum C* that the gap is counted from.

    Returns:
        B / V with B = max(alpha, 1 - alpha)^2 / 2; (2 / V) mean(Q e); (cost_all - C*) E[K] / T.
    """
    return CostGap(
        drift=max(alpha, 1.0 - alpha) ** 2 / (2.0 * v),
        prediction=2.0 / v * mean_queue_error,
        exploration=(cost_all - cost_best) * expected_count(c, n_requests) / n_requests,
    )


def dpp_queue_bound(
    t: Floats, *, v: float, alpha: float, delta_e: float, queue_error: Floats | float = 0.0
) -> Floats:
    """E[Q_t] <= sqrt(2 t (B + V delta_e) + 4 sum Q e): needs no slack, grows like sqrt(V t).

    Args:
        t: Requests so far, shape (T,).
        v: Weight of cost, in requests per unit of cost.
        alpha: The promise.
        delta_e: E_max - E_min.
        queue_error: Cumulative sum of Q_tau e_tau up to t; 0 for a predictor that knows p.
    """
    drift = max(alpha, 1.0 - alpha) ** 2 / 2.0
    return np.asarray(np.sqrt(2.0 * t * (drift + v * delta_e) + 4.0 * queue_error))


def fluid_queue(v: float, price: float) -> float:
    """V lambda*: the debt at which MESS+ holds the right price, and so the debt it settles at.

    In MESS+ the price of satisfaction is Q / V. Holding the optimal price lambda* = dC*/dalpha (in
    cost per satisfied request) needs a queue of V lambda*: the shortfall after t requests is about
    V lambda* / t.
    """
    return v * price


def debt_exponent(alpha: float, q: float) -> float:
    """theta > 0 with q e^(-theta (1 - alpha)) + (1 - q) e^(theta alpha) = 1: how fast a debt's tail falls.

    A model that satisfies with probability q > alpha changes the signed debt D by alpha - s. The mean
    of e^(theta (alpha - s)), m(theta), is 1 at 0, falls at first (the mean change is alpha - q < 0), is
    convex, and grows without limit with every miss: so it is 1 once more, at one theta > 0. It has its
    minimum e^(-KL(alpha || q)) at log(q (1 - alpha) / (alpha (1 - q))), and is above 1 where already
    the misses make it so, from -log(1 - q) / alpha on; bisection between the two. q = 1: infinite.

    Raises:
        SettingError: q is not above alpha: then debts are not paid back.
    """
    require_range("alpha", alpha, "in (0, 1)", ok=0.0 < alpha < 1.0)
    require_range("q", q, f"above alpha = {alpha} and at most 1", ok=alpha < q <= 1.0)
    if q == 1.0:
        return math.inf
    low = math.log(q) + math.log1p(-alpha) - math.log(alpha) - math.log1p(-q)
    high = -math.log1p(-q) / alpha
    while low < (middle := 0.5 * (low + high)) < high:
        if _log_moment(middle, alpha, q) <= 0.0:
            low = middle
        else:
            high = middle
    return low


def _log_moment(theta: Floats | float, alpha: float, q: float) -> Floats:
    """log m(theta), m as in `debt_exponent`; accurate for small theta too."""
    return np.asarray(theta * alpha + np.log1p(q * np.expm1(-theta)))


def excursion_tail(x: Floats, alpha: float, q: float) -> Floats:
    """P(an excursion of the debt above D0 gets beyond D0 + x) <= e^(-theta (x - alpha)); shape of `x`.

    Given are prompt verdicts s in [0, 1] and a level D0 of the debt D = sum(alpha - s) above which
    every answer satisfies with mean at least q > alpha given the past, whatever else depends on the
    past. An excursion is the time from a crossing of D0 upwards until D is back at D0 or below.

    Proof. e^(theta (alpha - s)) is convex in s, so its mean given the past is at most that of a verdict
    of 0 or 1 with the same mean, which falls as that mean rises: it is at most m(theta) = 1. Hence
    e^(theta D), stopped when D <= D0, is a supermartingale from the start of the excursion on. It
    starts at D <= D0 + alpha, as one answer adds at most alpha. By the maximal inequality for
    supermartingales that are not negative, P(D >= y at any time of the excursion) <=
    e^(theta (D0 + alpha - y)): y = D0 + x. This is the argument of Lundberg and Kingman for ruin and
    queues.

    It is about one excursion. At some time of the first n of them the debt gets that far with
    probability at most n times as much.
    """
    theta = debt_exponent(alpha, q)
    beyond = np.asarray(x, dtype=np.float64) - alpha
    if math.isinf(theta):
        return np.where(beyond <= 0.0, 1.0, 0.0)
    return np.asarray(np.exp(-theta * np.maximum(beyond, 0.0)))


def debt_tail(x: Floats, alpha: float, q: float) -> Floats:
    """P(D_t > D0 + x) for any one t, if D starts at D0 or below; same conditions, shape of `x`.

    At most e^(-eta (x - alpha)) / (1 - m(eta)) for every eta in (0, theta); the least over a grid.

    Proof (after Hajek, 1982). Let Y_t = e^(eta (D_t - D0)). Above D0, E[Y_{t+1} | past] <= m(eta) Y_t;
    at D0 and below, Y_{t+1} <= e^(eta alpha). So E[Y_{t+1}] <= m(eta) E[Y_t] + e^(eta alpha), and from
    Y_1 <= 1 on E[Y_t] <= e^(eta alpha) / (1 - m(eta)): Markov's inequality. At theta itself the constant
    is infinite, as nothing is assumed on how often excursions begin.
    """
    x = np.asarray(x, dtype=np.float64)
    theta = debt_exponent(alpha, q)
    if math.isinf(theta):  # m(eta) = e^(-eta (1 - alpha)): no debt beyond D0 + alpha, at eta = inf
        return np.where(x < alpha, 1.0, 0.0)
    eta = theta * np.arange(1, 512) / 512
    tails = np.exp(-eta * (x[..., None] - alpha)) / -np.expm1(_log_moment(eta, alpha, q))
    return np.asarray(np.minimum(1.0, tails.min(axis=-1)))


def owed(alpha: float, f: float, rate: float, audit: float | None = None) -> float:
    """What one request adds to the debt: alpha - f, and -(s - f) / rate more if it was audited.

    Its mean over the draw of the audit is alpha - s, whatever f is, provided that f does not depend on
    whether the answer is audited or on what the audit said. If more signals come later, the request
    may be booked again with the new f, audited or not, by the difference of the two amounts.

    Args:
        alpha: The promise.
        f: What is believed of the answer without the audit, in [0, 1].
        rate: Probability pi with which each answer is audited, in (0, 1].
        audit: The audit's verdict s, in [0, 1]; None: not audited.

    Raises:
        SettingError: The rate is out of its range.
    """
    require_range("rate", rate, "in (0, 1]", ok=0.0 < rate <= 1.0)
    return alpha - f - (0.0 if audit is None else (audit - f) / rate)


def audit_noise(f: float, rate: float) -> float:
    """Variance that the draw of audits adds to the debt per request, if f is calibrated.

    (1 - pi) / pi * E[(s - f)^2], which is f (1 - f) (1 - pi) / pi. A good judge brings f to 0 or 1,
    and the noise down.
    """
    return f * (1.0 - f) * (1.0 - rate) / rate


def unseen_steps(alpha: float, unseen: Floats | float) -> Floats:
    """How far the queue, or the debt, can be from what is known of it: max(alpha, 1 - alpha) * unseen.

    One step of the queue, q -> max(0, q + alpha - s), and one of the debt with its credit capped, never
    move two starting points apart. So what is known differs from what is only by the steps in between,
    and each is at most max(alpha, 1 - alpha) for s in [0, 1]. No assumption.

    Args:
        alpha: The promise.
        unseen: Requests that were decided and are not known of, >= 0: with N replicas that share d
            requests evenly and each know their own, d (1 - 1 / N) at most.
    """
    return np.asarray(max(alpha, 1.0 - alpha) * np.asarray(unseen, dtype=np.float64))


def stale_cost_gap(v: float, queue_error: float) -> float:
    """What deciding by an old queue adds to `dpp_cost_gap`: mean |Q - Q~| / V, in units of cost.

    Proof. The rule minimises V E_m + Q~ (alpha - s_hat_m) with the queue Q~ that it knows. Adding
    (Q - Q~)(alpha - s_hat) of its own choice to both sides gives inequality (b) of the guarantees with
    (Q - Q~)(s_hat_pi - s_hat_m*) more on the right, and two probabilities differ by at most 1. What the
    optimal policy pi does depends neither on Q nor on Q~. Decisions within a constant of the best one
    are the C-additive approximations of drift plus penalty (Neely 2010, chapter 4).

    Args:
        v: Weight of cost, in requests per unit of cost.
        queue_error: Mean over requests of |Q - Q~|, measured, or from `unseen_steps`.
    """
    return queue_error / v


def stale_queue_bound(
    t: Floats,
    *,
    v: float,
    alpha: float,
    delta_e: float,
    queue_error: float,
    prediction_error: Floats | float = 0.0,
) -> Floats:
    """`dpp_queue_bound` with an old queue: E[Q_t] <= sqrt(2 t (B + V delta_e + |Q - Q~|) + 4 sum Q e).

    Args:
        t: Requests so far, shape (T,).
        v: Weight of cost, in requests per unit of cost.
        alpha: The promise.
        delta_e: E_max - E_min.
        queue_error: Mean of |Q - Q~| over the requests so far, as in `stale_cost_gap`.
        prediction_error: Cumulative sum of Q_tau e_tau, e of predictions as old as they were.
    """
    # What V delta_e stands for is that much larger.
    return dpp_queue_bound(
        t, v=v, alpha=alpha, delta_e=delta_e + queue_error / v, queue_error=prediction_error
    )


def stale_debt_level(level: float, alpha: float, unseen: float) -> float:
    """The debt above which a policy surely acts that knows all but `unseen` requests: D0 + alpha unseen.

    A policy whose answers satisfy with at least q > alpha where the debt that it *knows* is above D0
    does so wherever the true debt is above this level, because an unseen request adds at most alpha. So
    `excursion_tail` and `debt_tail` hold for the true debt from there on: staleness shifts the tail,
    and does not make it heavier.
    """
    return level + alpha * unseen


def stale_variance(gain: float, every: float) -> float:
    """How many times the variance of the queue grows if all decide by what it was at the latest cut.

    Near the right price one request of debt more raises satisfaction per request by the gain g. Let the
    queue be told every d requests and in between all answer by that one. From cut to cut it is then
    Q' = (1 - g d) Q + noise of variance d alpha (1 - alpha), whose stationary variance is
    alpha (1 - alpha) / (g (2 - g d)): for d -> 0 the alpha (1 - alpha) / (2 g) of the Ornstein-Uhlenbeck
    process, and 1 / (1 - g d / 2) times as much for d > 0. From g d = 1 on it overshoots, from g d = 2 on
    it swings ever wider, until prices cannot get any higher or lower.

    Args:
        gain: g, in 1 per request of debt, > 0; S'(lambda) / V in MESS+.
        every: Requests between two cuts, d >= 0.

    Raises:
        SettingError: g d is 2 or more: there is no such variance.
    """
    require_range("gain * every", gain * every, "in [0, 2)", ok=0.0 <= gain * every < 2.0)
    return 1.0 / (1.0 - gain * every / 2.0)
