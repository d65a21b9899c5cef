"""Which encoder tells best who satisfies a request, and what does it cost?

    python -m benchmarks.encoders [DATA_FOLDER] [--sentence FOLDER] [--head]

Reads outcome tables (default: ../shared/data beside the checkout) and prints, as Markdown, for each
encoder the out-of-fold AUC per data set and the time per request. A row's AUC is the mean over
models, and over tasks where every task is a stream of its own. Fixed: 5 folds drawn with seed 0,
ridge regression with penalty 10 on centred features, outcomes above 0.5 count as satisfied, models
with fewer than 20 requests of one kind left out. Timing is CPU time of one thread, the median of 5
runs over 1,000 prompts of routellm_mmlu, at once and one by one.

With `--head` (torch extra) it prints instead how settings of the paper's head learn, one request at
a time, over 2,500 requests drawn with seed 0 and the first three models, all of them observed.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")  # read by the libraries as they are loaded, below

import numpy as np
import polars as pl
from benchmarks.machine import SHARED_DATA, describe
from scipy.stats import rankdata

from messplus.core.types import Bools, Floats
from messplus.encoders import Encoder, Features, encoder_from_spec
from messplus.errors import require_extra

SEED = 0
FOLDS = 5
PENALTY = 10.0
LEAST = 20  # requests of each kind that a model needs to be scored
TIMED = "routellm_mmlu"
HEAD_DATA = ("messplus_llama3", "routellm_mmlu", "zeroeval_open")
HEAD_REQUESTS = 2500
HEAD_SETTINGS = (  # learning rate, clip; the first is the paper's
    (0.05, 1.0),
    (0.005, 1.0),
    (0.001, 1.0),
    (0.005, 100.0),
    (0.001, 100.0),
    (0.0005, 100.0),
    (0.0002, 100.0),
    (0.0001, 100.0),
    (0.00005, 100.0),
)

# Data set, and whether each of its tasks is a stream of its own.
DATA_SETS = (
    ("messplus_llama3", True),
    ("routellm_mmlu", False),
    ("mmlupro_llama", False),
    ("zeroeval_open", False),
    ("routerbench_arc_mbpp_winogrande", False),
)
SPECS = (
    "hashed:dims=64,ngrams=1",
    "hashed:dims=64,ngrams=2",
    "hashed:dims=128,ngrams=1",
    "hashed:dims=128,ngrams=2",
    "hashed:dims=256,ngrams=1",
    "hashed:dims=256,ngrams=2",
    "static:dims=64",
    "static:dims=128",
    "static:dims=256",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Requests that are learned from together."""

    data: str
    prompts: tuple[str, ...]
    tasks: tuple[str, ...]
    satisfied: Floats  # (n, M), 0 or 1


def read_streams(folder: Path) -> list[Stream]:
    """All streams of `DATA_SETS`."""
    streams = []
    for data, per_task in DATA_SETS:
        table = pl.read_parquet(folder / f"{data}.parquet")
        parts = table.partition_by("task", maintain_order=True) if per_task else [table]
        for part in parts:
            scores = part.select(pl.col("^score__.*$")).to_numpy()
            streams.append(
                Stream(
                    data=data,
                    prompts=tuple(part["prompt"]),
                    tasks=tuple(part["task"]),
                    satisfied=(scores > 0.5).astype(np.float64),
                )
            )
    return streams


def out_of_fold(x: Floats, y: Floats, fold: np.ndarray) -> Floats:
    """Ridge predictions (n, M), each from the folds that a request is not in."""
    predicted = np.empty_like(y)
    for k in range(FOLDS):
        seen = fold != k
        x_mean, y_mean = x[seen].mean(axis=0), y[seen].mean(axis=0)
        z = x[seen] - x_mean
        weights = np.linalg.solve(z.T @ z + PENALTY * np.eye(z.shape[1]), z.T @ (y[seen] - y_mean))
        predicted[~seen] = (x[~seen] - x_mean) @ weights + y_mean
    return predicted


def auc(positive: Bools, predicted: Floats) -> float:
    """Chance that a satisfied request is predicted above one that is not."""
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    ranks = rankdata(predicted)
    above = ranks[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * n_negative))


def stream_auc(stream: Stream, x: Floats) -> float:
    """Mean AUC over the models that can be scored."""
    n = len(stream.prompts)
    fold = np.random.default_rng(SEED).permutation(n) % FOLDS
    predicted = out_of_fold(x, stream.satisfied, fold)
    kinds = stream.satisfied.sum(axis=0)
    scored = np.flatnonzero((kinds >= LEAST) & (n - kinds >= LEAST))
    return float(np.mean([auc(stream.satisfied[:, m] > 0.5, predicted[:, m]) for m in scored]))


def scores(streams: Sequence[Stream], make: Callable[[Stream], Floats]) -> list[float]:
    """AUC per data set, in the order of `DATA_SETS`."""
    found: dict[str, list[float]] = {data: [] for data, _ in DATA_SETS}
    for stream in streams:
        found[stream.data].append(stream_auc(stream, make(stream)))
    return [float(np.mean(values)) for values in found.values()]


