"""The routers that are set beside each other: who, by which spec, and of what kind."""

from dataclasses import dataclass
from itertools import product
from typing import Literal

Kind = Literal["ours", "paper", "trained", "online", "blind", "cascade"]

KINDS: dict[Kind, str] = {
    "ours": "ours",
    "paper": "MESS+",
    "trained": "trained first, frozen",
    "online": "online",
    "blind": "blind to the request",
    "cascade": "cascade, check simulated",
}
"""What each kind is called on the page."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One router of the comparison.

    Attributes:
        name: As the page calls it.
        kind: What it learns from.
        spec: Its policy.
    """

    name: str
    kind: Kind
    spec: str


ADAPTIVE = Entry("adaptive", "ours", "adaptive")

ROSTER = (
    ADAPTIVE,
    Entry("adaptive, trained first", "ours", "adaptive:train_share=0.2"),
    Entry("adaptive, trained on 5 %", "ours", "adaptive:train_share=0.05"),
    Entry("MESS+, paper's V", "paper", "messplus:v_spread=0.15"),
    Entry("MESS+, V growing", "paper", "messplus-sqrt"),
    Entry("carrot", "trained", "carrot"),
    Entry("carrot, trained on 5 %", "trained", "carrot:train_share=0.05"),
    Entry("cluster", "trained", "cluster"),
    Entry("irt", "trained", "irt"),
    Entry("knn", "trained", "knn"),
    Entry("mlp", "trained", "mlp"),
    Entry("svm", "trained", "svm"),
    Entry("routellm, bert head", "trained", "routellm:head=bert"),
    Entry("routellm, mf", "trained", "routellm:head=mf"),
    Entry("routerdc", "trained", "routerdc"),
    Entry("routerdc, priced", "trained", "routerdc:priced=yes"),
    Entry("port", "trained", "port"),
    Entry("linucb", "online", "linucb"),
    Entry("thompson", "online", "thompson"),
    Entry("running mix", "blind", "running-mix"),
    Entry("educated guessing", "blind", "random-constrained"),
    Entry("always the largest", "blind", "largest"),
    Entry("cascade, check 90:40", "cascade", "cascade"),
    Entry("cascade, check 70:40", "cascade", "cascade:sensitivity=0.7"),
)

HINDSIGHT = Entry("MESS+, best V and c in hindsight", "paper", "")
"""Not one policy but the best of `SWEEP` on each stream."""

SWEEP = tuple(
    f"messplus:v_spread={v:g},c={c:g}"
    for c, v in product((0.01, 0.1, 1.0), (0.015, 0.05, 0.15, 0.5, 1.5))
)
"""MESS+ at every V (times the spread of costs) and c that hindsight may choose from."""
