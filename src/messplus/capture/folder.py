"""The folder of a capture: its plan, its ledger, what was asked how, and the table it makes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from messplus.capture.client import Request
from messplus.capture.plan import interleave, merge, read_plan, write_plan
from messplus.capture.question import Question
from messplus.errors import CaptureError, DataError, require_range
from messplus.files import write_whole


class CaptureFolder:
    """Paths of a capture, and what must stay the same when it goes on.

    Attributes:
        path: Of the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def ledger(self) -> Path:
        """The calls."""
        return self.path / "calls.jsonl"

    @property
    def verdicts(self) -> Path:
        """What a judge said."""
        return self.path / "verdicts.jsonl"

    @property
    def plan(self) -> Path:
        """The questions."""
        return self.path / "questions.jsonl"

    def table(self, name: str) -> Path:
        """The outcome table; its sidecar is beside it.

        Raises:
            SettingError: The sidecar would take the place of the folder's manifest.
        """
        taken = self._manifest.stem
        require_range("name", name, f"anything but {taken!r}", ok=name not in ("", taken))
        return self.path / f"{name}.parquet"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other captures out of the folder.

        Raises:
            CaptureError: Another one is at work here.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise CaptureError(f"another capture is at work in {self.path}") from error
        try:
            yield
        finally:
            lock.release()

    def begin(
        self,
        sources: Mapping[str, Callable[[], Iterable[Question]]],
        request: Request,
        energy: str = "",
    ) -> list[Question]:
        """Read the plan, and put into it, mixed evenly, the questions of sources that are new.

        A source that the plan has already is not read again: procedural tasks may come out
        differently in another process or with another release of the package that makes them.

        Args:
            sources: By what they are called; another name means another source.
            request: What every request says.
            energy: How joules are read; "" if they are not.

        Returns:
            The whole plan.

        Raises:
            CaptureError: Requests said something else, or joules were read in another way, when
                this capture began.
            DataError: A question has changed since then, or there is none at all.
        """
        said = _Manifest.read(self._manifest)
        if said and said.request != request:
            raise CaptureError(
                f"this capture began with {said.request} and cannot go on with {request}: answers"
                " would not be comparable; use another folder"
            )
        if said and energy and said.energy not in ("", energy):
            raise CaptureError(
                f"this capture has joules by {said.energy!r} and cannot go on with {energy!r}"
            )
        before = read_plan(self.plan)
        known = said.sources if said else ()
        unread = {name: read for name, read in sources.items() if name not in known}
        merged = merge(before, (question for read in unread.values() for question in read()))
        if not merged:
            raise DataError("there are no questions to ask")
        ids = {question.prompt_id for question in before}
        plan = [*before, *interleave(one for one in merged if one.prompt_id not in ids)]
        energy = energy or (said.energy if said else "")
        manifest = _Manifest(request, (*known, *unread), energy)
        if unread:
            write_plan(self.plan, plan)
        if manifest != said:
            manifest.write(self._manifest)
        return plan

    @property
    def energy(self) -> str:
        """How the joules of the ledger were read; "" if they were not.

        Raises:
            DataError: The folder's manifest cannot be read.
        """
        said = _Manifest.read(self._manifest)
        return said.energy if said else ""

    @property
    def _manifest(self) -> Path:
        return self.path / "manifest.json"


@dataclass(frozen=True, slots=True)
class _Manifest:
    """What must stay the same while a capture goes on, and which sources are in its plan."""

    request: Request
    sources: tuple[str, ...]
    energy: str = ""

    def write(self, path: Path) -> None:
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
        write_whole(path, lambda file: file.write(text.encode()))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        if not path.is_file():
            return None
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
            request = Request(**entries["request"])
            return cls(request, tuple(entries["sources"]), str(entries.get("energy", "")))
        except (ValueError, KeyError, TypeError) as error:  # ValueError: no JSON, or no UTF-8
            raise DataError(f"{path} is not what a capture writes: {error!r}") from error
