"""Fetch one large file over HTTP: resumed where it broke off, verified, and whole or not at all."""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProxyError,
    ResponseError,
    SSLError,
)
from urllib3.util.retry import Retry

from messplus.errors import FetchError

Progress = Callable[[int, int], None]

_BLOCK_BYTES = 2**16
_MAX_ATTEMPTS = 100
_MAX_FRUITLESS = 5  # attempts in a row that bring no byte
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_TIMEOUT = urllib3.Timeout(connect=10.0, read=30.0)
_TRIED_AGAIN = (429, 500, 502, 503, 504)
# Redirects are followed; what breaks off is tried again here, where the file has grown meanwhile.
_REDIRECTS_ONLY = Retry(connect=0, read=0, status=0, other=0, redirect=10)


def download(
    url: str,
    target: Path,
    *,
    size_bytes: int | None = None,
    sha256: str | None = None,
    on_progress: Progress | None = None,
    pool: urllib3.PoolManager | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch a file to `target`, which never holds a part of it.

    What has come is kept in `target` + `.part`. A later call goes on from there if it knows the
    `sha256`; without one nobody could tell whether it is still the same file, so it starts again.
    One caller at a time for one target.

    Args:
        url: Begins with http:// or https://. Redirects are followed. The proxy is that of the
            environment: HTTP_PROXY, HTTPS_PROXY, NO_PROXY.
        target: Where the file goes; its folder is made if need be. A file there is replaced.
        size_bytes: What its length must be; None takes any.
        sha256: What it must hash to, as hex; None takes anything.
        on_progress: Called with the bytes that have come, and the bytes of the whole file or 0 if
            the server does not say. What it raises stops the download.
        pool: Connections to use instead of the environment's.
        sleep: Waits that many seconds between two attempts.

    Raises:
        FetchError: The server cannot be reached, refuses or breaks off too often; the disk is full;
            length or checksum are wrong, and then the part is removed.
        OSError: The folder cannot be written.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise FetchError(f"an address to fetch must read http(s)://HOST/..., got {_shown(url)!r}")
    part = part_of(target)
    part.parent.mkdir(parents=True, exist_ok=True)
    if sha256 is None:
        part.unlink(missing_ok=True)
    transfer = _Transfer(url, part, size_bytes, on_progress or (lambda _done, _total: None))
    connections = pool or pool_for(url)
    try:
        transfer.run(connections, sleep)
    finally:
        if pool is None:
            connections.clear()
    if sha256 is not None:
        try:
            verify(part, sha256)
        except FetchError as error:
            part.unlink()
            raise FetchError(f"{_shown(url)} is not the file that it should be: {error}") from None
    os.replace(part, target)


def part_of(target: Path) -> Path:
    """Where a file grows until it is whole."""
    return target.with_name(target.name + ".part")


def sha256_of(path: Path, on_progress: Progress | None = None) -> str:
    """The checksum of a file's content, as hex.

    Args:
        path: Of the file.
        on_progress: Called with the bytes that were read, and those of the whole file.
    """
    total, done, digest = path.stat().st_size, 0, hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
            done += len(block)
            if on_progress is not None:
                on_progress(done, total)
    return digest.hexdigest()


def verify(path: Path, sha256: str, on_progress: Progress | None = None) -> None:
    """Check a file's content; arguments as in `sha256_of`.

    Raises:
        FetchError: It hashes to something else.
    """
    found = sha256_of(path, on_progress)
    if found != sha256.lower():
        raise FetchError(f"expected sha256 {sha256.lower()}, found {found} in {path.name}")


def require_free(folder: Path, needed_bytes: int) -> None:
    """Check, before anything is written, that a disk has room.

    Raises:
        FetchError: It has not.
    """
    if shutil.disk_usage(folder).free < needed_bytes:
        _disk_full(folder, needed_bytes)


def pool_for(url: str) -> urllib3.PoolManager:
    """Connections as the environment wants them: through its proxy, or direct."""
    parts = urlsplit(url)
    proxy = getproxies().get(parts.scheme)
    if not proxy or proxy_bypass(parts.hostname or ""):
        return urllib3.PoolManager()
    name = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    headers = None
    if name.username:
        login = f"{unquote(name.username)}:{unquote(name.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=login)
    netloc = name.netloc.rpartition("@")[2]
    return urllib3.ProxyManager(f"{name.scheme}://{netloc}", proxy_headers=headers)


class _BrokenOffError(Exception):
    """An attempt that may go better the next time."""


@dataclass
class _Transfer:
    """One file on its way; `part` grows with every attempt.

    Attributes:
        url: Where it is.
        part: What has come.
        size_bytes: What its length must be.
        on_progress: As in `download`.
        version: The server's mark of the file's version, so that no two are mixed within a call.
    """

    url: str
    part: Path
    size_bytes: int | None
    on_progress: Progress
    version: str | None = field(default=None, init=False)

    def run(self, pool: urllib3.PoolManager, sleep: Callable[[float], None]) -> None:
        """Try until it is whole."""
        fruitless = 0
        for attempt in range(_MAX_ATTEMPTS):
            before = self._have()
            try:
                if before == 0 or before != self.size_bytes:
                    self._attempt(pool, first=attempt == 0)
                return self._check_length()
            except _BrokenOffError as broken:
                fruitless = 0 if self._have() > before else fruitless + 1
                if fruitless == _MAX_FRUITLESS or attempt == _MAX_ATTEMPTS - 1:
                    self._fail(
                        f"broke off {attempt + 1} times, at last: {broken}",
                        f"{self._have():,} bytes are kept, try again later",
                    )
            sleep(min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**fruitless))
        return None

    def _attempt(self, pool: urllib3.PoolManager, *, first: bool) -> None:
        """Ask for what is missing, and write what comes.

        Raises:
            _BrokenOffError: It may go better the next time.
        """
        have = self._have()
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if self.version:
                headers["If-Range"] = self.version
        try:
            response = pool.request(
                "GET",
                self.url,
                headers=headers,
                preload_content=False,
                retries=_REDIRECTS_ONLY,
                timeout=_TIMEOUT,
            )
        except MaxRetryError as error:
            self._unanswered(error, first=first)
        try:
            with closing(response):
                self._receive(response, have)
        except HTTPError as error:
            raise _BrokenOffError(type(error).__name__) from error

    def _unanswered(self, error: MaxRetryError, *, first: bool) -> NoReturn:
        """Who cannot be reached at all is given up at once; who could be a moment ago is not."""
        reason = type(error.reason).__name__ if error.reason else "no reason given"
        if isinstance(error.reason, ResponseError):
            self._fail("redirects without end", "check the address")
        if isinstance(error.reason, SSLError):
            self._fail(f"has no certificate that is trusted ({error.reason})", "see SSL_CERT_FILE")
        unreachable = NewConnectionError | ConnectTimeoutError | ProxyError
        if first and isinstance(error.reason, unreachable):
            self._fail(f"cannot be reached ({reason})", "check network, HTTP_PROXY and HTTPS_PROXY")
        raise _BrokenOffError(reason) from error

    def _receive(self, response: urllib3.BaseHTTPResponse, have: int) -> None:
        """Write the answer behind what is there, or over it if the server sends all."""
        said = response.headers.get("Content-Range", "")  # "bytes 5-9/10" or "bytes */10"
        match response.status:
            case 206 if said.startswith(f"bytes {have}-"):
                total = _number(said.rpartition("/")[2])
            case 200:
                have, total = 0, _number(response.headers.get("Content-Length", ""))
            case 416 if have and _number(said.rpartition("/")[2]) == have:
                return  # all of it was there
            case 206 | 416:  # another part than asked for, or none so far behind: start again
                self.part.unlink(missing_ok=True)
                raise _BrokenOffError(f"status {response.status} with range {said!r}")
            case status if status in _TRIED_AGAIN:
                raise _BrokenOffError(f"status {status}")
            case status:
                self._fail(f"gave status {status}", "check the address")
        if self.size_bytes is not None and total not in (0, self.size_bytes):
            self._wrong_length(f"{total:,} bytes")
        require_free(self.part.parent, total - have)
        mark = response.headers.get("ETag", response.headers.get("Last-Modified", ""))
        self.version = None if mark.startswith("W/") else mark
        with (
            full_disk_is_said(self.part.parent, lambda: max(1, total - self._have())),
            open_part(self.part, "ab" if have else "wb") as file,
        ):
            self._write(response, file, have, total)

    def _write(
        self, response: urllib3.BaseHTTPResponse, file: IO[bytes], have: int, total: int
    ) -> None:
        self.on_progress(have, total)
        for block in response.stream(_BLOCK_BYTES, decode_content=False):
            file.write(block)
            have += len(block)
            if self.size_bytes is not None and have > self.size_bytes:
                break  # `_check_length` says so
            self.on_progress(have, total)
        file.flush()
        os.fsync(file.fileno())

    def _check_length(self) -> None:
        have = self._have()
        if self.size_bytes is None or have == self.size_bytes:
            return
        if have < self.size_bytes:  # a server that announced no length and ended early
            raise _BrokenOffError(f"the answer ended after {have:,} bytes")
        self._wrong_length(f"{have:,} bytes or more")

    def _wrong_length(self, found: str) -> NoReturn:
        self.part.unlink(missing_ok=True)
        self._fail(f"has {found}, expected {self.size_bytes:,}", "it is another file, or changed")

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _fail(self, what: str, fix: str) -> NoReturn:
        raise FetchError(f"{_shown(self.url)} {what}; {fix}") from None


def open_part(part: Path, mode: str) -> IO[bytes]:
    """Open the growing file; a test puts a full disk in its place."""
    return part.open(mode)


@contextmanager
def full_disk_is_said(folder: Path, needed_bytes: Callable[[], int]) -> Iterator[None]:
    """Turn the operating system's error for a full disk into one that says how much is needed.

    Args:
        folder: On that disk.
        needed_bytes: How many bytes more are needed by then.

    Raises:
        FetchError: The disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _disk_full(folder, needed_bytes())


def _disk_full(folder: Path, needed_bytes: int) -> NoReturn:
    free_bytes = shutil.disk_usage(folder).free
    raise FetchError(
        f"the disk of {folder} is full: {needed_bytes:,} more bytes are needed, {free_bytes:,} are "
        "free; what has come is kept, make room and try again"
    ) from None


def _number(text: str) -> int:
    """A length as a server says it, or 0 if it does not say."""
    return int(text) if text.isdecimal() else 0


def _shown(url: str) -> str:
    """An address without query and credentials, for messages."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
