"""A log of events whose truth is known, as a router with some spread writes it."""

from pathlib import Path
from typing import Any

import numpy as np
from tests.unit.offpolicy.worlds import world
from tests.unit.stores.samples import NOW_S, decided, feedback, outcome

from messplus.records import Event
from messplus.stores import SqliteStore


def events(n: int, spread: float = 0.3, **changes: Any) -> list[Event]:  # noqa: ANN401  # any field
    """Decisions with their outcome and a user's verdict, one a minute."""
    log = world().logged(n, spread, np.random.default_rng(3))
    found: list[Event] = []
    for i in range(n):
        name, model, at_s = f"d{i}", log.models[log.chosen[i]], NOW_S + 60.0 * i
        usual: dict[str, Any] = {
            "at_s": at_s, "t": i, "alpha": 0.5, "models": log.models, "available": log.available[i],
            "model": model, "asked": (model,), "propensity": float(log.propensity[i]),
            "p_sat": log.p_sat[i], "cost": log.cost[i], "price": world().price,
            "attributes": {"task": "t"},
        }  # fmt: skip
        found += [
            decided(name, **usual | changes),
            outcome(name, model=model, cost=float(log.spent[i]), output_tokens=7),
            feedback(name, value=float(log.satisfied[i])),
        ]
    return found


def write(path: Path, *logs: list[Event]) -> Path:
    """A log on disk."""
    store = SqliteStore(path)
    for log in logs:
        store.append(log).result()
    store.close()
    return path
