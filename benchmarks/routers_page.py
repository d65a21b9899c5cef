"""The page of the comparison: its text, filled with tables and figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template

from benchmarks.board import Board, Where
from benchmarks.pages import TEXTS, save_figure, write_page
from benchmarks.quality import Quality
from benchmarks.roster import ADAPTIVE, HINDSIGHT, SWEEP
from benchmarks.routers_figure import forest
from benchmarks.routers_tables import (
    coins_table,
    data_table,
    late_table,
    paper_table,
    promise_table,
    quality_table,
    stream_table,
    whole_table,
    winners_table,
)

from messplus.replay.equal import LATE, WHOLE, Account
from messplus.replay.streams import Stream

PUBLISHED = "routers.md.in"
"""Text of the page on the tables that this project publishes figures of, the recording among them."""

OWN = "routers-own.md.in"
"""Text of the page on anybody's tables: the tables alone, without our reading of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How the page was made.

    Attributes:
        machine: Processor, cores, versions.
        seeds: Orders of each stream.
        most: Requests that were kept of a table; 0 for all.
        promises: On tables without promises of their own.
        recording: The MESS+ recording's streams.
    """

    machine: str
    seeds: int
    most: int
    promises: tuple[float, ...]
    recording: Sequence[Stream]


def write(out: Path, board: Board, quality: Sequence[Quality], made: Made) -> None:
    """Write routers.md and its figures into a folder."""
    text = PUBLISHED if board.recording else OWN
    figures = {"routers-others": board.others, "routers-recording": board.recording}
    for name, streams in figures.items():
        if streams:
            save_figure(out / "figures" / name, forest(board, streams))
    fill = gaps(board, quality, made)
    wanted = Template((TEXTS / text).read_text()).get_identifiers()
    write_page(out / "routers.md", text, {name: fill[name]() for name in wanted})


def gaps(board: Board, quality: Sequence[Quality], made: Made) -> Mapping[str, Callable[[], str]]:
    """What may fill each gap of a text, made when it is asked for."""
    sampled = f"tables of more than {made.most:,} requests are sampled down to that"
    every = board.figures(ADAPTIVE.spec, board.streams)
    return {
        "machine": lambda: made.machine,
        "seeds": lambda: str(made.seeds),
        "sampled": lambda: sampled if made.most else "every table whole",
        "promises": lambda: ", ".join(f"{p:g}" for p in made.promises),
        "tables": lambda: str(len({where.data for where in board.others})),
        "sweep": lambda: str(len(SWEEP)),
        "most": lambda: f"{max(m.requests for m in every):,}",
        "whole_others": lambda: whole_table(board, board.others),
        "late_others": lambda: late_table(board, board.others),
        "whole_recording": lambda: whole_table(board, board.recording),
        "late_recording": lambda: late_table(board, board.recording),
        "per_promise": lambda: promise_table(board, made.promises),
        "per_data_whole": lambda: data_table(board, WHOLE),
        "per_data_late": lambda: data_table(board, LATE),
        "per_stream_whole": lambda: stream_table(board, WHOLE),
        "winners": lambda: winners_table(board),
        "paper": lambda: paper_table(board),
        "coins": lambda: coins_table(made.recording),
        "aiq": lambda: quality_table(quality),
        **quoted(board),
    }


QUOTED = {
    "adaptive": "adaptive",
    "trained": "adaptive:train_share=0.2",
    "messplus": "messplus:v_spread=0.15",
    "hindsight": HINDSIGHT.spec,
    "sqrt": "messplus-sqrt",
    "thompson": "thompson",
    "linucb": "linucb",
    "carrot": "carrot",
    "carrot5": "carrot:train_share=0.05",
    "knn": "knn",
    "cascade": "cascade",
}
"""Policies whose figures the text quotes, by what the text calls them."""


def quoted(board: Board) -> Mapping[str, Callable[[], str]]:
    """The figures that a text may quote, by the names of its gaps."""

    def ratio(spec: str, account: Account, streams: Sequence[Where]) -> str:
        return f"{board.ratio(spec, account, streams).mean:.2f}"

    def near(spec: str, account: Account) -> str:
        return f"{100 * (board.as_run(spec, account, board.others)[:, 1] >= -0.5).mean():.0f}"

    found: dict[str, Callable[[], str]] = {}
    for name, spec in QUOTED.items():
        for account, when in ((WHOLE, "whole"), (LATE, "late")):
            found[f"{name}_{when}"] = partial(ratio, spec, account, board.others)
            found[f"{name}_{when}_rec"] = partial(ratio, spec, account, board.recording)
            found[f"{name}_{when}_near"] = partial(near, spec, account)
    return found
