"""The promise over windows: of N requests at least alpha are satisfied, but for a risk delta.

A policy that keeps its average over a stream at alpha breaks it in every other window of that stream:
verdicts are noise. A contract over windows is kept by a *shield*: in every window the router chooses
freely, as long as one model that is known to be good, the safe one, could still make the window after
another failure; then the safe model answers. With n requests of the window to come (this one is one
of them) and the window's debt D, the sum of alpha - s so far,

    need = D + alpha n     satisfied answers that the window still needs of these n
    kept(k, need)          probability that k answers of the safe model hold so many
    luck                   what the verdicts on the safe model's answers have added to it so far

    the router is free iff   kept(n - 1, need) >= 1 - delta + luck

**Theorem.** If the safe model satisfies each request that it is given with probability >= q given
the past, P(window kept) >= min(1 - delta, kept at its start), whatever the router does elsewhere.
Without the luck this is false: good luck of the safe model would be spent by the router, bad luck
would stay. Proof, delays and what it costs: docs/explanation/contracts.md.
"""

import math
from dataclasses import dataclass, replace

from messplus.core.binomial import at_least, at_least_bound
from messplus.errors import require_range

ROUNDING = 1e-9
"""Debts are sums of floats: so much less than a whole answer is not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What is promised over windows.

    Attributes:
        window: Requests per window, N >= 1. For windows that end by a clock: how many are expected.
        delta: Share of windows that may be broken, in (0, 1).
        graded: Whether verdicts may lie between 0 and 1. Then the shield uses a bound instead of
            the exact probability, and takes over somewhat earlier.
    """

    window: int
    delta: float = 0.05
    graded: bool = False

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        require_range("window", self.window, "at least 1", ok=self.window >= 1)
        require_range("delta", self.delta, "in (0, 1)", ok=0.0 < self.delta < 1.0)

    def open(self, index: int = 0) -> "WindowAccount":
        """The account of a new window: the number `index`, counted from 0."""
        return WindowAccount(left=self.window, index=index, graded=self.graded)

    def rate_needed(self, alpha: float) -> float:
        """The least rate of a safe model, to 1e-6, with which a window can be promised; <= 1.

        With just this rate the whole window is the safe model's; what it has beyond is the router's
        freedom. About alpha + z sqrt(alpha (1 - alpha) / N), z = 1.64 for delta = 0.05.
        """
        low, high = 0.0, 1.0
        while high - low > 1e-6:
            middle = 0.5 * (low + high)
            enough = _kept(self.window, alpha * self.window, middle, self.graded) >= 1 - self.delta
            low, high = (low, middle) if enough else (middle, high)
        return high


@dataclass(frozen=True, slots=True)
class WindowAccount:
    """The account of one window; once it has no requests left it is the record of that window.

    Every answer is entered when it is delivered, as one of the shield's (`guarded`) or as one of the
    router's (`served`), and again when a verdict comes, however late. A verdict belongs to the window
    of its request: one for a closed window changes that record and nothing else.

    Attributes:
        left: Requests of the window to come, >= 0.
        debt: Sum of alpha - s over the answers that are counted, in satisfied requests.
        pending: Answers of the shield without a verdict, >= 0. They are not counted: they remain
            draws that satisfy with probability >= q, so it does no harm if no verdict comes.
        q: Rate that was last credited to the safe model, in [0, 1].
        luck: What verdicts on the shield's answers have added to the chance of the window so far.
        index: Number of the window, from 0.
        graded: As in `Contract`.
    """

    left: int
    debt: float = 0.0
    pending: int = 0
    q: float = 0.0
    luck: float = 0.0
    index: int = 0
    graded: bool = False

    def served(self, alpha: float, counted: float) -> "WindowAccount":
        """The router's answer is delivered.

        Args:
            alpha: The promise.
            counted: What it counts as until its verdict comes, in [0, 1]. The theorem needs at most
                what it will turn out to be: 0 is certain. A prediction or its lower bound binds less,
                and what is guaranteed is then as good as that.
        """
        return replace(self, left=max(self.left - 1, 0), debt=self.debt + alpha - counted)

    def guarded(self, q: float) -> "WindowAccount":
        """The safe model's answer is delivered because it had to be; q is its lower bound."""
        return replace(self, left=max(self.left - 1, 0), pending=self.pending + 1, q=q)

    def corrected(self, counted: float, satisfied: float) -> "WindowAccount":
        """A verdict comes, in place of what one of the router's answers was counted as."""
        return replace(self, debt=self.debt + counted - satisfied)

    def judged(self, alpha: float, satisfied: float) -> "WindowAccount":
        """A verdict comes on one of the shield's answers; needs one that is pending."""
        after = replace(self, debt=self.debt + alpha - satisfied, pending=self.pending - 1)
        luck = self.luck + after.chance(alpha, self.q) - self.chance(alpha, self.q)
        return replace(after, luck=luck)

    def expecting(self, left: int) -> "WindowAccount":
        """So many requests are to come, for windows whose end is not counted in requests.

        What is guaranteed is as good as this number. Give a low estimate: a window that ends early
        leaves no time to make up for a failure. Once 0, each request is taken to be the last.
        """
        return replace(self, left=max(left, 0))

    def draws(self) -> int:
        """Answers still open: to come or pending."""
        return self.left + self.pending

    def need(self, alpha: float) -> float:
        """Satisfied answers that the window needs of those still open; <= 0 once it is won."""
        return self.debt + alpha * self.draws()

    def chance(self, alpha: float, q: float) -> float:
        """Probability, at least, of keeping the window if all that is open is served at rate q."""
        return _kept(self.draws(), self.need(alpha), q, self.graded)


