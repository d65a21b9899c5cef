"""In a child: runs a module until it ends, or the supervisor does.

`python -m messplus.gateway.workers END_S MODULE [ARGUMENT ...]`. Standard input is a socket to the
supervisor, which ends when the supervisor does, also by `kill -9`.
"""

import os
import runpy
import signal
import sys
import threading
import time

from messplus.gateway.workers.child import SOCKET


def main() -> None:
    """Run the module that the command line names."""
    _, end_s, name, *arguments = sys.argv
    watching = threading.Thread(target=_end_with_supervisor, args=(float(end_s),), daemon=True)
    watching.start()
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _end_with_supervisor(end_s: float) -> None:
    os.read(SOCKET, 1)  # nothing is ever sent: it returns when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(end_s)
    os._exit(1)


if __name__ == "__main__":
    main()
