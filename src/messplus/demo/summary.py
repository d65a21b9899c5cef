"""What came of a demo, for people and for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from messplus.demo.look import Look
from messplus.demo.tally import Tally

Mode = Literal["recorded", "live"]


@dataclass(frozen=True, slots=True)
class Files:
    """What a demo leaves behind.

    Attributes:
        config: The gateway's settings.
        store: Its log.
        events: In the log: decisions, outcomes, verdicts.
    """

    config: Path
    store: Path
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What came of a demo.

    Attributes:
        mode: Whether answers were played back, or given by models.
        seed: Of the order of requests and of who says something.
        end: The demo as it stood after the last verdict.
        feedback: How often the gateway said what of a verdict: "applied", "pending", ...
        files: What is left of it.
    """

    mode: Mode
    seed: int
    end: Look
    feedback: Mapping[str, int]
    files: Files

    @property
    def tally(self) -> Tally:
        """The count of all answers."""
        return self.end.tally

    @property
    def kept(self) -> bool:
        """Whether at least the promised share of requests was satisfied."""
        return self.satisfaction >= self.end.alpha

    @property
    def satisfaction(self) -> float:
        """Satisfied share of all requests, in [0, 1]."""
        return self.tally.satisfaction or 0.0

    def as_json(self) -> dict[str, object]:
        """For programs; docs/reference/cli.md names the fields."""
        tally, state = self.tally, self.end.state
        return {
            "mode": self.mode,
            "seed": self.seed,
            "requests": tally.requests,
            "failed": tally.failed,
            "alpha": self.end.alpha,
            "satisfaction": self.satisfaction,
            "kept": self.kept,
            "queue": None if state is None else state.queue,
            "cost_usd": tally.cost_usd,
            "cost_over_largest": tally.over_largest(),
            "cost_over_static_mix": tally.over_mix(),
            "references": [
                {
                    "reference": line.reference,
                    "cost_usd": line.cost_total,
                    "satisfaction": line.satisfaction,
                    "detail": line.detail,
                }
                for line in tally.yardsticks.lines
            ],
            "models": {
                name: {
                    "requests": model.requests,
                    "share": tally.share(name),
                    "satisfaction": model.score / model.requests if model.requests else None,
                    "cost_usd": model.cost_usd,
                }
                for name, model in tally.models.items()
            },
            "feedback": dict(self.feedback),
            "overhead_ms": percentiles(tally.overheads_ms),
            "wall_s": self.end.elapsed_s,
            "config": str(self.files.config),
            "store": str(self.files.store),
            "events": self.files.events,
        }


def percentiles(values: Sequence[float]) -> dict[str, float] | None:
    """The median and the 99th percentile; None where nothing was measured."""
    if not values:
        return None
    p50, p99 = np.percentile(values, [50, 99])
    return {"p50": float(p50), "p99": float(p99)}
