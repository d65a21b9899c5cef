"""A recording small enough to work with by hand."""

import numpy as np

from messplus.demo.recording import Price, Recorded, Recording
from messplus.replay.outcomes import OutcomeTable

MODELS = ("small", "large")


def recording(n: int = 40) -> Recording:
    """Two models: the small one is right where the number is even, the large one always."""
    prompts = tuple(f"How much is {i} + 1?" for i in range(n))
    answers = {
        (prompt, model): Recorded(
            text=f"{i + 1}" if model == "large" or i % 2 == 0 else "I do not know",
            prompt_tokens=10,
            output_tokens=2,
            latency_s=0.2,
            score=float(model == "large" or i % 2 == 0),
        )
        for i, prompt in enumerate(prompts)
        for model in MODELS
    }
    prices = {"small": Price(1.0, 5.0), "large": Price(10.0, 50.0)}
    table = OutcomeTable(
        name="sums",
        models=MODELS,
        prompt_ids=tuple(f"q{i}" for i in range(n)),
        tasks=("sums",) * n,
        prompts=prompts,
        score=np.array([[answers[p, m].score for m in MODELS] for p in prompts]),
        cost=np.tile([20e-6, 200e-6], (n, 1)),
    )
    return Recording(table, prices, answers)
