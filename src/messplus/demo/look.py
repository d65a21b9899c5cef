"""How a demo stands at one moment: what is shown of it."""

from dataclasses import dataclass

from messplus.demo.route_state import RouteState
from messplus.demo.script import Question
from messplus.demo.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A demo at one moment.

    Attributes:
        title: What runs, in a few words.
        alpha: The promise.
        asked: The questions, in order.
        tally: The count so far.
        state: What the gateway says of the promise; None: it was not asked yet.
        latest: The question of the latest answer; None before the first.
        elapsed_s: Since the first request was sent, >= 0.
    """

    title: str
    alpha: float
    asked: tuple[Question, ...]
    tally: Tally
    state: RouteState | None
    latest: Question | None
    elapsed_s: float

    @property
    def total(self) -> int:
        """Requests in the end."""
        return len(self.asked)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.tally.requests / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def pace(self) -> str:
        """The same for people: `150/s`."""
        return f"{self.rate:.{0 if self.rate >= 10 else 1}f}/s"

    @property
    def left_s(self) -> float | None:
        """Seconds until the end at this rate; None before it is known."""
        return (self.total - self.tally.requests) / self.rate if self.rate else None


def percent(share: float | None, decimals: int = 0) -> str:
    """A share for people: `56.1 %`; a dash for None."""
    return "–" if share is None else f"{100 * share:.{decimals}f} %"
