"""A synthetic outcome stream, for as long as no recorded outcomes may ship with the package.

It is calibrated to what arXiv:2505.19947 publishes about its Llama-3 zoo on eight benchmarks: each
model's accuracy, joules and seconds per request, and each benchmark's alpha. Everything else is
made up: no recorded row is used, and every prompt says that it is synthetic.

Each request has a latent difficulty. A model satisfies the requests that its own noisy view of the
difficulty ranks easiest, as many as its published accuracy says. So outcomes are correlated between
models, and the wording of a prompt, which leans on the same difficulty, gives a little of it away.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from messplus.core.types import Bools, Floats
from messplus.errors import require_range
from messplus.replay.outcomes import OutcomeTable

_MODELS: Final = ("Llama-3.2-1B-Instruct", "Llama-3.1-8B-Instruct", "Llama-3.3-70B-Instruct")
_SOURCE: Final = (
    "synthetic: calibrated to Table 2 / section 5 of arXiv:2505.19947, no recorded outcomes"
)


@dataclass(frozen=True, slots=True)
class _Benchmark:
    """What is published about one benchmark; triples are for the 1B, 8B and 70B model."""

    name: str
    alpha: float
    accuracy: tuple[float, float, float]
    energy_j: tuple[float, float, float]
    latency_s: tuple[float, float, float]


_BENCHMARKS: Final = (
    _Benchmark(
        "arc_challenge", 0.50, (0.3788, 0.5444, 0.6084), (79.9, 393.7, 2002.6), (0.40, 2.09, 5.55)
    ),
    _Benchmark(
        "arc_easy", 0.75, (0.6276, 0.7972, 0.8312), (81.8, 389.6, 2021.2), (0.41, 2.07, 5.49)
    ),
    _Benchmark("boolq", 0.80, (0.6917, 0.8416, 0.8878), (43.6, 130.7, 1040.8), (0.13, 0.41, 2.10)),
    _Benchmark("logiqa", 0.40, (0.2719, 0.2903, 0.4931), (87.7, 414.4, 2103.3), (0.43, 2.09, 5.36)),
    _Benchmark("piqa", 0.78, (0.7405, 0.7933, 0.8270), (38.6, 198.3, 1000.3), (0.17, 1.03, 2.72)),
    _Benchmark("sciq", 0.96, (0.9380, 0.9700, 0.9710), (97.5, 444.1, 2230.2), (0.45, 2.17, 5.59)),
    _Benchmark(
        "social_iqa", 0.44, (0.4171, 0.4831, 0.4867), (67.7, 301.8, 1534.3), (0.32, 1.54, 4.12)
    ),
    _Benchmark(
        "winogrande", 0.70, (0.5967, 0.7364, 0.7908), (49.0, 200.5, 1018.4), (0.22, 1.02, 2.73)
    ),
)

# Weight of the shared difficulty in a model's view of a request; the rest is the model's own. The
# scores then correlate by 0.3 to 0.45 between models, and less where nearly all are satisfied.
_SHARED: Final = 0.78
# Standard deviation of the logarithm of joules and seconds, per model: 8 %, 4 % and 3 %.
_JITTER: Final = np.array([0.08, 0.04, 0.03])
# How strongly difficulty tilts the choice of wording: enough for a text model to reach an AUC of
# about 0.6 on 500 requests, as hard as it is on the real benchmarks.
_TELLING: Final = 0.65

_EASY: Final = ("familiar", "plain", "single", "short", "everyday", "direct", "small", "known")
_HARD: Final = ("obscure", "layered", "paired", "lengthy", "technical", "oblique", "vast", "rare")
_OPENERS: Final = (
    "Which answer fits",
    "What follows from",
    "How would you settle",
    "What explains",
)
_THINGS: Final = ("river", "engine", "orchard", "ledger", "magnet", "harbour", "theatre", "glacier")
_ACTS: Final = ("change of", "use of", "report on", "test of", "claim about", "rule for")
_PLACES: Final = (
    "the coast",
    "a workshop",
    "the old town",
    "a classroom",
    "the valley",
    "a market",
)


def synthetic_llama3(seed: int = 0, requests_per_task: int = 1000) -> OutcomeTable:
    """Make the synthetic Llama-3 stream: eight tasks, each a stream of its own with its own alpha.

    Accuracies are met by quota (to within half a request) and mean joules and seconds exactly, so
    that every seed is the same problem: only which requests are hard, and their words, change.

    Args:
        seed: Of all random choices. The same seed gives the same table.
        requests_per_task: Length of each of the eight streams, >= 1.

    Returns:
        A table of 8 x `requests_per_task` requests on three models, costs in joules.

    Raises:
        SettingError: `requests_per_task` is below 1.
    """
    require_range("requests_per_task", requests_per_task, ">= 1", ok=requests_per_task >= 1)
    n = requests_per_task
    score, energy, latency, prompts = [], [], [], []
    for i, benchmark in enumerate(_BENCHMARKS):
        rng = np.random.default_rng([seed, i])
        difficulty = rng.standard_normal(n)
        score.append(_scores(rng, difficulty, benchmark.accuracy))
        # One length per request: what takes longer also takes more energy.
        jitter = np.exp(rng.standard_normal((n, 3)) * _JITTER)
        jitter /= jitter.mean(axis=0)
        energy.append(jitter * np.array(benchmark.energy_j))
        latency.append(jitter * np.array(benchmark.latency_s))
        prompts += _prompts(rng, difficulty, benchmark.name)
    return OutcomeTable(
        name="synthetic-llama3",
        models=_MODELS,
        prompt_ids=tuple(f"{b.name}-{k:05d}" for b in _BENCHMARKS for k in range(n)),
        tasks=tuple(b.name for b in _BENCHMARKS for _ in range(n)),
        prompts=tuple(prompts),
        score=np.concatenate(score),
        cost=np.concatenate(energy),
        cost_unit="joule",
        latency_s=np.concatenate(latency),
        alpha={b.name: b.alpha for b in _BENCHMARKS},
        source=_SOURCE,
        licence="Apache-2.0",
        synthetic=True,
    )


def _scores(rng: np.random.Generator, difficulty: Floats, accuracy: tuple[float, ...]) -> Floats:
    """0 or 1 per request and model, shape (T, M): each model solves its easiest by quota."""
    n, m = len(difficulty), len(accuracy)
    own = rng.standard_normal((n, m))
    view = _SHARED * difficulty[:, None] + np.sqrt(1 - _SHARED**2) * own
    rank = view.argsort(axis=0).argsort(axis=0)
    solved: Bools = rank < np.round(np.array(accuracy) * n)
    return solved.astype(np.float64)


def _prompts(rng: np.random.Generator, difficulty: Floats, task: str) -> list[str]:
    """A made-up sentence per request, with three words that are likelier hard if it is hard."""
    n = len(difficulty)
    hard = rng.random((n, 3)) < 1 / (1 + np.exp(-_TELLING * difficulty[:, None]))
    word = rng.integers(len(_EASY), size=(n, 3))
    opener, thing, act, place = (
        rng.integers(len(words), size=n).tolist() for words in (_OPENERS, _THINGS, _ACTS, _PLACES)
    )
    number = rng.integers(10, 1000, size=n).tolist()
    telling = np.where(hard, np.array(_HARD)[word], np.array(_EASY)[word]).tolist()
    label = f"[synthetic {task} request]"
    return [
        f"{label} {_OPENERS[opener[k]]} the {telling[k][0]} {_ACTS[act[k]]} a {telling[k][1]} "
        f"{_THINGS[thing[k]]} in {_PLACES[place[k]]}, given {number[k]} {telling[k][2]} notes?"
        for k in range(n)
    ]
