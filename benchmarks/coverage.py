"""Whether confidence sequences hold at all times together, how wide they are, and when drift is noticed."""

import math
import platform
import random
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist, median

import numpy as np

from messplus.core.types import Floats
from messplus.evidence.confidence import boundary
from messplus.evidence.drift import FALSE_ALARM, Drift

PAGE = Path("docs/results/coverage.md")
RUNS, LENGTH, LEVEL, SEED = 1000, 10_000, 0.95, 20261123
LOOKS = (100, 1_000, 10_000)
FROM = 30
"""Answers from which the interval for one look is looked at all the time: before, it means nothing."""


def worlds() -> dict[str, Callable[[np.random.Generator], tuple[Floats, Floats]]]:
    """Verdicts and their conditional means, each (RUNS, LENGTH)."""
    step = np.arange(LENGTH)

    def drawn(rng: np.random.Generator, mean: Floats) -> tuple[Floats, Floats]:
        mean = np.broadcast_to(mean, (RUNS, LENGTH))
        return (rng.random((RUNS, LENGTH)) < mean).astype(np.float64), mean

    def walk(rng: np.random.Generator) -> tuple[Floats, Floats]:
        return drawn(
            rng, np.clip(0.8 + rng.normal(0, 0.004, (RUNS, LENGTH)).cumsum(axis=1), 0.3, 1)
        )

    return {
        "constant, 0.8": lambda rng: drawn(rng, np.full(LENGTH, 0.8)),
        "constant, 0.99": lambda rng: drawn(rng, np.full(LENGTH, 0.99)),
        "a slow wave, 0.5 to 0.9": lambda rng: drawn(rng, 0.7 + 0.2 * np.sin(step / 700)),
        "a jump, 0.9 to 0.6": lambda rng: drawn(rng, np.where(step < 3000, 0.9, 0.6)),
        "a random walk": walk,
        "a controller that aims at 0.8": controlled,
    }


