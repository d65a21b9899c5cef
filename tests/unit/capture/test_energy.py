"""Joules: shared out among the calls, read from counters, or estimated from CPU seconds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from tests.unit.capture.chat_server import refusing_port

from messplus.capture.energy import CpuSeconds, Shares, gpu, meters, rapl
from messplus.capture.energy.rapl import Rapl
from messplus.capture.upstreams import Upstream
from messplus.errors import CaptureError, MissingExtraError, SettingError

NEAR = Upstream(name="near", base_url="http://127.0.0.1:1/v1", model="m")
FAR = Upstream(name="far", base_url="https://api.example.com/v1", model="m")


class Scripted:
    """A meter that reads what a test says."""

    method = "by script"

    def __init__(self) -> None:
        self.j = 0.0

    def read_j(self) -> float:
        return self.j


def test_two_calls_share_while_both_are_under_way() -> None:
    meter = Scripted()
    shares = Shares(meter)
    meter.j = 100.0  # nobody is under way: nobody's
    first = shares.start()
    meter.j = 110.0
    second = shares.start()
    meter.j = 130.0
    assert shares.stop(first) == 20.0  # 10 alone, half of 20
    meter.j = 135.0
    assert shares.stop(second) == 15.0
    assert (first > 0, second > 0, first != second) == (True, True, True)
    with pytest.raises(KeyError):
        shares.stop(first)


def zone(powercap: Path, name: str, energy_uj: int, range_uj: int = 999) -> Path:
    folder = powercap / name
    folder.mkdir(parents=True)
    (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    return folder / "energy_uj"


def test_rapl_sums_packages_and_goes_on_after_a_counter_starts_again(tmp_path: Path) -> None:
    first = zone(tmp_path, "intel-rapl:0", 900)
    second = zone(tmp_path, "intel-rapl:1", 10)
    part = zone(tmp_path, "intel-rapl:0:0", 5)  # of package 0: counted there
    meter = Rapl(tmp_path)
    assert meter.read_j() == 0.0
    first.write_text("50")  # over 999, the maximum: 100 to 0, then 50
    second.write_text("30")
    part.write_text("800")
    assert meter.read_j() == pytest.approx((150 + 20) / 1e6)
    first.write_text("60")
    assert meter.read_j() == pytest.approx((160 + 20) / 1e6)


def test_rapl_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert not rapl.is_readable(tmp_path)
    with pytest.raises(CaptureError, match="no readable RAPL counter"):
        Rapl(tmp_path)
    (tmp_path / "intel-rapl:0").mkdir()  # without a counter in it
    assert not rapl.is_readable(tmp_path)


BUSY = """
import socket, sys
listening = socket.socket()
listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listening.bind(("127.0.0.1", int(sys.argv[1])))
listening.listen()
print("ready", flush=True)
while True:
    sum(range(100_000))
"""


@contextmanager
def busy(port: int) -> Iterator["subprocess.Popen[str]"]:
    """A process that listens on a port and computes."""
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, str(port)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def until_it_counts(meter: CpuSeconds, before_j: float) -> float:
    """Read until more is counted: the kernel counts CPU time in steps of some milliseconds."""
    until = time.monotonic() + 60
    while (joules := meter.read_j()) <= before_j:
        assert time.monotonic() < until, "it counts nothing"
        time.sleep(0.01)
    return joules


def stop(process: "subprocess.Popen[str]") -> None:
    """Let it compute no more; it does not when this returns."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)


needs_posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@needs_posix
def test_cpu_seconds_of_whoever_listens_also_after_a_restart() -> None:
    with refusing_port() as port:
        meter = CpuSeconds(port, watts=10.0)
        assert meter.read_j() == 0.0  # nobody listens
        with busy(port) as process:
            first = until_it_counts(meter, meter.read_j())
            stop(process)
            stopped = meter.read_j()
            assert meter.read_j() == stopped >= first
            process.kill()
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            assert meter.read_j() >= stopped  # it is a zombie now: dead, and nobody has asked how
            with busy(port):
                assert until_it_counts(meter, meter.read_j()) > stopped


@needs_posix
def test_cpu_seconds_are_those_of_the_process_times_watts() -> None:
    with refusing_port() as port, busy(port) as process:
        meter = CpuSeconds(port, watts=10.0)
        stop(process)
        before, start_j = psutil.Process(process.pid).cpu_times(), meter.read_j()
        process.send_signal(signal.SIGCONT)
        until_it_counts(meter, start_j)
        stop(process)
        spent_j = meter.read_j() - start_j
        after = psutil.Process(process.pid).cpu_times()
    seconds = after.user + after.system - before.user - before.system
    assert spent_j == pytest.approx(10.0 * seconds)


def test_a_listener_that_the_system_hides_is_no_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux shows that somebody listens, but not who, to all but root and that user."""
    hidden = SimpleNamespace(status=psutil.CONN_LISTEN, laddr=SimpleNamespace(port=7), pid=None)
    monkeypatch.setattr(psutil, "net_connections", lambda kind: [hidden])
    with pytest.raises(CaptureError, match="cannot see which process listens on port 7"):
        CpuSeconds(7).read_j()


@needs_posix
def test_the_port_of_a_server_that_has_just_died_may_be_nobodys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with refusing_port() as port:
        meter = CpuSeconds(port)
        with busy(port):
            counted = until_it_counts(meter, meter.read_j())
        hidden = SimpleNamespace(
            status=psutil.CONN_LISTEN, laddr=SimpleNamespace(port=port), pid=None
        )
        monkeypatch.setattr(psutil, "net_connections", lambda kind: [hidden])
        assert meter.read_j() == counted


def test_a_system_that_shows_no_connections_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(kind: str) -> object:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", denied)
    with pytest.raises(CaptureError, match="--energy none"):
        CpuSeconds(7).read_j()


def test_watts_are_above_0() -> None:
    with pytest.raises(SettingError, match="watts must be above 0, got 0"):
        CpuSeconds(7, watts=0)


def test_cards_need_zeus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeus", None)
    monkeypatch.setattr("messplus.errors.find_spec", lambda name: None)
    monkeypatch.setattr(gpu, "find_spec", lambda name: None)
    assert not gpu.is_readable()
    with pytest.raises(MissingExtraError, match=r"pip install 'messplus\[energy\]'"):
        meters([NEAR], "gpu")


def test_only_models_of_this_machine_have_a_meter() -> None:
    assert meters([NEAR, FAR], "none") == {}
    assert meters([FAR], "rapl") == {}
    found = meters([NEAR, FAR], "cpu", watts=3.0)
    assert set(found) == {"near"}
    assert found["near"].method.startswith("estimate: CPU seconds of the model server x 3 W")


def test_auto_takes_what_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "is_readable", lambda: False)
    monkeypatch.setattr(rapl, "is_readable", lambda: False)
    assert meters([NEAR])["near"].method.startswith("estimate")


def test_models_share_the_counters_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone(tmp_path, "intel-rapl:0", 0)
    monkeypatch.setattr(rapl, "Rapl", lambda: Rapl(tmp_path))
    other = Upstream(name="other", base_url="http://localhost:2/v1", model="m")
    found = meters([NEAR, other], "rapl")
    assert found["near"] is found["other"]
