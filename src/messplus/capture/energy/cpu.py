"""An estimate: CPU seconds of the process behind a local endpoint, times a stated figure."""

from collections.abc import Iterator

import psutil

from messplus.errors import CaptureError, require_range

DEFAULT_WATTS = 5.0


class CpuSeconds:
    """Joules as busy core-seconds of whoever listens on a port, with its children, times watts.

    A server that was restarted is found again by its port.
    """

    def __init__(self, port: int, watts: float = DEFAULT_WATTS) -> None:
        """Find the process.

        Args:
            port: TCP port on this machine.
            watts: Power of one busy core, > 0: the processor's rated power over its cores is a
                fair figure. It only scales the joules; it does not change how models compare.

        Raises:
            SettingError: `watts` is not above 0.
        """
        require_range("watts", watts, "above 0", ok=watts > 0)
        self._port = port
        self._watts = watts
        self._process: psutil.Process | None = None
        self._found = False
        self._seen_s: dict[tuple[int, float], float] = {}
        self._total_s = 0.0

    @property
    def method(self) -> str:
        """How it is read."""
        return f"estimate: CPU seconds of the model server x {self._watts:g} W per busy core"

    def read_j(self) -> float:
        """Joules since the first reading.

        Raises:
            CaptureError: The system does not let us see who listens, and never did.
        """
        for process in self._processes():
            try:
                times = process.cpu_times()
                key = (process.pid, process.create_time())
            except psutil.NoSuchProcess:
                continue
            busy_s = times.user + times.system
            self._total_s += busy_s - self._seen_s.get(key, busy_s)
            self._seen_s[key] = busy_s
        return self._total_s * self._watts

    def _processes(self) -> Iterator[psutil.Process]:
        if self._process is None or not _is_alive(self._process):
            # The port of a server that has just died belongs to nobody for a moment.
            self._process = _listener(self._port, hidden_is_error=not self._found)
        if self._process is None:
            return
        self._found = True
        yield self._process
        try:
            yield from self._process.children(recursive=True)
        except psutil.NoSuchProcess:
            self._process = None


def _is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that has ended, but nobody has asked how, does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _listener(port: int, *, hidden_is_error: bool) -> psutil.Process | None:
    """The process that listens on a port of this machine; None if there is none.

    Raises:
        CaptureError: The system does not let us see who listens, and that is an error.
    """
    unseen = CaptureError(
        f"cannot see which process listens on port {port}: run as the user who runs the models, or"
        " switch this estimate off with --energy none"
    )
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied as error:
        raise unseen from error
    listening = [
        one
        for one in connections
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port
    ]
    for one in listening:
        if one.pid:
            try:
                return psutil.Process(one.pid)
            except psutil.NoSuchProcess:
                continue
    if hidden_is_error and any(one.pid is None for one in listening):  # another user's, on Linux
        raise unseen
    return None