def controlled(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The mean depends on the past: whoever is behind asks a better model."""
    said, means = np.empty((RUNS, LENGTH)), np.empty((RUNS, LENGTH))
    debt = np.zeros(RUNS)
    for i in range(LENGTH):
        means[:, i] = np.where(debt > 0, 0.95, 0.6)
        said[:, i] = rng.random(RUNS) < means[:, i]
        debt += 0.8 - said[:, i]
    return said, means


def stitched(v: Floats, level: float) -> Floats:
    """The closed form of Howard and others (their equation 10: eta = 2, s = 1.4), two-sided."""
    eta, s = 2.0, 1.4
    zeta = 3.105547
    v = np.maximum(v, 1.0)
    reach = s * np.log(np.log(eta * v) / math.log(eta)) + math.log(2 * zeta / (1 - level))
    k1 = (eta**0.25 + eta**-0.25) / math.sqrt(2)
    k2 = (math.sqrt(eta) + 1) / 2
    return np.asarray(np.sqrt(k1**2 * v * reach + k2**2 * reach**2) + k2 * reach)


def measured(said: Floats, means: Floats) -> dict[str, float]:
    """Of one world: shares of runs with a miss at any time, and widths."""
    n = np.arange(1, LENGTH + 1)
    sums = said.cumsum(axis=1)
    before = np.concatenate([np.zeros((RUNS, 1)), (sums / n)[:, :-1]], axis=1)
    v = ((said - before) ** 2).cumsum(axis=1)
    grid = np.linspace(0.0, float(v.max()) + 1.0, 20_000)
    u = np.interp(v, grid, boundary(grid, level=LEVEL))
    off = np.abs(sums - means.cumsum(axis=1))
    share = sums / n
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
    once = z * np.sqrt(n * share * (1 - share))
    found = {
        "missed": float((off > u).any(axis=1).mean()),
        "missed once": float((off > once)[:, FROM:].any(axis=1).mean()),
    }
    for k in LOOKS:
        found[f"sequence {k}"] = float((u[:, k - 1] / k).mean())
        found[f"stitched {k}"] = float((stitched(v[:, k - 1], LEVEL) / k).mean())
        found[f"once {k}"] = float((once[:, k - 1] / k).mean())
    return found


def drifts() -> list[str]:
    """Rows on alarms."""
    rng = random.Random(SEED)
    runs, calm = 200, 10_000
    false = 0
    for _ in range(runs):
        drift, on = Drift(), False
        for i in range(calm):
            drift.add(float(rng.random() < 0.8) - 0.8, float(i))
            false += drift.alarm and not on
            on = drift.alarm
    quiet = (
        f"| none: {runs * calm:,} calibrated verdicts | {false} false alarms, one in"
        f" {runs * calm / max(false, 1):,.0f} (promised: {FALSE_ALARM:,.0f} at least) |"
    )
    rows = [quiet]
    for after in (0.7, 0.6, 0.4):
        delays, missed = [], 0
        for _ in range(runs):
            drift = Drift()
            for i in range(1000):
                drift.add(float(rng.random() < 0.8) - 0.8, float(i))
            for i in range(2000):
                drift.add(float(rng.random() < after) - 0.8, float(1000 + i))
                if drift.alarm:
                    delays.append(i + 1)
                    break
            else:
                missed += 1
        middle = f"{median(delays):,.0f}" if delays else "–"
        rows.append(
            f"| 0.8 to {after:g}, predictions stay | noticed after {middle} verdicts (median); not within"
            f" 2,000 in {missed} of {runs} |"
        )
    return rows


def main() -> None:
    """Measure, and write the page."""
    rng = np.random.default_rng(SEED)
    coverage, width = [], []
    for name, world in worlds().items():
        found = measured(*world(rng))
        print(name, {key: round(value, 4) for key, value in found.items()})
        coverage.append(
            f"| {name} | {100 * (1 - found['missed']):.1f} | {100 * (1 - found['missed once']):.1f} |"
        )
        cells = " | ".join(
            f"{100 * found[f'sequence {k}']:.2f} / {100 * found[f'stitched {k}']:.2f} /"
            f" {100 * found[f'once {k}']:.2f}"
            for k in LOOKS
        )
        width.append(f"| {name} | {cells} |")
    PAGE.write_text(
        f"""# Do the intervals hold, and how wide are they?

What the dashboard, the report and the certificate say is an interval that is valid at all times together
([how it is made](../explanation/evidence.md)). Here it is held against {RUNS:,} runs of {LENGTH:,} verdicts of 0 or 1 per
world, whose mean drifts. Machine: AMD EPYC, 2 cores, CPython {platform.python_version()}, numpy {np.__version__};
seed {SEED}. Made by `python -m benchmarks.coverage`.

## Runs in which the interval held the truth all the time, %

The truth is the running mean of the conditional means. *One look* is the usual interval, share ± 1.96 standard errors, looked at
after each answer from the {FROM}th on: it is right for one look, and wrong for who keeps looking.

| the mean | confidence sequence, {LEVEL:.0%} | one look, {LEVEL:.0%}, looked at always |
|---|--:|--:|
{chr(10).join(coverage)}

## Half-widths, points

After {", ".join(f"{k:,}" for k in LOOKS)} verdicts: ours / the closed form (stitched boundary) of the same paper / one look.

| the mean | {" | ".join(f"{k:,}" for k in LOOKS)} |
|---|{"--:|" * len(LOOKS)}
{chr(10).join(width)}

Where only some answers are judged, verdict minus prediction takes the place of the verdict: its range is twice as wide, which costs
a few points in the first hundreds, and its variance is smaller the better the predictions.

## When drift is noticed

An alarm compares verdict minus prediction with its own long-run mean.

| change of a model | alarm |
|---|---|
{chr(10).join(drifts())}
"""
    )


if __name__ == "__main__":
    main()
