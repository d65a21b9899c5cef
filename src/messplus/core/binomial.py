"""How likely enough of the remaining answers are satisfied: exact, and a bound in closed form.

All rates are lower bounds: answers that each satisfy with probability >= q *given the past* make any
number at least as likely as independent ones with probability q do (couple them one by one).
"""

import math
from functools import lru_cache

import numpy as np


@lru_cache(maxsize=1 << 14)
def at_least(n: int, need: int, q: float) -> float:
    """P(Binomial(n, q) >= need), to 1e-11 (1e-8 for n of a million); n >= 0, q in [0, 1].

    Sums the shorter tail, of which some sqrt(n) terms matter: some 10 microseconds for n = 10,000.
    """
    if need <= 0:
        return 1.0
    if need > n or q <= 0.0:
        return 0.0
    if q >= 1.0:
        return 1.0
    if need <= n * q:
        return 1.0 - _tail(n, n - need + 1, 1.0 - q)  # at most need - 1 satisfied
    return _tail(n, need, q)


def at_least_bound(n: int, need: float, q: float) -> float:
    """At most P(X_1 + ... + X_n >= need) for any X in [0, 1] with means >= q given the past.

    1 - exp(-n kl(need / n, q)), with kl the relative entropy of two coins, in nats: Chernoff's bound
    in the form of Hoeffding (1963, theorem 1). By Pinsker's inequality never below 1 - exp(-2 n gap^2)
    with gap = q - need / n, which is what Azuma's inequality gives. 0 where need is above the mean.
    """
    if need <= 0.0:
        return 1.0
    if need > n * q:
        return 0.0
    if q >= 1.0:
        return 1.0
    share = need / n
    kl = share * math.log(share / q)
    if share < 1.0:
        kl += (1.0 - share) * math.log((1.0 - share) / (1.0 - q))
    return -math.expm1(-n * kl)


def _tail(n: int, start: int, q: float) -> float:
    """P(Binomial(n, q) >= start), for a start in [1, n] above the mean and q in (0, 1)."""
    log_term = math.lgamma(n + 1) - math.lgamma(start + 1) - math.lgamma(n - start + 1)
    log_term += start * math.log(q) + (n - start) * math.log1p(-q)
    # Each term from the one before. A standard deviation is at most sqrt(n) / 2: what is further out
    # than nine of them, and 30 where n is small, is below 1e-12 of the first.
    j = np.arange(start, min(n, start + 30 + int(4.5 * math.sqrt(n))))
    terms = np.cumprod(q / (1.0 - q) * (n - j) / (j + 1.0))
    return min(math.exp(log_term) * (1.0 + float(terms.sum())), 1.0)