def microseconds(encoder: Encoder, prompts: Sequence[str]) -> tuple[float, float]:
    """CPU time per request: all at once, and one by one."""

    def timed(run: Callable[[], object]) -> float:
        start = time.process_time()
        run()
        return (time.process_time() - start) / len(prompts) * 1e6

    encoder.encode(prompts)  # warm
    at_once = [timed(lambda: encoder.encode(prompts)) for _ in range(5)]
    singly = [timed(lambda: [encoder.encode([p]) for p in prompts]) for _ in range(5)]
    return median(at_once), median(singly)


def head_table(folder: Path) -> None:
    """Print how the paper's head learns online, setting by setting."""
    require_extra("torch", ["torch"], "--head")
    from messplus.predictors.mlp import TorchHead

    streams = [learning_stream(folder, data) for data in HEAD_DATA]
    print("| predictor |" + "".join(f" {d} log loss | AUC |" for d in HEAD_DATA))
    print("|---|" + "---|" * 2 * len(HEAD_DATA))
    rows = ["running mean"]
    for _, y in streams:
        seen = np.vstack([np.full((1, y.shape[1]), 0.5), y]).cumsum(axis=0)[:-1]
        rows.append(f"{log_loss(y, seen / np.arange(1, len(y) + 1)[:, np.newaxis]):.3f} | 0.500")
    print(f"| {' | '.join(rows)} |", flush=True)
    for lr, clip in HEAD_SETTINGS:
        mlp = TorchHead(lr=lr, clip=clip)
        rows = [f"`lr={lr:g}, clip={clip:g}`"]
        for x, y in streams:
            state, predicted = mlp.init(y.shape[1], x.shape[1]), np.empty_like(y)
            for t in range(len(y)):
                predicted[t] = mlp.predict(state, x[t])
                state = mlp.update(state, x[t], y[t], np.full(y.shape[1], fill_value=True))
            half = len(y) // 2
            later = [auc(y[half:, m] > 0.5, predicted[half:, m]) for m in range(y.shape[1])]
            rows.append(f"{log_loss(y, predicted):.3f} | {np.mean(later):.3f}")
        print(f"| {' | '.join(rows)} |", flush=True)


def learning_stream(folder: Path, data: str) -> tuple[Floats, Floats]:
    """Features and outcomes of the first three models, in the order of one seeded shuffle."""
    table = pl.read_parquet(folder / f"{data}.parquet")
    order = np.random.default_rng(SEED).permutation(len(table))[:HEAD_REQUESTS]
    table = table[order]
    outcomes = table.select(pl.col("^score__.*$")).to_numpy()[:, :3]
    x = Features(encoder_from_spec("hashed")).transform(table["prompt"].to_list())
    return x, (outcomes > 0.5).astype(np.float64)


def log_loss(y: Floats, predicted: Floats) -> float:
    """Mean negative log likelihood in nats; probabilities are kept off 0 and 1 by 0.001."""
    p = np.clip(predicted, 1e-3, 1.0 - 1e-3)
    return float(-(y * np.log(p) + (1.0 - y) * np.log(1.0 - p)).mean())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="AUC and time of the encoders")
    parser.add_argument("data", nargs="?", type=Path, default=SHARED_DATA)
    parser.add_argument("--sentence", help="a folder with model.onnx and tokenizer.json, too")
    parser.add_argument("--head", action="store_true", help="measure the paper's head instead")
    arguments = parser.parse_args()
    folder: Path = arguments.data
    missing = [data for data, _ in DATA_SETS if not (folder / f"{data}.parquet").is_file()]
    if missing:
        sys.exit(f"nothing measured: {arguments.data} holds no {', '.join(missing)} (.parquet)")

    print(f"Machine: {describe()}. Seed {SEED}, {FOLDS} folds, ridge penalty {PENALTY:g}.\n")
    if arguments.head:
        head_table(folder)
        return
    streams = read_streams(folder)
    timed = next(stream.prompts for stream in streams if stream.data == TIMED)[:1000]
    specs = [*SPECS, *([f"sentence:path={arguments.sentence}"] if arguments.sentence else [])]

    names = [data for data, _ in DATA_SETS]
    columns = ["features", *names, "mean", "us at once", "us singly"]
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")

    def line(name: str, found: Sequence[float], times: tuple[float, float] | None) -> None:
        cells = [name, *(f"{value:.3f}" for value in (*found, float(np.mean(found))))]
        cells += [f"{value:.0f}" for value in times] if times else ["", ""]
        print(f"| {' | '.join(cells)} |", flush=True)

    for spec in specs:
        encoder = encoder_from_spec(spec)
        features = Features(encoder)
        found = scores(streams, lambda s, f=features: f.transform(s.prompts))  # type: ignore[misc]
        line(
            f"`{spec.partition('=')[0] if 'path' in spec else spec}`",
            found,
            microseconds(encoder, timed),
        )

    for dims in (16, 32):
        features = Features(encoder_from_spec("hashed"), ("task",), dims)
        found = scores(
            streams,
            lambda s, f=features: f.transform(s.prompts, [{"task": t} for t in s.tasks]),  # type: ignore[misc]
        )
        line(f"`hashed` + task in {dims} columns", found, None)
    length = scores(
        streams, lambda s: Features(encoder_from_spec("hashed")).transform(s.prompts)[:, -1:]
    )
    line("log length alone", length, None)


if __name__ == "__main__":
    main()
