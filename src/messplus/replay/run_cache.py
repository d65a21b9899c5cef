"""Finished runs on disk, so that an interrupted grid continues instead of starting over."""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

import messplus
from messplus.files import write_whole
from messplus.replay.metrics import Curves, Metrics
from messplus.replay.policies import digest_of_files
from messplus.replay.results import Cell, Run
from messplus.replay.streams import Stream

_LOG = logging.getLogger(__name__)

_LEFT_OUT = ("cli", "encoders", "report")  # features have a digest of their own


@dataclass(frozen=True, slots=True)
class RunCache:
    """A folder of finished runs, each under a hash of all that its result depends on.

    That includes the code: a run made by an older version of the algorithm, a predictor or the
    replay itself is never taken for a new one. Files may be deleted at any time.

    Attributes:
        folder: Made when the first run is stored.
    """

    folder: Path

    def load(self, stream: Stream, cell: Cell) -> Run | None:
        """The stored run, or None if there is none that can be read."""
        path = self._path(stream, cell)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                figures = json.loads(stored["figures"].item())
                return Run(
                    cell=cell,
                    metrics=Metrics(**figures["metrics"]),
                    curves=Curves(**{name: stored[name] for name in Curves.__slots__}),
                    cost_over_static_mix=figures["cost_over_static_mix"],
                    wall_s=figures["wall_s"],
                    warnings=tuple(figures["warnings"]),
                )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            _LOG.warning("running anew: %s is not readable (%s)", path, error)
            return None

    def store(self, stream: Stream, run: Run) -> None:
        """Keep a finished run.

        Raises:
            OSError: The folder cannot be written.
        """
        figures = json.dumps(
            {
                "metrics": asdict(run.metrics),
                "cost_over_static_mix": run.cost_over_static_mix,
                "wall_s": run.wall_s,
                "warnings": run.warnings,
            }
        )
        arrays = {name: getattr(run.curves, name) for name in Curves.__slots__}
        write_whole(
            self._path(stream, run.cell),
            lambda file: np.savez(file, figures=np.array(figures), **arrays),
        )

    def _path(self, stream: Stream, cell: Cell) -> Path:
        read = digest_of_files(cell.policy)
        key = json.dumps([code_digest(), stream.digest, asdict(cell), read], sort_keys=True)
        return self.folder / f"{sha256(key.encode()).hexdigest()}.npz"


@cache
def code_digest() -> str:
    """SHA-256 over the sources that decide what a run gives."""
    root = Path(messplus.__file__).parent
    return _digest_of(
        path
        for path in sorted(root.rglob("*.py"))
        if path.relative_to(root).parts[0] not in _LEFT_OUT
    )


def _digest_of(paths: Iterable[Path]) -> str:
    digest = sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
