"""One promise by one process or by many: are satisfaction and cost the same?

The shipped recording is asked through real gateways: which of its models answers, and so what the answer is
worth and costs, is theirs to decide. Each request and the verdict on it go to any gateway.
"""

import asyncio
import json
import random
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from benchmarks.load.client import Connection, header, raw
from scipy import stats
from tests import postgres
from tests.e2e.cluster.cluster import Cluster, settled
from tests.e2e.gateway_faults import process

from messplus.demo.playback import playing
from messplus.demo.recording import Recording, shipped_recording
from messplus.demo.script import Script, recorded_script
from messplus.replay.validate import default_alpha

SPEED: Final = 1000.0
TALKERS: Final = 16


@dataclass(frozen=True, slots=True)
class Kept:
    """One run.

    Attributes:
        gateways: How many; 0: one that shares with nobody.
        seed: Of the order of requests.
        satisfied: Share of requests.
        cost_usd: Mean of requests.
    """

    gateways: int
    seed: int
    satisfied: float
    cost_usd: float


def alpha_of(recording: Recording) -> float:
    """The promise, as in the demo."""
    return round(default_alpha(recording.outcomes), 3)


def kept(server: postgres.Server, gateways: int, seed: int) -> Kept:
    """All requests of the recording, in the order of a seed."""
    recording = shipped_recording()
    script = recorded_script(recording, requests=0, seed=seed)
    with ExitStack() as until_end:
        folder = Path(until_end.enter_context(tempfile.TemporaryDirectory()))
        url = until_end.enter_context(playing(recording, speed=SPEED))
        sections = _sections(recording, url)
        if gateways:
            cluster = Cluster(folder, postgres.fresh(server.address), 0, {}, sections)
            until_end.enter_context(cluster.learner())
            serving = [until_end.enter_context(cluster.gateway(f"g{n}")) for n in range(gateways)]
        else:
            config = process.configure(folder, 0, **sections)
            serving = [until_end.enter_context(process.serving(config))]
        ports = [int(one.address.rpartition(":")[2]) for one in serving]
        users = _Users(ports, script, seed)
        asyncio.run(users.ask_all())
        if gateways:
            settled(cluster, cluster.config("g0"), serving)
    return Kept(gateways, seed, float(np.mean(users.scores)), float(np.mean(users.costs_usd)))


def _sections(recording: Recording, url: str) -> dict[str, object]:
    prices = {
        name: {
            "input_per_mtok": price.input_usd_per_mtok,
            "output_per_mtok": price.output_usd_per_mtok,
        }
        for name, price in recording.prices.items()
    }
    return {
        "providers": {"recorded": {"base_url": url}},
        "models": {name: {"provider": "recorded", "cost": cost} for name, cost in prices.items()},
        "routes": {"chat": {"alpha": alpha_of(recording)}},
    }


class _Users:
    """Each asks the next question at any gateway, and says at any other what the answer is worth."""

    def __init__(self, ports: Sequence[int], script: Script, seed: int) -> None:
        self._ports = ports
        self._questions = iter(script.questions)
        self._rng = random.Random(seed)
        self.scores: list[float] = []
        self.costs_usd: list[float] = []

    async def ask_all(self) -> None:
        await asyncio.gather(*(self._use() for _ in range(TALKERS)))

    async def _use(self) -> None:
        connections = {port: Connection(port) for port in self._ports}
        for question in self._questions:
            port = self._rng.choice(self._ports)
            asked = {
                "model": "chat",
                "messages": [{"role": "user", "content": question.prompt}],
                "metadata": {"task": question.task},
            }
            there = connections[port]
            body = json.dumps(asked).encode()
            await there.ask(raw(port, "/v1/chat/completions", "", body))
            told = {
                name: (header(there.head, f"x-messplus-{name}".encode()) or b"").decode()
                for name in ("decision-id", "model", "cost-usd")
            }
            score = question.grade(told["model"], "")
            self.scores.append(score)
            self.costs_usd.append(float(told["cost-usd"]))
            port = self._rng.choice(self._ports)
            verdict = json.dumps({"id": told["decision-id"], "value": score}).encode()
            await connections[port].ask(raw(port, "/v1/feedback", "", verdict))
        for one in connections.values():
            await one.close()


def table(runs: Sequence[Kept], alpha: float) -> str:
    """One row for each number of gateways, with the difference to one alone on the same requests."""
    alone = {one.seed: one for one in runs if not one.gateways}
    lines = [
        "| gateways | satisfied | ± between orders | promise kept | USD per million | pp beside one alone [95 %] | cost / one alone [95 %] |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for count in sorted({one.gateways for one in runs}):
        some = [one for one in runs if one.gateways == count]
        satisfied = np.array([one.satisfied for one in some])
        cost_usd = np.array([one.cost_usd for one in some])
        points = 100 * (satisfied - [alone[one.seed].satisfied for one in some])
        ratio = np.log(cost_usd / [alone[one.seed].cost_usd for one in some])
        beside = (
            f"{_interval(points, '{:+.2f}')} | {_interval(ratio, '{:.3f}', np.exp)}"
            if count
            else "– | –"
        )
        lines.append(
            f"| {count or 'one alone, SQLite'} | {satisfied.mean():.2%} | {100 * satisfied.std(ddof=1):.2f} pp |"
            f" {sum(satisfied >= alpha - 0.005)} of {len(some)} | {1e6 * cost_usd.mean():.3f} | {beside} |"
        )
    return "\n".join(lines)


def _interval(values: np.ndarray, form: str, of: "np.ufunc | None" = None) -> str:
    """A mean and its interval, by Student's t over the orders of requests."""
    mean, error = values.mean(), stats.sem(values)
    low, high = stats.t.interval(0.95, len(values) - 1, loc=mean, scale=error)
    told = [form.format(of(x) if of else x) for x in (mean, low, high)]
    return f"{told[0]} [{told[1]}, {told[2]}]"
