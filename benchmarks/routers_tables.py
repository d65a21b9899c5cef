"""The tables of the comparison, each from the board alone."""

from collections.abc import Mapping, Sequence

import numpy as np
from benchmarks.board import Board, Where, over_adaptive, winners
from benchmarks.published import ROUTED_MEAN, ROUTED_REQUESTS, ROUTELLM, ROUTERDC
from benchmarks.quality import Quality
from benchmarks.roster import ADAPTIVE, HINDSIGHT, KINDS, ROSTER, Entry
from benchmarks.score import MJ, geometric

from messplus.replay.compare import break_even
from messplus.replay.equal import LATE, WHOLE, Account
from messplus.replay.streams import Stream

ALL = (*ROSTER, HINDSIGHT)

IN_SHORT = (
    "adaptive",
    "messplus:v_spread=0.15",
    "messplus-sqrt",
    "linucb",
    "thompson",
    "running-mix",
    "cluster",
    "carrot",
    "knn",
    "port",
    "routellm:head=bert",
    "routerdc",
)
"""Policies of the README's table: ours cold, and the best known of every kind."""


def short_table(board: Board) -> str:
    """The README's table: both accounts, and how often a promise was kept, on the other tables."""
    lines = [
        "| router | everything charged | after the first fifth | ends within 0.5 pp of α, % |",
        "|---|--:|--:|--:|",
    ]
    for entry in ranked(board, WHOLE, board.others):
        if entry.spec in IN_SHORT:
            whole = board.ratio(entry.spec, WHOLE, board.others)
            late = board.ratio(entry.spec, LATE, board.others)
            near = 100 * (board.as_run(entry.spec, WHOLE, board.others)[:, 1] >= -0.5).mean()
            lines.append(f"| {named(entry)} | {whole} | {late} | {near:.0f} |")
    return "\n".join(lines)


def ranked(board: Board, account: Account, streams: Sequence[Where]) -> list[Entry]:
    """All routers, the cheapest at equal satisfaction first; those that cannot be read, last."""

    def rank(entry: Entry) -> tuple[bool, float]:
        found = board.ratio(entry.spec, account, streams)
        return not found.read >= 0.5, found.mean if np.isfinite(found.mean) else np.inf

    return sorted(ALL, key=rank)


