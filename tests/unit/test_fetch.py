"""Fetching over HTTP from servers on this machine that behave in every bad way."""

import errno
import hashlib
import http.server
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

import pytest
import urllib3

from messplus import fetch
from messplus.errors import FetchError
from messplus.fetch import download, part_of, pool_for, sha256_of, verify

CONTENT = random.Random(0).randbytes(1_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Published:
    """A file on a server, and how the server behaves.

    Attributes:
        content: Of the file.
        ranges: Whether it knows HTTP Range.
        cuts: After how many bytes each of the first answers breaks off.
        statuses: Of the first answers, which then have no body.
        tells_length: Whether it sends Content-Length.
        tag: The file's ETag.
        asked: The Range header of each request.
    """

    content: bytes = CONTENT
    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    tells_length: bool = True
    tag: str = '"1"'
    asked: list[str] = field(default_factory=list)
    url: str = ""


class Handler(http.server.BaseHTTPRequestHandler):
    published: Published

    def do_GET(self) -> None:
        file = self.published
        wanted = self.headers.get("Range", "")
        file.asked.append(wanted)
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/file")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/circle":
            self.send_response(302)
            self.send_header("Location", "/circle")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if file.statuses:
            self.send_response(file.statuses.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send(wanted)

    def send(self, wanted: str) -> None:
        file = self.published
        start, total = 0, len(file.content)
        same = self.headers.get("If-Range", file.tag) == file.tag
        if file.ranges and wanted and same:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        else:
            self.send_response(200)
        self.send_header("ETag", file.tag)
        body = file.content[start:]
        if file.tells_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: file.cuts.pop(0)] if file.cuts else body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(published: Published) -> Iterator[Published]:
    handler = type("Of", (Handler,), {"published": published})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        published.url = f"http://127.0.0.1:{server.server_address[1]}/file"
        try:
            yield published
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "file.bin"


class Waits(list[float]):
    """Notes how long to wait, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def test_a_file_comes_whole_with_progress(target: Path) -> None:
    steps: list[tuple[int, int]] = []
    with serving(Published()) as file:
        download(
            file.url,
            target,
            size_bytes=len(CONTENT),
            sha256=SHA256.upper(),
            on_progress=lambda done, total: steps.append((done, total)),
        )
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    assert steps[0] == (0, len(CONTENT))
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert steps == sorted(steps)


def test_what_is_cut_off_is_resumed(target: Path) -> None:
    waits = Waits()
    with serving(Published(cuts=[300_000, 400_000])) as file:
        download(file.url, target, sha256=SHA256, sleep=waits)
    assert target.read_bytes() == CONTENT
    starts = [int(wanted[len("bytes=") : -1] or 0) for wanted in file.asked[1:]]
    assert file.asked[0] == ""
    assert 200_000 <= starts[0] <= 300_000 < starts[1] <= 700_000
    assert len(waits) == 2


def test_a_later_call_goes_on_from_the_part(target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT[:777_777])
    with serving(Published()) as file:
        download(file.url, target, sha256=SHA256)
    assert file.asked == ["bytes=777777-"]
    assert target.read_bytes() == CONTENT


def test_a_part_that_is_whole_is_not_fetched(target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT)
    with serving(Published()) as file:
        download(file.url, target, sha256=SHA256, size_bytes=len(CONTENT))
        assert file.asked == []
        part_of(target).write_bytes(CONTENT)
        download(file.url, target, sha256=SHA256)  # the server has to be asked how long it is
    assert file.asked == [f"bytes={len(CONTENT)}-"]
    assert target.read_bytes() == CONTENT


def test_without_a_checksum_an_old_part_is_not_trusted(target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(b"of another file")
    with serving(Published()) as file:
        download(file.url, target)
    assert target.read_bytes() == CONTENT


def test_a_file_that_changes_half_way_is_not_mixed(target: Path) -> None:
    old, new = Published(cuts=[300_000]), CONTENT[::-1]

    def changes(_seconds: float) -> None:
        old.content, old.tag = new, '"2"'

    with serving(old):
        download(old.url, target, sleep=changes)
    assert target.read_bytes() == new


def test_a_server_without_range_sends_all_again(target: Path) -> None:
    with serving(Published(ranges=False, cuts=[300_000])) as file:
        download(file.url, target, sha256=SHA256, sleep=Waits())
    assert target.read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_given_up(target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(CONTENT + b"more")
    with serving(Published()) as file:
        download(file.url, target, sha256=SHA256, sleep=Waits())
    assert target.read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(target: Path) -> None:
    with serving(Published()) as file, pytest.raises(FetchError) as raised:
        download(file.url, target, sha256="0" * 64)
    assert "0" * 64 in str(raised.value)
    assert SHA256 in str(raised.value)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_file_that_is_too_long_leaves_nothing(target: Path, tells_length: bool) -> None:
    with (
        serving(Published(tells_length=tells_length)) as file,
        pytest.raises(FetchError, match="expected 999,999"),
    ):
        download(file.url, target, size_bytes=999_999)
    assert list(target.parent.iterdir()) == []


def test_a_file_that_is_too_short_is_no_file(target: Path) -> None:
    wanted = len(CONTENT) + 1
    with serving(Published()) as file, pytest.raises(FetchError, match="has 1,000,000 bytes"):
        download(file.url, target, size_bytes=wanted)
    with (
        serving(Published(tells_length=False)) as file,
        pytest.raises(FetchError, match="ended after 1,000,000 bytes"),
    ):
        download(file.url, target, size_bytes=wanted, sleep=Waits())
    assert not target.exists()


def test_a_server_that_says_no_length(target: Path) -> None:
    steps: list[tuple[int, int]] = []
    with serving(Published(tells_length=False)) as file:
        download(file.url, target, on_progress=lambda done, total: steps.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert steps[-1] == (len(CONTENT), 0)


def test_attempts_that_bring_nothing_are_few_and_wait_longer_and_longer(target: Path) -> None:
    waits = Waits()
    with (
        serving(Published(statuses=[503] * 50)) as file,
        pytest.raises(FetchError, match="broke off 5 times, at last: status 503"),
    ):
        download(file.url, target, sleep=waits)
    assert len(file.asked) == 5
    assert len(waits) == 4
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_attempts_that_bring_little_are_bounded_too(target: Path) -> None:
    waits = Waits()
    few = fetch._BLOCK_BYTES
    content = bytes(few * 200)
    with (
        serving(Published(content, cuts=[few] * 200)) as file,
        pytest.raises(FetchError, match="broke off 100 times"),
    ):
        download(file.url, target, sha256=SHA256, sleep=waits)
    assert part_of(target).stat().st_size == 100 * few


def test_a_server_that_recovers(target: Path) -> None:
    with serving(Published(statuses=[503, 429])) as file:
        download(file.url, target, sha256=SHA256, sleep=Waits())
    assert target.read_bytes() == CONTENT


def test_a_refusal_is_not_tried_again(target: Path) -> None:
    with serving(Published(statuses=[404] * 9)) as file, pytest.raises(FetchError) as raised:
        download(file.url + "?token=secret", target)
    assert "status 404" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert len(file.asked) == 1


def test_redirects_are_followed_but_not_in_circles(target: Path) -> None:
    with serving(Published()) as file:
        download(file.url.replace("/file", "/elsewhere"), target, sha256=SHA256)
        assert target.read_bytes() == CONTENT
        with pytest.raises(FetchError, match="redirects without end"):
            download(file.url.replace("/file", "/circle"), target)


def test_nobody_there_is_said_at_once(target: Path) -> None:
    with serving(Published()) as file:
        pass
    waits = Waits()
    with pytest.raises(FetchError, match="cannot be reached"):
        download(file.url, target, sleep=waits)
    assert waits == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "file:///etc/hosts", "x.gguf", "http:///x"])
def test_only_http(target: Path, url: str) -> None:
    with pytest.raises(FetchError, match="must read http"):
        download(url, target)


def test_a_disk_without_room_is_noticed_before(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = type("Disk", (), {"free": 1000})
    monkeypatch.setattr("messplus.fetch.shutil.disk_usage", lambda _folder: disk)
    with serving(Published()) as file, pytest.raises(FetchError) as raised:
        download(file.url, target, sha256=SHA256)
    assert "1,000,000 more bytes are needed, 1,000 are free" in str(raised.value)


class Full:
    """A file on a disk that is full after a number of bytes."""

    def __init__(self, file: IO[bytes], room_bytes: int) -> None:
        self._file, self._room_bytes = file, room_bytes

    def write(self, block: bytes) -> None:
        self._room_bytes -= len(block)
        if self._room_bytes < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._file.write(block)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def test_a_disk_that_fills_up_keeps_what_came(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Callable[[Path, str], IO[bytes]] = fetch.open_part
    with serving(Published()) as file:
        with monkeypatch.context() as patched:
            patched.setattr(
                fetch, "open_part", lambda part, mode: Full(opened(part, mode), 500_000)
            )
            with pytest.raises(FetchError, match="is full: 541,248 more bytes are needed"):
                download(file.url, target, sha256=SHA256)
        assert part_of(target).stat().st_size == 458_752
        download(file.url, target, sha256=SHA256)
    assert file.asked[1] == "bytes=458752-"
    assert target.read_bytes() == CONTENT


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_real_full_device(target: Path) -> None:
    target.parent.mkdir()
    part_of(target).symlink_to("/dev/full")
    with serving(Published()) as file, pytest.raises(FetchError, match="is full"):
        download(file.url, target, sha256=SHA256)


def test_progress_that_raises_stops_it(target: Path) -> None:
    def enough(done: int, _total: int) -> None:
        if done > 300_000:
            raise FetchError("enough")

    with serving(Published()) as file, pytest.raises(FetchError, match="enough"):
        download(file.url, target, on_progress=enough)
    assert not target.exists()


def test_the_given_connections_are_used_and_stay_open(target: Path) -> None:
    with serving(Published()) as file, urllib3.PoolManager() as pool:
        download(file.url, target, pool=pool)
        assert len(pool.pools) == 1
    assert target.read_bytes() == CONTENT


def test_the_proxy_of_the_environment(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Published()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/file"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        download("http://models.invalid/file", target, sha256=SHA256)
        assert target.read_bytes() == CONTENT
        monkeypatch.setenv("NO_PROXY", "models.invalid")
        assert type(pool_for("http://models.invalid/file")) is urllib3.PoolManager


def test_a_proxy_with_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:p%40ss@127.0.0.1:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    pool = pool_for("https://models.invalid/file")
    assert isinstance(pool, urllib3.ProxyManager)
    assert pool.proxy is not None
    assert (pool.proxy.host, pool.proxy.port, pool.proxy.auth) == ("127.0.0.1", 3128, None)
    assert pool.proxy_headers == {"proxy-authorization": "Basic YWRhOnBAc3M="}


def test_checksums(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT * 3)
    steps: list[tuple[int, int]] = []
    found = sha256_of(path, lambda done, total: steps.append((done, total)))
    assert found == hashlib.sha256(CONTENT * 3).hexdigest()
    assert steps[-1] == (3_000_000, 3_000_000)
    verify(path, found)
    with pytest.raises(FetchError, match=f"expected sha256 {SHA256}, found {found} in file.bin"):
        verify(path, SHA256)
