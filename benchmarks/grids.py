"""Many grids at once: each page sets streams beside each other that are served in different ways."""

from collections.abc import Sequence
from pathlib import Path

from joblib import Parallel, delayed

from messplus.cli.progress import progress_bar
from messplus.replay.grid import Grid, run_grid
from messplus.replay.results import Results
from messplus.replay.streams import Stream


def run_all(
    grids: Sequence[tuple[Stream, Grid]], what: str, *, jobs: int, cache: Path | None
) -> list[Results]:
    """The results of each grid on its stream, in the order given.

    Args:
        grids: What is to be run.
        what: Name of the progress bar.
        jobs: Processes, each of which runs whole grids; -1 for one per core.
        cache: Folder of finished runs, from which an interrupted call goes on. None: keep none.
    """
    tasks = (delayed(_one)(stream, grid, cache) for stream, grid in grids)
    found: list[Results] = []
    with progress_bar(what) as step:
        for results in Parallel(n_jobs=jobs, return_as="generator")(tasks):
            found.append(results)
            step(len(found), len(grids))
    return found


def _one(stream: Stream, grid: Grid, cache: Path | None) -> Results:
    return run_grid([stream], grid, jobs=1, cache=cache)
