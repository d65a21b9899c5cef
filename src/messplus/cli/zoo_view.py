"""What `messplus zoo` shows: what runs, and what to paste."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from messplus.cli.tables import show_table

if TYPE_CHECKING:
    from messplus.zoo.state import Served, State


def show_served(served: "Sequence[Served]") -> None:
    """A table of what runs, and why any server had to be started again."""
    now_s = time.time()
    rows = [
        (
            one.name,
            one.base_url,
            one.phase,
            str(one.process.pid) if one.process else "",
            _duration(now_s - one.process.created_s) if one.process else "",
            str(one.restarts),
            f"{one.memory_bytes / 1e6:,.0f} MB" if one.memory_bytes is not None else "",
        )
        for one in served
    ]
    console = Console()
    headings = ("model", "base_url", "health", "pid", "up for", "restarts", "memory")
    show_table(console, headings, rows, right=(3, 4, 5, 6), narrow=((0, 1, 2), (0, 3, 4, 5, 6)))
    for one in served:
        if one.reason:
            said = f"{one.name}, last restart: {one.reason}"
            if one.phase == "gave up":
                said = f"{one.name} was given up: {one.reason}"
            console.print(said, markup=False, highlight=False, soft_wrap=True)


def show_use(served: "Sequence[Served]") -> None:
    """What to paste in order to try the first model."""
    one = served[0]
    typer.echo(f"""
curl {one.base_url}/chat/completions -H 'Content-Type: application/json' \\
  -d '{{"model": "{one.name}", "messages": [{{"role": "user", "content": "Say hello."}}]}}'

from openai import OpenAI
client = OpenAI(base_url="{one.base_url}", api_key="none")
asked = [{{"role": "user", "content": "Say hello."}}]
answer = client.chat.completions.create(model="{one.name}", messages=asked)
print(answer.choices[0].message.content)
""")


def as_json(state: "State | None") -> dict[str, object]:
    """The same for programs; docs/reference/zoo.md names the fields."""
    served = () if state is None else state.served
    return {
        "running": state is not None,
        "supervisor_pid": None if state is None else state.supervisor.pid,
        "models": [
            {
                "name": one.name,
                "base_url": one.base_url,
                "health": one.phase,
                "pid": one.process.pid if one.process else None,
                "started_s": one.process.created_s if one.process else None,
                "restarts": one.restarts,
                "reason": one.reason,
                "memory_bytes": one.memory_bytes,
                "input_usd_per_mtok": one.input_usd_per_mtok,
                "output_usd_per_mtok": one.output_usd_per_mtok,
            }
            for one in served
        ],
    }


def short(count: int) -> str:
    """A number of parameters as people say it: 135M, 1.5B."""
    return f"{count / 1e9:.1f}B" if count >= 10**9 else f"{count / 1e6:.0f}M"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
