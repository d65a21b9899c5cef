"""Children that die, wait, cannot start: what a supervisor makes of it."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.errors import MessPlusError, SettingError
from messplus.gateway.config.settings import Settings
from messplus.gateway.workers import require_shared
from messplus.gateway.workers.children import Child, Patience, module
from messplus.gateway.workers.relay import MOST_LINE_BYTES, Relay
from messplus.gateway.workers.supervisor import Supervisor

HASTY = Patience(first_wait_s=0.01, longest_wait_s=0.02, crashes=3, end_s=20, hurry_s=20)
SERVES = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended in order"))
signal.signal(signal.SIGHUP, lambda *_: print("read anew", flush=True))
os.write(0, b"+")
while True: signal.pause()
"""
HELPS = SERVES.replace('os.write(0, b"+")', 'print("helps", flush=True)')


def python(name: str, code: str, *, serves: bool = True) -> Child:
    return Child(name=name, arguments=(sys.executable, "-c", code), serves=serves)


class Watched:
    """A supervisor at work, and what came of it so far."""

    def __init__(self, *children: Child, patience: Patience = HASTY, right: bool = True) -> None:
        self.said = io.StringIO()
        self.begun = 0
        self.deaths: list[str] = []
        self.endings = 0
        self.supervisor = Supervisor(
            children,
            Relay(self.said, "text"),
            patience=patience,
            begun=self._begin,
            died=lambda child: self.deaths.append(child.name),
            ending=self._end,
            right=lambda: right,
        )

    def run(self, then: Callable[["Watched"], Awaitable[None]]) -> None:
        """Do this beside it, then stop it."""

        async def both() -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.supervisor.run())
                await then(self)
                self.supervisor.stop()

        asyncio.run(both())

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not true():
                await asyncio.sleep(0.01)

    async def hears(self, words: str, times: int = 1) -> None:
        await self.until(lambda: self.said.getvalue().count(words) >= times)

    def pid(self, name: str) -> int:
        """Of a child that runs."""
        (keeper,) = (one for one in self.supervisor._keepers if one.child.name == name)
        assert keeper._process is not None
        return keeper._process.pid

    def signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self.pid(name), number)

    def _begin(self) -> None:
        self.begun += 1

    def _end(self) -> None:
        self.endings += 1


def test_it_begins_when_all_serve_and_ends_all_in_order() -> None:
    watched = Watched(python("a", SERVES), python("b", SERVES), python("c", HELPS, serves=False))

    async def then(watched: Watched) -> None:
        await watched.until(lambda: watched.begun == 1)
        await watched.hears("helps")

    watched.run(then)
    said = watched.said.getvalue()
    assert all(f"[{name}] ended in order" in said for name in "abc")
    assert (watched.begun, watched.endings) == (1, 1)


def test_one_that_dies_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(python("a", SERVES), python("b", SERVES), python("c", HELPS, serves=False))

    async def then(watched: Watched) -> None:
        await watched.until(lambda: watched.begun == 1)
        await watched.hears("helps")
        before = watched.pid("a")
        watched.signal("a", signal.SIGKILL)
        watched.signal("c", signal.SIGKILL)
        await watched.hears("helps", 2)
        keepers = watched.supervisor._keepers
        await watched.until(lambda: keepers[0].ready and watched.pid("a") != before)

    watched.run(then)
    assert "a: it was ended by signal 9 (Killed); started again in 0.01 s" in caplog.text
    assert sorted(watched.deaths) == ["a", "a", "b", "c", "c"]
    assert watched.begun == 1


def test_a_crash_at_every_start_is_given_up_with_its_last_words() -> None:
    watched = Watched(python("a", "raise OSError('no such thing')"))
    with pytest.raises(MessPlusError, match=r"3 times in a row.*exit code 1.*no such thing"):
        asyncio.run(watched.supervisor.run())
    assert len(watched.deaths) == 3
    assert watched.begun == 0


def test_an_error_that_was_told_at_the_first_start_is_not_asked_for_again() -> None:
    watched = Watched(
        python("a", "import sys; print('error: port taken'); sys.exit(2)"), python("b", HELPS)
    )
    with pytest.raises(MessPlusError, match=r"a cannot serve: .*exit code 2.*port taken"):
        asyncio.run(watched.supervisor.run())
    assert watched.deaths.count("a") == 1
    assert watched.endings == 1


def test_while_one_serves_the_others_are_tried_for_ever() -> None:
    watched = Watched(python("a", SERVES), python("b", SERVES))

    async def then(watched: Watched) -> None:
        await watched.until(lambda: watched.begun == 1)
        watched.supervisor._keepers[1].child = python("b", "raise SystemExit(2)")
        watched.signal("b", signal.SIGKILL)
        await watched.until(lambda: len(watched.deaths) > 2 * HASTY.crashes)

    watched.run(then)
    assert "[a] ended in order" in watched.said.getvalue()


