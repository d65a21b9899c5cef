"""The folder of a capture: its plan, its ledger, what was asked how, and the table it makes."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock, Timeout

from messplus.capture.client import Request
from messplus.capture.plan import interleave, merge, read_plan, write_plan
from messplus.capture.question import Question
from messplus.errors import CaptureError, DataError
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
        """The outcome table."""
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

    def extend_plan(self, questions: Iterable[Question]) -> list[Question]:
        """Add questions that are new to the plan, mixed evenly, and write it.

        Returns:
            The whole plan.

        Raises:
            DataError: A question has changed since the capture began, or there is none at all.
        """
        before = read_plan(self.plan)
        known = {question.prompt_id for question in before}
        merged = merge(before, questions)
        new = interleave(one for one in merged if one.prompt_id not in known)
        if not merged:
            raise DataError("there are no questions to ask")
        if new:
            write_plan(self.plan, [*before, *new])
        return [*before, *new]

    def keep_request(self, request: Request) -> None:
        """Note what every request says, or check that it is what an earlier run said.

        Raises:
            CaptureError: It is not: answers would not be comparable.
        """
        path = self.path / "request.json"
        said = asdict(request)
        if not path.is_file():
            text = json.dumps(said, indent=2) + "\n"
            write_whole(path, lambda file: file.write(text.encode()))
            return
        before = json.loads(path.read_text(encoding="utf-8"))
        if before != said:
            raise CaptureError(
                f"this capture began with {before} and cannot go on with {said}: use another folder"
            )
