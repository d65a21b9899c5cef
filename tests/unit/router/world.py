"""A made-up world: models of known quality and price, and requests that are easy or hard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from messplus.encoders import Features, HashedNgrams
from messplus.records import Outcome
from messplus.router import Engine, Route, Router, adaptive_engine
from messplus.router.kept import kept
from messplus.snapshots import to_bytes
from messplus.stores import MemoryStore, Store

FEATURES = Features(HashedNgrams(dims=4))
PRICES = {"small": 0.001, "middle": 0.003, "large": 0.02}
GOOD = {"small": 0.55, "middle": 0.75, "large": 0.95, "new": 0.9, "bad": 0.1}


def engine(prices: Mapping[str, float] = PRICES) -> Engine:
    return adaptive_engine(prices, features=FEATURES, alpha=0.8)


def router(
    store: Store,
    routes: Sequence[Route] = (Route("r", 0.8),),
    prices: Mapping[str, float] = PRICES,
    seed: int = 0,
    **more: object,
) -> Router:
    rng = np.random.default_rng(seed)
    return Router(engine(prices), routes, store, rng=rng, **more)  # type: ignore[arg-type]


def state_of(router: Router) -> bytes:
    """All that it knows."""
    return to_bytes(kept(router._fold))


def copied(store: Store, events: int | None = None) -> MemoryStore:
    """The beginning of a log, without its snapshots: as after a crash before the first one."""
    copy = MemoryStore()
    for stored in list(store.events())[:events]:
        copy.append([stored.event])
    return copy


@dataclass
class World:
    """Answers and judges."""

    seed: int = 0
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def serve(self, router: Router, n: int = 1, *, judged: bool = True, **how: object) -> list[str]:
        """Some requests, each with its outcome and, if judged, a verdict; their ids."""
        made = []
        for _ in range(n):
            word = ("easy", "hard")[int(self.rng.integers(2))]
            routed = router.route(f"{word} {int(self.rng.integers(5))}", **how)  # type: ignore[arg-type]
            cost = PRICES.get(routed.model, 0.002) * float(self.rng.uniform(0.5, 2.0))
            call = Outcome(decision_id=routed.decision_id, model=routed.model, at_s=0.0, cost=cost)
            router.finish(routed.decision_id, [call])
            if judged:
                router.feedback(routed.decision_id, self.verdict(routed.model))
            self.asked.append(routed.model)
            made.append(routed.decision_id)
        return made

    def verdict(self, model: str) -> float:
        return float(self.rng.random() < GOOD[model])