def test_a_helper_is_tried_for_ever() -> None:
    watched = Watched(python("a", SERVES), python("b", "raise SystemExit(2)", serves=False))

    async def then(watched: Watched) -> None:
        await watched.until(lambda: watched.begun == 1)
        await watched.until(lambda: watched.deaths.count("b") > HASTY.crashes)

    watched.run(then)
    assert watched.deaths.count("a") == 1


def test_a_command_that_is_not_there_is_told() -> None:
    child = Child(name="a", arguments=("/no/such/program",), serves=True)
    with pytest.raises(MessPlusError, match=r"could not be started.*No such file"):
        asyncio.run(Watched(child).supervisor.run())


@pytest.mark.parametrize("right", [True, False])
def test_a_changed_configuration_goes_to_all_unless_it_is_wrong(right: bool) -> None:
    helper = python("c", HELPS, serves=False)
    watched = Watched(python("a", SERVES), helper, right=right)

    async def then(watched: Watched) -> None:
        await watched.until(lambda: watched.begun == 1)
        await watched.hears("helps")
        watched.supervisor.reload()
        await watched.hears("read anew")
        if right:
            await watched.hears("helps", 2)
            assert watched.supervisor._keepers[1].crashes == 0

    watched.run(then)
    assert watched.said.getvalue().count("helps") == 1 + right


def test_one_that_took_it_has_the_others_take_it() -> None:
    asks = SERVES.replace("signal.pause()", "os.write(0, b'r'); time.sleep(0.05)")
    watched = Watched(python("a", SERVES), python("b", f"import time\n{asks}"))

    async def then(watched: Watched) -> None:
        await watched.hears("[a] read anew")

    watched.run(then)
    assert "[b] read anew" not in watched.said.getvalue()


def test_who_is_told_twice_is_given_a_little_time_and_killed() -> None:
    deaf = SERVES.replace("sys.exit", "print").replace(
        "signal.signal(signal.SIGHUP", "signal.signal(signal.SIGINT"
    )
    watched = Watched(python("a", deaf), patience=replace(HASTY, hurry_s=0.1))

    async def then(watched: Watched) -> None:
        await watched.until(lambda: watched.begun == 1)
        watched.supervisor.stop()
        await watched.hears(
            "ended in order"
        )  # it says so, but stays until `run` stops it once more

    watched.run(then)
    assert watched.deaths == ["a"]


def test_a_module_ends_with_its_supervisor() -> None:
    """Whose end of standard input is closed: so it is after `kill -9`, too."""
    command = module(("http.server", "--bind", "127.0.0.1", "0"), end_s=20)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PYTHONUNBUFFERED": "1"},
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdin is not None
        assert any(b"Serving HTTP" in line for line in child.stdout)
        child.stdin.close()
        assert child.wait(20) == -signal.SIGTERM


def relayed(kind: str, *lines: bytes) -> tuple[str, str]:
    """What is passed on of what a child wrote, and its last words."""
    stream = io.StringIO()

    async def copied() -> str:
        reader = asyncio.StreamReader(limit=MOST_LINE_BYTES)
        reader.feed_data(b"".join(lines))
        reader.feed_eof()
        return await Relay(stream, "json" if kind == "json" else "text").copy("worker 1", reader)

    return asyncio.run(copied()), stream.getvalue()


def test_lines_say_whose_they_are(caplog: pytest.LogCaptureFixture) -> None:
    words, said = relayed("json", b'{"message":"a"}\n', b"Traceback: \xff\n", b"\n")
    assert json.loads(said) == {"process": "worker 1", "message": "a"}
    assert words == "Traceback: \ufffd"
    assert "worker 1: Traceback" in caplog.text
    assert relayed("text", b"one\ntwo")[1] == "[worker 1] one\n[worker 1] two\n"


def test_a_line_without_end_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    _, said = relayed("text", b"x" * (2 * MOST_LINE_BYTES), b"\nnext\n")
    assert said.endswith("[worker 1] next\n")
    assert len(said) < 100
    assert "left out" in caplog.text


@given(st.integers(1, 10**6))
def test_the_wait_grows_up_to_its_bound(crashes: int) -> None:
    patience = Patience()
    assert patience.wait_s(1) == patience.first_wait_s
    assert patience.wait_s(crashes) <= patience.wait_s(crashes + 1) <= patience.longest_wait_s


def test_a_log_of_one_writer_takes_one_worker() -> None:
    def settings(workers: int, store: str) -> Settings:
        return Settings.model_validate(
            {
                "providers": {"local": {"base_url": "http://127.0.0.1:1"}},
                "models": {"small": {"provider": "local"}},
                "routes": {"chat": {"alpha": 0.8}},
                "server": {"workers": workers},
                "store": store,
            }
        )

    require_shared(settings(1, "sqlite:log.db"))
    require_shared(settings(8, "postgresql://host/db"))
    with pytest.raises(SettingError, match=r"3 workers cannot share `store: memory:`"):
        require_shared(settings(3, "memory:"))
