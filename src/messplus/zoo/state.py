"""What runs, as the supervisor writes it down and others read it: `state.json` in the zoo's folder."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal, Self, TypeVar, get_args

import psutil

from messplus.errors import ZooError
from messplus.files import write_whole

Phase = Literal["starting", "healthy", "silent", "restarting", "gave up"]
Record = TypeVar("Record")
_SAME_S = 2.0  # a process's start, computed from the system's, moves a little when clocks are set


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process that can be told from a later one with its number.

    Attributes:
        pid: Its number.
        created_s: When it started, in seconds since 1970.
    """

    pid: int
    created_s: float

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The mark of a process that runs now, or None if it has ended."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def find(self) -> psutil.Process | None:
        """The process, or None if it has ended (and perhaps another one has its number)."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created_s) < _SAME_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One model of a running zoo.

    Attributes:
        name: What clients call it.
        port: On 127.0.0.1.
        input_usd_per_mtok: USD per million prompt tokens.
        output_usd_per_mtok: USD per million output tokens.
        phase: How it is.
        process: Its server, if one runs.
        restarts: How often its server was started again.
        reason: Why it was, or why that was given up.
    """

    name: str
    port: int
    input_usd_per_mtok: float = 0.0
    output_usd_per_mtok: float = 0.0
    phase: Phase = "starting"
    process: ProcessMark | None = None
    restarts: int = 0
    reason: str = ""

    @property
    def base_url(self) -> str:
        """What an OpenAI client is given."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def memory_bytes(self) -> int | None:
        """What its server holds in memory now, or None if none runs."""
        process = self.process and self.process.find()
        try:
            return process.memory_info().rss if process else None
        except psutil.NoSuchProcess:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A zoo: who keeps it up, and its models."""

    supervisor: ProcessMark
    served: tuple[Served, ...] = field(default=())

    @property
    def is_running(self) -> bool:
        """Whether somebody keeps it up; False after a reboot or a kill, which leave the file."""
        return self.supervisor.find() is not None

    def write(self, folder: Path) -> None:
        """Write `state.json`."""
        text = json.dumps(asdict(self), indent=1)
        write_whole(state_file(folder), lambda file: file.write(text.encode()))

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The state in a zoo's folder, or None if nothing was started there.

        Raises:
            ZooError: The file is none that we wrote.
        """
        path = state_file(folder)
        try:
            entries = json.loads(path.read_bytes())
            return cls(
                supervisor=_record(ProcessMark, entries["supervisor"]),
                served=tuple(_served(entry) for entry in entries["served"]),
            )
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise ZooError(f"{path} is no state of a zoo ({error!r}): delete it") from error


def state_file(folder: Path) -> Path:
    """Where the state of a zoo is written."""
    return folder / "state.json"


def _served(entry: dict[str, object]) -> Served:
    process = entry["process"]
    mark = None if process is None else _record(ProcessMark, process)
    found = _record(Served, {**entry, "process": mark})
    if found.phase not in get_args(Phase):
        raise ValueError(found.phase)
    return found


def _record(cls: Callable[..., Record], entry: object) -> Record:
    """A record from a mapping that has each of its fields and no other."""
    names = {one.name for one in fields(cls)}  # type: ignore[arg-type]  # cls is a dataclass
    if not isinstance(entry, dict) or entry.keys() != names:
        raise TypeError(f"expected {sorted(names)}, got {entry!r}")
    return cls(**entry)
