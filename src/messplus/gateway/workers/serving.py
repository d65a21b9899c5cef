"""Workers on one socket, and beside them the process that learns for all."""

import tempfile
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client.multiprocess import mark_process_dead

from messplus.gateway.config.settings import Settings
from messplus.gateway.serve import address_of, listen
from messplus.gateway.telemetry.together import FOLDER
from messplus.gateway.workers.children import Child, Patience, module
from messplus.gateway.workers.relay import Relay
from messplus.gateway.workers.supervisor import Supervisor, supervised

_BEYOND_DRAIN_S: Final = 15.0
"""For a worker to end, beside requests and judges that are waited for: to deliver and close its log."""


async def serve_together(
    settings: Settings,
    *,
    worker: Sequence[str],
    learner: Sequence[str] | None,
    relay: Relay,
    begun: Callable[[str], None],
    right: Callable[[], bool],
) -> None:
    """Serve by `server.workers` processes until SIGTERM or Ctrl-C.

    Args:
        settings: The configuration.
        worker: The module that serves, and its arguments; its number and the socket are put behind.
        learner: The module that learns, and its arguments; None: it runs elsewhere.
        relay: Where log lines go.
        begun: Told the address once all serve.
        right: Whether the configuration, as it is now, could be served.

    Raises:
        MessPlusError: The address cannot be bound, or the workers cannot be kept up.
    """
    # Requests are waited for, then judges, each for as long.
    end_s = 2 * settings.server.drain_s + _BEYOND_DRAIN_S
    with (
        listen(settings.server.host, settings.server.port) as listening,
        tempfile.TemporaryDirectory(prefix="messplus-metrics-") as folder,
    ):
        address, descriptor = address_of(listening), listening.fileno()
        numbers = {f"worker {number}": number for number in range(settings.server.workers)}
        children = [
            Child(
                name=name,
                arguments=module(
                    (*worker, "--worker", str(number), "--socket", str(descriptor)), end_s=end_s
                ),
                serves=True,
                environment={FOLDER: folder},
            )
            for name, number in numbers.items()
        ]
        if learner is not None:
            children.append(
                Child(name="learner", arguments=module(learner, end_s=end_s), serves=False)
            )

        def died(child: Child) -> None:
            if child.serves:  # what it had under way is no more
                mark_process_dead(numbers[child.name], folder)  # type: ignore[no-untyped-call]

        supervisor = Supervisor(
            children,
            relay,
            pass_fds=(descriptor,),
            patience=Patience(end_s=end_s),
            begun=lambda: begun(address),
            died=died,
            ending=listening.close,  # else connections would wait for somebody to take them
            right=right,
        )
        await supervised(supervisor)
