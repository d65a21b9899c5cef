"""The ledger: every call of a capture, one line of JSON each, appended as soon as it ended.

A capture that is killed, even by kill -9, has lost only the calls that were under way. The ledger
holds what happened, nothing that follows from it: scores and costs are worked out from it later, so
another grader or another price needs no new call.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from messplus.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What came of one question to one model, retries included.

    Attributes:
        prompt_id: Of the question.
        model: The zoo's name of the model.
        response: What it answered; "" for a failed call.
        error: Why the call failed; "" for one that did not. A failed call is an outcome: it scores
            0, and what it cost is charged.
        finish_reason: As the upstream said: "stop", "length", ...
        prompt_tokens: As the upstream counted; characters / 4 if it did not.
        output_tokens: Likewise.
        tokens_counted: False if the two before are estimates.
        latency_s: Seconds from sending the last attempt until its answer was complete.
        energy_j: Joules; None where nothing could be read.
        attempts: How often it was tried, >= 1.
        started_at: Seconds since 1970 at which the last attempt was sent.
        served_by: The model's name in the answer.
    """

    prompt_id: str
    model: str
    response: str = ""
    error: str = ""
    finish_reason: str = ""
    prompt_tokens: int = 0
    output_tokens: int = 0
    tokens_counted: bool = True
    latency_s: float = 0.0
    energy_j: float | None = None
    attempts: int = 1
    started_at: float = 0.0
    served_by: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Question and model: a capture has one call for each."""
        return self.prompt_id, self.model


class Ledger:
    """Appends calls to a file; use it with `with`.

    Opening it takes off a last line that a crash cut short.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        """Open the file.

        Raises:
            OSError: It cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("ab")
        self._file.truncate(_whole_bytes(self._path))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file once everything is on the disk."""
        if self._file is not None:
            try:
                os.fsync(self._file.fileno())
            finally:
                self._file.close()
                self._file = None

    def append(self, call: Call) -> None:
        """Write a call; when this returns, a crash of this process does not lose it.

        Raises:
            OSError: The disk is full. A line cut short is taken off when the ledger is next opened.
        """
        if self._file is None:
            raise ValueError("the ledger is not open")
        line = json.dumps(asdict(call), ensure_ascii=False) + "\n"
        self._file.write(line.encode())
        self._file.flush()


def read_calls(path: Path) -> Iterator[Call]:
    """The calls of a ledger in the order in which they ended; none if there is no such file.

    A later call for the same question and model takes the place of an earlier one: it is for the
    reader to keep the last. A last line that a crash cut short is left out.

    Raises:
        DataError: A line is not a call.
    """
    if not path.is_file():
        return
    known = {one.name for one in fields(Call)}
    with path.open("rb") as file:
        left = _whole_bytes(path)
        for number, line in enumerate(file, 1):
            left -= len(line)
            if left < 0:
                return
            try:
                entry = json.loads(line)
                yield Call(**{key: value for key, value in entry.items() if key in known})
            except (ValueError, TypeError, AttributeError) as error:  # ValueError: JSON or UTF-8
                raise DataError(f"{path}, line {number} is no call: {error!r}") from error


def last_calls(path: Path) -> dict[tuple[str, str], Call]:
    """The call that counts for each question and model.

    Raises:
        DataError: A line of the ledger is not a call.
    """
    return {call.key: call for call in read_calls(path)}


def _whole_bytes(path: Path) -> int:
    """Bytes up to the end of the last line that was written to its end."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - 65536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
    return 0