def whole_table(board: Board, streams: Sequence[Where]) -> str:
    """One row per router: everything charged, over the whole stream."""
    lines = [
        (
            "| router | kind | cost / static mix at equal satisfaction | as run | above α, pp "
            "| within 0.5 pp, % | > 1 pp short, % of time | exploration, % of cost "
            "| paid back after |"
        ),
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for entry in ranked(board, WHOLE, streams):
        runs = board.figures(entry.spec, streams)
        short = 100 * np.mean([m.share_below_1pp for m in runs])
        explored = 100 * np.mean([m.cost_exploration / m.cost_total for m in runs])
        lines.append(
            f"| {named(entry)} | {KINDS[entry.kind]} | {board.ratio(entry.spec, WHOLE, streams)} "
            f"| {as_run(board, entry, WHOLE, streams)} | {short:.0f} | {explored:.0f} "
            f"| {paid_back(board, entry, streams)} |"
        )
    return "\n".join(lines)


def late_table(board: Board, streams: Sequence[Where]) -> str:
    """One row per router: after the first fifth, whatever it cost to learn until then."""
    lines = [
        (
            "| router | kind | cost / static mix at equal satisfaction | over adaptive's "
            "| as run | above α, pp | within 0.5 pp, % |"
        ),
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for entry in ranked(board, LATE, streams):
        paired = over_adaptive(board, entry.spec, LATE, streams)
        lines.append(
            f"| {named(entry)} | {KINDS[entry.kind]} | {board.ratio(entry.spec, LATE, streams)} "
            f"| {'1' if entry is ADAPTIVE else paired} | {as_run(board, entry, LATE, streams)} |"
        )
    return "\n".join(lines)


def promise_table(board: Board, promises: Sequence[float]) -> str:
    """Cost over static mix at equal satisfaction for each promise, in both accounts."""
    heads = [f"{p:g}, {a}" for a in ("whole", "late") for p in promises]
    lines = [
        f"| router | {' | '.join(heads)} |",
        "|---|" + "--:|" * len(heads),
    ]
    for entry in ranked(board, WHOLE, board.others):
        cells = []
        for account in (WHOLE, LATE):
            for promise in promises:
                streams = [where for where in board.others if where.task == f"{promise:g}"]
                found = board.ratio(entry.spec, account, streams)
                cells.append(bracketed(found.mean, found.read))
        lines.append(f"| {named(entry)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def data_table(board: Board, account: Account) -> str:
    """One row per data set, one column per router that could be read on most runs."""
    by_data = {
        data: [where for where in board.streams if where.data == data]
        for data in dict.fromkeys(where.data for where in board.streams)
    }
    return _table_by("table", by_data, board, account, board.others or board.streams)


def stream_table(board: Board, account: Account) -> str:
    """One row per stream of the recording, one column per router that could be read there."""
    by_task = {where.task: [where] for where in board.recording}
    return _table_by("stream", by_task, board, account, board.recording)


def _table_by(
    head: str,
    groups: Mapping[str, Sequence[Where]],
    board: Board,
    account: Account,
    judged_on: Sequence[Where],
) -> str:
    """Means at equal satisfaction by group; columns in the order of what they are on `judged_on`."""
    shown = [
        entry
        for entry in ranked(board, account, judged_on)
        if board.ratio(entry.spec, account, judged_on).read >= 0.5
    ]
    lines = [
        f"| {head} | {' | '.join(entry.name for entry in shown)} |",
        "|---|" + "--:|" * len(shown),
    ]
    for group, streams in groups.items():
        found = [board.ratio(entry.spec, account, streams) for entry in shown]
        least = np.nanmin([one.mean for one in found])
        cells = [
            f"**{one.mean:.2f}**" if one.mean == least else bracketed(one.mean, one.read)
            for one in found
        ]
        lines.append(f"| {group} | {' | '.join(cells)} |")
    return "\n".join(lines)


def winners_table(board: Board) -> str:
    """On how many streams each router is the cheapest at equal satisfaction."""
    named_specs = {entry.name: entry.spec for entry in ROSTER if entry.kind != "cascade"}
    counts = {}
    for account in (WHOLE, LATE):
        first = [name for name, _ in winners(board, named_specs, account).values()]
        counts[account.name] = {name: first.count(name) for name in named_specs}
    lines = ["| router | " + " | ".join(counts) + " |", "|---|--:|--:|"]
    order = sorted(named_specs, key=lambda name: -sum(of[name] for of in counts.values()))
    for name in order:
        cells = [of[name] for of in counts.values()]
        if any(cells):
            lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


PAPER: dict[str, tuple[float, float]] = {
    "random-constrained": (1.28, 67.47),
    "routellm:head=bert": (2.04, 71.19),
    "routerdc": (2.11, 73.17),
    "messplus:v_spread=0.15": (1.08, 68.44),
}
"""MJ and satisfaction in percent that the paper's table 2 prints, by our policy of that name."""


def paper_table(board: Board) -> str:
    """Means over the recording's eight streams: MJ and percent satisfied."""
    lines = [
        (
            "| router | whole stream: MJ | % satisfied | after the first fifth, per stream: MJ "
            "| % satisfied | the paper prints: MJ | % |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for entry in ranked(board, WHOLE, board.recording):
        cells = []
        for account in (WHOLE, LATE):
            rows = [
                (account.cost(m) * m.requests / MJ, 100 * account.satisfaction(m))
                for m in board.figures(entry.spec, board.recording)
            ]
            cost, satisfied = np.mean(rows, axis=0)
            cells += [f"{cost:.2f}", f"{satisfied:.2f}"]
        printed = PAPER.get(entry.spec)
        cells += [f"{printed[0]:.2f}", f"{printed[1]:.2f}"] if printed else ["", ""]
        lines.append(f"| {named(entry)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def coins_table(recording: Sequence[Stream]) -> str:
    """What a coin with the paper's call ratios costs on the recording, beside what the paper prints."""
    lines = [
        (
            "| | the paper prints: MJ | % | a coin with its call ratios, same stream lengths: MJ | % "
            "| on whole streams: MJ |"
        ),
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, rows in (("RouteLLM", ROUTELLM), ("RouterDC", ROUTERDC)):
        found = []
        for stream in recording:
            share = np.array(rows[stream.task].calls_percent) / sum(rows[stream.task].calls_percent)
            cost = float(share @ stream.cost.mean(axis=0)) / MJ
            satisfied = 100 * float(share @ stream.score.mean(axis=0))
            length = ROUTED_REQUESTS.get(stream.task, stream.n_requests)
            found.append((cost * length, satisfied, cost * stream.n_requests))
        short, satisfied, whole = np.mean(found, axis=0)
        mj, percent = ROUTED_MEAN[name]
        lines.append(
            f"| {name} | {mj:.2f} | {percent:.2f} | {short:.2f} | {satisfied:.2f} | {whole:.2f} |"
        )
    return "\n".join(lines)


def quality_table(quality: Sequence[Quality]) -> str:
    """Mean AIQ over data sets, and how far it is above RouterBench's Zero router."""
    zero = {(q.data, q.task, q.seed): q.aiq for q in quality if not q.policy}
    lines = [
        "| router | AIQ | above the single models' hull, points | tables above it |",
        "|---|--:|--:|--:|",
    ]
    rows = []
    for entry in ROSTER:
        gains: dict[str, list[tuple[float, float]]] = {}
        for q in quality:
            if q.policy == entry.spec:
                gain = 100 * (q.aiq - zero[q.data, q.task, q.seed])
                gains.setdefault(q.data, []).append((100 * q.aiq, gain))
        if gains:
            means = np.array([np.mean(of, axis=0) for of in gains.values()])
            height, gain = means.mean(axis=0)
            above = int((means[:, 1] > 0).sum())
            row = f"| {entry.name} | {height:.2f} | {gain:+.2f} | {above} of {len(means)} |"
            rows.append((gain, row))
    by_data: dict[str, list[float]] = {}
    for (data, _, _), value in zero.items():
        by_data.setdefault(data, []).append(100 * value)
    hull = np.mean([np.mean(of) for of in by_data.values()])
    rows.append((0.0, f"| single models' hull (Zero router) | {hull:.2f} | 0 | |"))
    return "\n".join([*lines, *(row for _, row in sorted(rows, reverse=True))])


def named(entry: Entry) -> str:
    """A router's name as the tables show it, ours in bold."""
    return f"**{entry.name}**" if entry.kind == "ours" else entry.name


def bracketed(value: float, read: float) -> str:
    """A ratio; in brackets where less than half of the runs could be read."""
    if np.isnan(value):
        return "–"
    return f"{value:.2f}" if read >= 0.5 else f"({value:.2f})"


def as_run(board: Board, entry: Entry, account: Account, streams: Sequence[Where]) -> str:
    """Cost over static mix, margin, and share of runs within half a point, at the promise itself."""
    over, margin = board.as_run(entry.spec, account, streams).T
    reachable = over[np.isfinite(over)]
    near = 100 * (margin >= -0.5).mean()
    return f"{geometric(reachable):.2f} | {margin.mean():+.2f} | {near:.0f}"


def paid_back(board: Board, entry: Entry, streams: Sequence[Where]) -> str:
    """Median requests until exploration has paid back, against the cheapest adequate single model."""
    found = []
    for where in streams:
        runs = board.figures(entry.spec, [where])
        explored = float(np.mean([m.cost_exploration for m in runs]))
        serving = float(np.mean([m.cost_mean_late for m in runs]))
        found.append(break_even(explored, board.best_single(where), serving))
    median = float(np.median(found))
    never = 100 * np.mean(~np.isfinite(found))
    when = f"{median:,.0f}" if np.isfinite(median) else "never"
    return f"{when} (never: {never:.0f} %)"