def must_be_safe(account: WindowAccount, alpha: float, q: float, delta: float) -> bool:
    """Whether the safe model has to answer the next request; some microseconds.

    False, too, if the window is won or lost whatever comes: then the safe model is only dearer. Where
    it is merely likely to be lost it is still tried for, up to what is left of the risk.

    Args:
        account: The window, with at least one request left (0 is taken as 1).
        alpha: The promise, in (0, 1].
        q: The safe model's rate, a lower bound. May move between requests; a fall takes its effect on
            `chance` off the guarantee.
        delta: Risk per window, in (0, 1).
    """
    if account.left < 1:
        account = account.expecting(1)
    k, need = account.draws() - 1, account.need(alpha)
    if _decided(k, need):
        return False
    enough = 1.0 - delta + account.luck
    if at_least_bound(k, need - ROUNDING, q) >= enough:  # cheap, and mostly enough far from the end
        return False
    return account.graded or _kept(k, need, q, graded=False) < enough


def headroom(account: WindowAccount, alpha: float, q: float, delta: float) -> int:
    """How many failures in a row the router may still make before the shield takes over, >= 0.

    For a router that wants to stay clear of the shield, and for people to look at; about ten times as
    dear as `must_be_safe`, whose arguments it has. All the requests left if the window is won or lost.
    """
    k, need = account.draws() - 1, account.need(alpha)
    if _decided(k, need):
        return account.left
    enough = 1.0 - delta + account.luck
    low, high = 0, account.left  # a failure takes one draw, and leaves what is needed as it was
    while low < high:
        middle = (low + high) // 2
        free = _kept(k - middle, need, q, account.graded) >= enough
        low, high = (middle + 1, high) if free else (low, middle)
    return low


def capped(debt: float, cap: float) -> float:
    """The debt, with credit kept to at most `cap` requests: max(debt, -cap).

    A good morning is then not spent on a bad afternoon. **Lemma.** With every step capped, over any
    run of requests, sum(alpha - s) <= debt after - debt before <= largest debt + cap: capping only
    lifts the debt, so it rises by at least that sum. So no run of N requests, wherever it begins,
    falls short of alpha by more than (largest debt + cap) / N.
    """
    return max(debt, -cap)


def _decided(k: int, need: float) -> bool:
    """Whether a window with k + 1 open answers is won or lost whatever they are."""
    return need <= ROUNDING or need > k + 1 + ROUNDING


def _kept(n: int, need: float, q: float, graded: bool) -> float:
    """Probability, at least, that n answers at rate q hold as many satisfied ones as needed."""
    if graded:
        return at_least_bound(n, need - ROUNDING, q)
    return at_least(n, math.ceil(need - ROUNDING), q)
