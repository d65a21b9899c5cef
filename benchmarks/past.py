"""A stream parted into a past, which is learned from, and the rest, which is replayed."""

from hashlib import sha256
from pathlib import Path

from benchmarks.streams import of_rows
from threadpoolctl import threadpool_limits

from messplus.priors import fit, save
from messplus.replay.run_cache import code_digest
from messplus.replay.serving import Randomness
from messplus.replay.streams import Stream

PAST = 0.2
"""Share of each stream's order that is learned from."""


def parted(stream: Stream, seed: int) -> tuple[Stream, Stream]:
    """Past and rest of a stream, both in the order in which a replay with this seed serves it."""
    order = Randomness.of(seed).order.permutation(stream.n_requests)
    n = round(PAST * stream.n_requests)
    return of_rows(stream, order[:n]), of_rows(stream, order[n:])


def prior_of(past: Stream, folder: Path, *, flipped: bool = False) -> Path:
    """The file of a prior fitted on these requests; fitted unless it is there.

    Args:
        past: What is learned from, in this order.
        folder: Where priors are kept, by all that they depend on; made if it is not there.
        flipped: Learn from the opposite of every verdict.
    """
    key = sha256(f"{code_digest()} {past.digest} {flipped}".encode()).hexdigest()
    path = folder / f"{key[:24]}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with threadpool_limits(1):
            prior = fit(
                past.features,
                1.0 - past.score if flipped else past.score,
                past.cost,
                models=past.models,
                cost_unit=past.cost_unit,
                encoding=past.encoding,
            )
        save(prior, path)
    return path
