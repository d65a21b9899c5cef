"""The field's routers beside ours, on every recorded table: who wins where, all costs charged.

    python -m benchmarks.routers --cache DIR         # the page: 5 seeds, 3 promises
    python -m benchmarks.routers --quick --out page  # one promise, 3 seeds

Needs the tables of ../shared/data (see --data; any folder of outcome tables will do). Writes routers.md and
its figures. With --cache an interrupted call goes on where it was. With --cluster the runs go to the
workers of a dask scheduler; start these from this checkout, with PYTHONPATH=. (they import benchmarks).
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks import routers_page
from benchmarks.board import Board, Outcome
from benchmarks.machine import describe
from benchmarks.options import add_options, check_data
from benchmarks.pages import write_between
from benchmarks.quality import Quality, qualities
from benchmarks.roster import ROSTER, SWEEP
from benchmarks.routers_tables import short_table
from benchmarks.streams import LADDER, MOST, ONE_PROMISE, RECORDING, all_streams
from joblib import Parallel, delayed, parallel_config

from messplus.cli.progress import progress_bar
from messplus.encoders import encoder_from_spec
from messplus.files import write_whole
from messplus.replay.equal import enclosing
from messplus.replay.grid import Grid, run_cell
from messplus.replay.metrics import Metrics
from messplus.replay.references import Reference, references
from messplus.replay.results import Cell
from messplus.replay.run_cache import code_digest
from messplus.replay.streams import Stream

QUICK_SEEDS = 3


@dataclass(frozen=True, slots=True)
class Job:
    """One policy on all streams of one table: trained once, it serves every promise.

    Attributes:
        policy: Spec.
        streams: Of one table.
        seeds: Runs of each.
        encoder: Identity of the encoder that made the features.
    """

    policy: str
    streams: tuple[Stream, ...]
    seeds: int
    encoder: str

    def outcomes(self, cache: Path | None) -> list[Outcome]:
        """Every run, read from the cache if they were made before."""
        path = cache / f"{self._key()}.json" if cache is not None else None
        if path is not None and path.exists():
            rows = json.loads(path.read_text())
            return [Outcome._make([*row[:-1], Metrics(**row[-1])]) for row in rows]
        found = list(self._run())
        if path is not None:
            text = json.dumps([(*one[:-1], asdict(one.metrics)) for one in found])
            write_whole(path, lambda file: file.write(text.encode()))
        return found

    def _run(self) -> Iterator[Outcome]:
        grid = Grid(policies=(self.policy,), seeds=self.seeds, encoder=self.encoder)
        for stream in self.streams:
            for cell in grid.cells(stream):
                runs = enclosing(partial(_metrics, stream, cell, grid), stream.alpha)
                for shift, metrics in runs.items():
                    yield Outcome(
                        stream.data,
                        stream.task,
                        stream.alpha,
                        shift,
                        self.policy,
                        cell.seed,
                        metrics,
                    )

    def _key(self) -> str:
        """Hash of all that the outcomes depend on."""
        streams = [(s.data, s.task, s.alpha, s.digest) for s in self.streams]
        key = self.policy, streams, self.seeds, self.encoder, code_digest()
        return sha256(repr(key).encode()).hexdigest()


def _metrics(stream: Stream, cell: Cell, grid: Grid, shift: float) -> Metrics:
    """The figures of a run at another promise."""
    moved = replace(stream, alpha=stream.alpha + shift)
    return run_cell(moved, replace(cell, alpha=moved.alpha), grid, None, None).metrics


def jobs_of(streams: Sequence[Stream], seeds: int, encoder: str) -> Iterator[Job]:
    """All that is to be run, the longest tables first, so that no core is left with one at the end."""
    tables: dict[tuple[str, str], list[Stream]] = {}
    for stream in streams:  # streams of one table with other requests share no training
        tables.setdefault((stream.data, stream.digest), []).append(stream)
    for of_table in sorted(tables.values(), key=lambda s: -s[0].n_requests * len(s)):
        for policy in dict.fromkeys((*(entry.spec for entry in ROSTER), *SWEEP)):
            yield Job(policy, tuple(of_table), seeds, encoder)


def compare(
    streams: Sequence[Stream], *, seeds: int, encoder: str, jobs: int, cache: Path | None
) -> tuple[Board, list[Quality]]:
    """Run everything."""
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
    lines: list[Reference] = []
    with progress_bar("reference lines") as step:
        for found in parallel(delayed(references)(stream) for stream in streams):
            lines += found
            step(len(lines) // len(found), len(streams))

    todo = list(jobs_of(streams, seeds, encoder))
    outcomes: list[Outcome] = []
    with progress_bar("every router on every table") as step:
        runs = parallel(delayed(job.outcomes)(cache) for job in todo)
        for done, of_job in enumerate(runs, start=1):
            outcomes += of_job
            step(done, len(todo))

    trained = [entry.spec for entry in ROSTER if entry.kind == "trained"]
    return Board(outcomes, lines, seeds), qualities(streams, trained, seeds, parallel)


def on_cluster(address: str) -> AbstractContextManager[Any]:
    """Send all parallel work to a dask scheduler; "" keeps it on this machine."""
    stack = ExitStack()
    if address:
        from distributed import Client  # only whoever has a cluster needs it

        stack.enter_context(Client(address))
        stack.enter_context(parallel_config(backend="dask"))
    return stack


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_options(parser, seeds=5)
    parser.add_argument(
        "--quick", action="store_true", help="one promise (3/4 of the way), at most 3 seeds"
    )
    parser.add_argument(
        "--most", type=int, default=MOST, help="requests that are kept of a table; 0 keeps all"
    )
    parser.add_argument(
        "--cluster", default="", help="address of a dask scheduler, as tcp://host:8786"
    )
    parser.add_argument("--readme", type=Path, help="put the short table between its marks")
    args = parser.parse_args()
    check_data(args.data)

    encoder = encoder_from_spec("hashed")
    promises = ONE_PROMISE if args.quick else LADDER
    seeds = min(args.seeds, QUICK_SEEDS) if args.quick else args.seeds
    streams = all_streams(args.data, encoder, promises=promises, most=args.most or None)
    with on_cluster(args.cluster):
        board, quality = compare(
            streams, seeds=seeds, encoder=encoder.identity, jobs=args.jobs, cache=args.cache
        )
    made = routers_page.Made(
        machine=describe(),
        seeds=seeds,
        most=args.most,
        promises=tuple(promises),
        recording=[stream for stream in streams if stream.data == RECORDING],
    )
    routers_page.write(args.out, board, quality, made)
    if args.readme is not None:
        write_between(args.readme, "routers", short_table(board))


if __name__ == "__main__":
    main()
