"""What children write, line by line, with the name of whose it is."""

import asyncio
import logging
from collections import deque
from typing import Final, TextIO

import orjson

from messplus.gateway.telemetry.lines import Format

MOST_LINE_BYTES: Final = 1 << 20
"""Longest line that is passed on; `Logs` writes shorter ones."""

_LAST_LINES: Final = 8
_MAX_WORDS_CHARS: Final = 800

_log = logging.getLogger("messplus.workers")


class Relay:
    """Passes lines on to one stream."""

    def __init__(self, stream: TextIO, kind: Format) -> None:
        """Choose where to.

        Args:
            stream: Such as stderr.
            kind: What children log: `json` lines get the field `process`, `text` lines the name in front.
        """
        self._stream = stream
        self._json = kind == "json"

    async def copy(self, name: str, said: asyncio.StreamReader) -> str:
        """Pass on what a child writes, to its end.

        Args:
            name: Of the child.
            said: What it writes.

        Returns:
            Its last words that are no lines of JSON: why it could not go on.
        """
        words: deque[str] = deque(maxlen=_LAST_LINES)
        while True:
            try:
                line = await said.readline()
            except ValueError:  # asyncio's word for a line beyond the limit, which it has skipped
                _log.warning("%s: a line of more than %d bytes is left out", name, MOST_LINE_BYTES)
                continue
            if not line:
                return " | ".join(words)[-_MAX_WORDS_CHARS:]
            text = line.decode("utf-8", "replace").rstrip()
            if not text:
                continue
            if not (self._json and text.startswith("{")):
                words.append(text)
            self._pass_on(name, text)

    def _pass_on(self, name: str, text: str) -> None:
        if not self._json:
            line = f"[{name}] {text}\n"
        elif text.startswith("{"):
            line = f'{{"process":{orjson.dumps(name).decode()},{text[1:]}\n'
        else:  # not by our logging: a traceback, words of a library
            _log.error("%s: %s", name, text)
            return
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError:
            _log.debug(
                "nobody reads what %s says", name
            )  # counted, as a line that is lost, by `Logs`
