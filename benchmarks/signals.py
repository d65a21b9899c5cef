"""What a promise comes to with checks, judges, audits and thumbs, where the truth is known.

    python -m benchmarks.signals --out docs/results

Writes signals.md; needs no data.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from benchmarks.machine import describe
from benchmarks.pages import write_page
from tests.unit.gateway.signals.world import ALPHA, N_REQUESTS, Ended, World, run

TABLES: Mapping[str, Mapping[str, World]] = {
    "rules": {
        "thumbs of 20 % of users": World(happy=0.2, unhappy=0.2),
        "the same, and a check that decides `failure`": World(
            check="failure", happy=0.2, unhappy=0.2
        ),
        "the same, its failures taken for thumbs": World(check="user", happy=0.2, unhappy=0.2),
        "a check that decides `failure`, nobody else": World(check="failure"),
        "a check that decides `always`": World(check="always"),
        "the same, and thumbs of the happy rather": World(check="always", happy=0.3, unhappy=0.05),
    },
    "judges": {
        "a judge's opinion on 30 %": World(judged=0.3),
        "the same, and audits of 3 %": World(judged=0.3, audits=0.03),
        "audits of 3 % alone": World(audits=0.03),
        "a judge as audit on 5 %, always right": World(
            judged=0.05, trust="audit", sensitivity=1.0, specificity=1.0
        ),
        "a judge as audit on 20 %, always right": World(
            judged=0.2, trust="audit", sensitivity=1.0, specificity=1.0
        ),
        "a judge as audit on 5 %, often wrong": World(judged=0.05, trust="audit"),
    },
    "thumbs": {
        "thumbs of the happy rather": World(happy=0.3, unhappy=0.05),
        "the same, and a judge as audit on 5 %, always right": World(
            happy=0.3, unhappy=0.05, judged=0.05, trust="audit", sensitivity=1.0, specificity=1.0
        ),
        "the same, but the judge's opinion on 30 % and audits of 3 %": World(
            happy=0.3, unhappy=0.05, judged=0.3, audits=0.03
        ),
    },
    "broken": {
        "thumbs of 5 % of users": World(happy=0.05, unhappy=0.05, breaks=True),
        "the same, and a check that decides `failure`": World(
            check="failure", happy=0.05, unhappy=0.05, breaks=True
        ),
    },
}
"""Who says something, by the name that the tables show."""


def table(found: Mapping[str, Sequence[Ended]]) -> str:
    """One row per world."""
    lines = [
        (
            "| verdicts of | truly satisfied, % | believed − true, pp | of one run, pp "
            "| within 1 pp of α, % | worst, % | cost |"
        ),
        "|---|" + "--:|" * 6,
    ]
    for name, runs in found.items():
        true = 100 * np.array([one.true for one in runs])
        off = 100 * np.array([one.believed for one in runs]) - true
        kept = 100 * np.mean(true >= 100 * ALPHA - 1)
        cost = np.mean([one.cost for one in runs])
        error = off.std(ddof=1) / np.sqrt(len(off))
        lines.append(
            f"| {name} | {true.mean():.1f} | {off.mean():+.2f} ± {error:.2f} | {off.std(ddof=1):.2f} "
            f"| {kept:.0f} | {true.min():.1f} | {cost:.2f} |"
        )
    return "\n".join(lines)


def of_broken(found: Mapping[str, Sequence[Ended]]) -> str:
    """How many answers came from a model that had broken."""
    return "\n".join(
        f"- {name}: {np.mean([one.broken for one in runs]):.0f} answers in the mean,"
        f" {max(one.broken for one in runs)} at worst"
        for name, runs in found.items()
    )


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results"), help="folder of the page")
    parser.add_argument("--seeds", type=int, default=24, help="runs of each kind")
    args = parser.parse_args()
    found = {
        gap: {name: [run(world, s) for s in range(args.seeds)] for name, world in of.items()}
        for gap, of in TABLES.items()
    }
    write_page(
        args.out / "signals.md",
        "signals.md.in",
        {
            "machine": describe(),
            "seeds": str(args.seeds),
            "requests": f"{N_REQUESTS:,}",
            "alpha": f"{100 * ALPHA:.0f}",
            **{gap: table(of) for gap, of in found.items()},
            "of_broken": of_broken(found["broken"]),
        },
    )


if __name__ == "__main__":
    main()
