"""Energy of calls: graphics cards, processor packages, or an estimate from CPU seconds."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from messplus.capture.energy import gpu, rapl
from messplus.capture.energy.base import Meter, Shares
from messplus.capture.energy.cpu import DEFAULT_WATTS, CpuSeconds
from messplus.capture.upstreams import Upstream

__all__ = ["DEFAULT_WATTS", "METHODS", "CpuSeconds", "Meter", "Method", "Shares", "meters"]

Method = Literal["auto", "gpu", "rapl", "cpu", "none"]
METHODS: Final[tuple[Method, ...]] = ("auto", "gpu", "rapl", "cpu", "none")


def meters(
    upstreams: Sequence[Upstream], method: Method = "auto", watts: float = DEFAULT_WATTS
) -> Mapping[str, Shares]:
    """A meter for each model that runs on this machine; the others have none.

    Args:
        upstreams: The models.
        method: "gpu" and "rapl" read the machine's counters, which all models share; "cpu"
            estimates from the CPU seconds of each model's server; "auto" takes the first of these
            that can be read here; "none" reads nothing.
        watts: Power of one busy core, for "cpu".

    Raises:
        CaptureError: That counter cannot be read here.
        MissingExtraError: It needs zeus.
    """
    local = [upstream for upstream in upstreams if upstream.is_local]
    if method == "auto":
        method = "gpu" if gpu.is_readable() else "rapl" if rapl.is_readable() else "cpu"
    if method == "none" or not local:
        return {}
    if method == "cpu":
        return {one.name: Shares(CpuSeconds(one.port, watts)) for one in local}
    machine: Mapping[str, Callable[[], Meter]] = {"gpu": gpu.Gpu, "rapl": rapl.Rapl}
    shared = Shares(machine[method]())
    return {one.name: shared for one in local}
