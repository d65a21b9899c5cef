"""One model behind an OpenAI-compatible endpoint on loopback: `python -m messplus.zoo.server`.

It runs until its standard input ends. The supervisor holds the other end, so that a server never outlives
it, however the supervisor died.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from messplus.zoo.manifest import Model

if TYPE_CHECKING:
    import xllamacpp  # type: ignore[import-untyped]

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """How a model is run.

    Attributes:
        threads: That compute, at least 1. More than the cores that are free slow it down.
        parallel: Requests answered at once, at least 1; each has the model's whole context.
    """

    threads: int = 1
    parallel: int = 1


def server_command(model: Model, path: Path, port: int, inference: Inference) -> tuple[str, ...]:
    """The command that serves a model's file."""
    return (
        *(sys.executable, "-m", "messplus.zoo.server"),
        *("--model", str(path), "--name", model.name, "--port", str(port)),
        *("--context", str(model.context)),
        *("--threads", str(inference.threads), "--parallel", str(inference.parallel)),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m messplus.zoo.server", description=__doc__)
    parser.add_argument("--model", required=True, help="GGUF file")
    parser.add_argument("--name", required=True, help="what clients call the model")
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--context", required=True, type=int, help="tokens")
    parser.add_argument("--threads", required=True, type=int)
    parser.add_argument("--parallel", required=True, type=int)
    given = parser.parse_args(arguments)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's
    threading.Thread(target=_end_with_input, daemon=True).start()  # while the model loads, too
    server = _serve(given)
    print(f"{given.name} answers at {server.listening_address}", flush=True)  # the log
    threading.Event().wait()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    # At once: nothing is written by us, and the answers under way have nobody to go to.
    os._exit(0)


def _serve(given: argparse.Namespace) -> "xllamacpp.Server":
    """Load the model and listen."""
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = given.model
    settings.model_alias = {given.name}
    settings.hostnames = [HOST]
    settings.port = given.port
    settings.n_ctx = given.context * given.parallel  # it is shared out among the slots
    settings.n_parallel = given.parallel
    settings.cpuparams.n_threads = given.threads
    settings.cpuparams_batch.n_threads = given.threads
    settings.n_gpu_layers = 0
    settings.cache_ram_mib = 0  # its cache of old prompts would grow to gigabytes
    settings.n_threads_http = 2
    settings.ui = False
    settings.endpoint_slots = False  # it shows what others asked
    settings.fit_params = False  # take the settings as they are, not what it finds to fit
    return xllamacpp.Server(settings)


if __name__ == "__main__":
    main()
