"""The page of the comparison: its text, filled with tables and figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from benchmarks.board import Board
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
    whole_table,
    winners_table,
)

from messplus.replay.equal import LATE, WHOLE
from messplus.replay.streams import Stream

PAGE = "routers.md.in"


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
    others = forest(board, board.others)
    save_figure(out / "figures" / "routers-others", others)
    save_figure(out / "figures" / "routers-recording", forest(board, board.recording))
    kept = (
        f"tables of more than {made.most:,} requests are sampled down to that" if made.most else ""
    )
    write_page(
        out / "routers.md",
        PAGE,
        {
            "machine": made.machine,
            "seeds": str(made.seeds),
            "sampled": kept or "every table whole",
            "promises": ", ".join(f"{p:g}" for p in made.promises),
            "tables": str(len({where.data for where in board.others})),
            "sweep": str(len(SWEEP)),
            "whole_others": whole_table(board, board.others),
            "late_others": late_table(board, board.others),
            "whole_recording": whole_table(board, board.recording),
            "late_recording": late_table(board, board.recording),
            "per_promise": promise_table(board, made.promises),
            "per_data_whole": data_table(board, WHOLE),
            "per_data_late": data_table(board, LATE),
            "winners": winners_table(board),
            "paper": paper_table(board),
            "coins": coins_table(made.recording),
            "most": f"{max(m.requests for m in board.figures(ADAPTIVE.spec, board.streams)):,}",
            **quoted(board),
            "aiq": quality_table(quality),
        },
    )


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


def quoted(board: Board) -> dict[str, str]:
    """The figures that the text may quote, by the names of its gaps."""
    found = {}
    for name, spec in QUOTED.items():
        for account, late in ((WHOLE, "whole"), (LATE, "late")):
            for streams, where in ((board.others, ""), (board.recording, "_rec")):
                found[f"{name}_{late}{where}"] = f"{board.ratio(spec, account, streams).mean:.2f}"
            margin = board.as_run(spec, account, board.others)[:, 1]
            near = "near" if account is WHOLE else "near_late"
            found[f"{name}_{near}"] = f"{100 * (margin >= -0.5).mean():.0f}"
    text = (TEXTS / PAGE).read_text()
    return {
        name: value for name, value in found.items() if name in Template(text).get_identifiers()
    }
