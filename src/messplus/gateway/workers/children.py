"""Which processes are kept up, and how patiently."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a supervisor waits for what; all in seconds but `crashes`.

    Attributes:
        settled_s: Of life, after which earlier crashes of a child are forgotten.
        first_wait_s: Before it is started again; twice as long before each further time.
        longest_wait_s: Before it is started again.
        crashes: That many in a row while nobody serves, and all is given up.
        end_s: For a child to end in order when it is told to; then it is killed.
        hurry_s: For a child to end when it was told twice.
    """

    settled_s: float = 30.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    crashes: int = 5
    end_s: float = 90.0
    hurry_s: float = 5.0

    def wait_s(self, crashes: int) -> float:
        """Before a child is started again after so many crashes in a row, at least one."""
        doublings = min(crashes - 1, 32)  # further ones change nothing and would overflow
        return float(min(self.first_wait_s * 2**doublings, self.longest_wait_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process to keep up.

    Attributes:
        name: Such as `worker 2`; stands in front of its log lines.
        arguments: The command. Its standard input ends with the supervisor.
        serves: Whether it takes requests. Then it says so by `say_ready`, takes the configuration anew
            on SIGHUP, and everything is given up if nobody can be kept serving. One that does not serve
            is ended and started again on SIGHUP, and tried for ever.
        environment: Variables that it has beside the supervisor's.
    """

    name: str
    arguments: tuple[str, ...]
    serves: bool
    environment: Mapping[str, str] = field(default_factory=dict)


def module(arguments: Sequence[str], *, end_s: float) -> tuple[str, ...]:
    """The command that runs a module of Python, which ends with the supervisor, however that ends.

    Args:
        arguments: The module, and what follows it.
        end_s: For it to end in order; then it ends at once.
    """
    return (sys.executable, "-m", "messplus.gateway.workers", f"{end_s:g}", *arguments)
