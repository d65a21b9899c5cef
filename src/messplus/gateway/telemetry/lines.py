"""Log records as lines: JSON for machines, text for people."""

import logging
import time
from collections.abc import Iterable
from typing import Literal

import orjson

from messplus.gateway.config.secrets import without
from messplus.gateway.telemetry.ended import Ended

Format = Literal["json", "text"]

LONGEST_TEXT = 16_000
"""Characters of a message or traceback that are written."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "ended",
    "color_message",  # uvicorn's, the same once more
}


class Lines(logging.Formatter):
    """One line per record. Secrets are taken out, wherever in it they stand."""

    def __init__(self, kind: Format, secrets: Iterable[str] = ()) -> None:
        """Choose how lines look.

        Args:
            kind: `json` or `text`.
            secrets: What must not be written.
        """
        super().__init__()
        self._json = kind == "json"
        self._secrets: tuple[str, ...] = ()
        self.hide(secrets)

    def hide(self, secrets: Iterable[str]) -> None:
        """Say what else must not be written: lines that wait may hold the secrets of before."""
        given = {form for one in secrets for form in (one, orjson.dumps(one).decode()[1:-1])}
        self._secrets = tuple(sorted({*self._secrets, *given}, key=len, reverse=True))

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        return without(self._secrets, _json(record) if self._json else _text(record))


def _json(record: logging.LogRecord) -> str:
    line: dict[str, object] = {
        "time": f"{_time(record, 'T')}Z",
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage()[:LONGEST_TEXT],
        **_fields(record),
    }
    if record.exc_text:
        line["exception"] = record.exc_text[-LONGEST_TEXT:]
    return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _text(record: logging.LogRecord) -> str:
    """For people: what is not known is left out, and nobody can forge a second line."""
    told = [
        f"{name}={value}" for name, value in _fields(record).items() if value not in (None, "", 0)
    ]
    message = record.getMessage()[:LONGEST_TEXT]
    line = " ".join([_time(record, " "), record.levelname, record.name, message, *told])
    line = line.replace("\r", "\\r").replace("\n", "\\n")
    return f"{line}\n{record.exc_text[-LONGEST_TEXT:]}" if record.exc_text else line


def _time(record: logging.LogRecord, between: str) -> str:
    """UTC, to the millisecond."""
    seconds = time.strftime(f"%Y-%m-%d{between}%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03d}"


def _fields(record: logging.LogRecord) -> dict[str, object]:
    ended = getattr(record, "ended", None)
    if isinstance(ended, Ended):
        return access_fields(ended)
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def access_fields(one: Ended) -> dict[str, object]:
    """What the access log says of a request. Neither prompt nor answer is known here."""
    return {
        "request_id": one.request_id,
        "client": one.client,
        "operation": one.operation,
        "route": one.route,
        "alpha": one.alpha,
        "model": one.model,
        "mode": one.mode,
        "status": one.status,
        "error": one.error,
        "stream": one.stream,
        "attempts": one.attempts,
        "prompt_tokens": one.prompt_tokens,
        "cached_tokens": one.cached_tokens,
        "output_tokens": one.output_tokens,
        "cost_usd": round(one.cost_usd + one.failed_cost_usd, 9),
        "energy_j": round(one.energy_j, 6),
        "latency_s": round(one.latency_s, 6),
        "first_byte_s": None if one.first_byte_s is None else round(one.first_byte_s, 6),
        "overhead_ms": None if one.overhead_s is None else round(1000 * one.overhead_s, 3),
    }
