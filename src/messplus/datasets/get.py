"""Fetch a public data set, check it, and make an outcome table of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from messplus.datasets.entry import DataSet, RemoteFile
from messplus.datasets.readers import LAYOUTS
from messplus.datasets.write import write_table
from messplus.errors import DataError, FetchError, SettingError
from messplus.replay.outcomes import OutcomeTable
from messplus.replay.readers.assemble import assemble
from messplus.replay.readers.sidecar import Sidecar
from messplus.replay.validate import Problem

Progress = Callable[[int, int], None]


class Download(Protocol):
    """Fetches one file, whole or not at all: `messplus.fetch.download` or a test's own."""

    def __call__(
        self,
        url: str,
        target: Path,
        *,
        sha256: str | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        """Fetch a file.

        Args:
            url: Where it is.
            target: Where it goes.
            sha256: What its content must hash to, as hex.
            on_progress: Called with the bytes that have come, and the bytes to come or 0.

        Raises:
            FetchError: It could not be fetched, or is not what it should be.
        """
        ...


@dataclass(frozen=True, slots=True)
class Got:
    """A data set that is ready for `messplus replay`.

    Attributes:
        path: Of the Parquet file; its sidecar is beside it.
        table: What is in it.
        warnings: What its user should know.
    """

    path: Path
    table: OutcomeTable
    warnings: tuple[Problem, ...]


def accept_licence(
    name: str, licence: str, page: str, *, accepted: bool, ask: Callable[[str], bool] | None
) -> None:
    """See that the user accepts a licence before anything is fetched.

    Args:
        name: Of the data set.
        licence: As its source states it.
        page: Where it is stated.
        accepted: The user has said so already.
        ask: Asks a question on a terminal; None where nobody can answer.

    Raises:
        SettingError: Nobody accepted it.
    """
    if accepted:
        return
    terms = f"{name} has the licence: {licence} (see {page})"
    if ask is None:
        raise SettingError(f"{terms}; give --accept-licence if you accept it")
    if not ask(f"{terms}. Do you accept it?"):
        raise SettingError(f"{terms}; it was not accepted, so nothing was fetched")


def get(
    entry: DataSet,
    to: Path,
    *,
    cache: Path,
    download: Download,
    on_file: Callable[[RemoteFile], Progress] | None = None,
) -> Got:
    """Fetch what is not in the cache, convert it and write `NAME.parquet` and `NAME.json`.

    Args:
        entry: What the catalog knows of the data set. Its licence was accepted.
        to: Folder for the two files.
        cache: Folder for the published files; they are kept in a part of it.
        download: Fetches one file.
        on_file: Called before a file is fetched; what it gives back is told the progress.

    Raises:
        FetchError: A file could not be fetched, or is larger than it can be.
        DataError: What was fetched is not the data set that we know. Nothing is written to `to`.
        OSError: A folder cannot be written.
    """
    folder = cache_of(entry, cache)
    paths: dict[str, Path] = {}
    for file in entry.files:
        path = folder / file.name
        if not _is_cached(file, path):
            _fetch(file, path, download, on_file(file) if on_file else None)
        paths[file.about or file.name] = path
    try:
        table, warnings = _convert(entry, paths)
    except DataError as cause:
        raise DataError(
            f"{cause}\nThe published files of {entry.name} may have changed, or their copies in "
            f"{folder} may be damaged: delete that folder to fetch them anew"
        ) from cause
    written = write_table(table, to, entry.name, **_more(entry, table))
    return Got(written, table, warnings)


def cache_of(entry: DataSet, cache: Path) -> Path:
    """Where the published files of a data set are kept."""
    return cache / "datasets" / entry.name


def is_fetched(entry: DataSet, cache: Path) -> bool:
    """Whether all its published files are in the cache."""
    return all((cache_of(entry, cache) / file.name).is_file() for file in entry.files)


def _is_cached(file: RemoteFile, path: Path) -> bool:
    if not path.is_file():
        return False
    if file.sha256 is None:
        return True
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256


def _fetch(file: RemoteFile, path: Path, download: Download, on_progress: Progress | None) -> None:
    """Fetch one file, but no more of it than it can have.

    Raises:
        FetchError: It could not be fetched, or is too large.
    """

    def bounded(done: int, total: int) -> None:
        if max(done, total) > file.max_bytes:
            raise FetchError(
                f"{file.url} has {max(done, total):,} bytes or more, at most {file.max_bytes:,} "
                "were expected: this is not the file that we know"
            )
        if on_progress is not None:
            on_progress(done, total)

    path.parent.mkdir(parents=True, exist_ok=True)
    download(file.url, path, sha256=file.sha256, on_progress=bounded)


def _convert(entry: DataSet, paths: dict[str, Path]) -> tuple[OutcomeTable, tuple[Problem, ...]]:
    """The checked table.

    Raises:
        DataError: A file is not of its layout, the table breaks the data contract, or it has
            another number of requests.
    """
    frame = LAYOUTS[entry.layout](entry, paths)
    least, most = entry.rows
    if not least <= frame.height <= most:
        expected = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        raise DataError(
            f"{entry.name} has {frame.height:,} requests that every model answered, "
            f"{expected} were expected"
        )
    sidecar = Sidecar(
        file=f"{entry.name}.json",
        name=entry.name,
        cost_unit=entry.cost_unit,
        alpha=entry.alpha,
        source=f"{entry.title}. {entry.page}. Cost: {_cost(entry)}. Score: {entry.score}.",
        licence=entry.licence,
    )
    result = assemble(frame, sidecar, Path(entry.name))
    return result.table, result.warnings


def _cost(entry: DataSet) -> str:
    """Where the costs come from, with how tokens were estimated."""
    if entry.letters is None:
        return entry.cost
    return (
        f"{entry.cost}; a token is {entry.letters.prompt:g} letters of a prompt, "
        f"{entry.letters.answer:g} of an answer"
    )


def _more(entry: DataSet, table: OutcomeTable) -> dict[str, object]:
    """What else the sidecar says: enough to make the table again, and to compare it."""
    more: dict[str, object] = {
        "files": [file.url for file in entry.files],
        "mean_score": dict(zip(table.models, table.score.mean(axis=0).tolist(), strict=True)),
        "mean_cost": dict(zip(table.models, table.cost.mean(axis=0).tolist(), strict=True)),
        "good_for": entry.good_for,
        "trap": entry.trap,
    }
    prices = {
        model.name: [model.price.prompt, model.price.answer]
        for model in entry.models
        if model.price is not None
    }
    return more | ({"prices_usd_per_million_tokens": prices} if prices else {})
