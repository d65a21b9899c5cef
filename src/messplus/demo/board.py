"""The picture of a running demo: promise, cost and models, below or beside each other."""

from typing import Final

from rich import box
from rich.bar import Bar
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from messplus.demo.chart import line_chart
from messplus.demo.look import Look, percent
from messplus.demo.tally import RECENT

_WIDE: Final = 110  # letters: from here on there is room for two columns
_CHART_LINES: Final = (4, 12)  # fewest and most
_OTHER_LINES: Final = 18  # of the narrow picture, with three models
_COLOURS: Final = ("cyan", "blue", "magenta", "red")
"""Of models, from the cheapest on; the last is that of all further ones."""


class Board:
    """What a `Look` looks like in a terminal of any size."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As much as fits."""
        models = len(self._look.tally.models)
        if options.max_width >= _WIDE:
            halves = Table.grid(expand=True)
            halves.add_column(ratio=1)
            halves.add_column(ratio=1)
            # As tall as the two boxes beside it: 3 ways to pay, a heading, models, 4 lines of frame.
            chart = self._promise(options.max_width // 2 - 4, 3 + 1 + models + 4 - 2)
            halves.add_row(chart, Group(self._cost(), self._models()))
            middle: RenderableType = halves
        else:
            fewest, most = _CHART_LINES
            room = console.height - _OTHER_LINES - (models - 3)
            chart = self._promise(options.max_width - 4, min(most, max(fewest, room)))
            middle = Group(chart, self._cost(), self._models())
        yield self._progress()
        yield middle
        yield self._latest()
        if self._look.state and self._look.state.warnings:
            yield Text(f" warning: {self._look.state.warnings[0]}", "yellow", overflow="ellipsis")

    def _progress(self) -> Table:
        look = self._look
        row = Table.grid(expand=True, padding=(0, 1))
        row.add_column(no_wrap=True)
        row.add_column(ratio=1, min_width=8)
        for _ in range(3):
            row.add_column(no_wrap=True, justify="right")
        left = "done" if look.tally.requests == look.total else f"{look.left_s or 0:.0f} s left"
        row.add_row(
            Text(f" {look.title}", "bold", overflow="ellipsis"),
            ProgressBar(look.total, look.tally.requests, complete_style="green"),
            f"{look.tally.requests:,}/{look.total:,}",
            look.pace,
            left,
        )
        return row

    def _promise(self, width: int, height: int) -> Panel:
        look = self._look
        satisfaction = look.tally.satisfaction
        kept = satisfaction is not None and satisfaction >= look.alpha
        title = Text.assemble(
            ("satisfied ", "bold"),
            (percent(satisfaction, 1), "bold green" if kept else "bold red"),
            "  promised ",
            (percent(look.alpha, 1), "yellow"),
            "" if look.state is None else f"  queue {look.state.queue:.1f}",
        )
        chart = line_chart(
            look.tally.means, total=look.total, target=look.alpha, width=width, height=height
        )
        return _boxed(chart, title)

    def _cost(self) -> Panel:
        tally = self._look.tally
        answered = tally.requests - tally.failed
        rows = [
            (f"always {tally.yardsticks.largest}", tally.largest_usd, "red"),
            ("best static mix", tally.mix_usd, "yellow"),
            ("messplus", tally.cost_usd, "green"),
        ]
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True, justify="right", min_width=5)
        grid.add_column(no_wrap=True, justify="right", min_width=6)
        for name, cost_usd, colour in rows:
            known = cost_usd is not None and tally.largest_usd > 0
            share = cost_usd / tally.largest_usd if cost_usd is not None and known else None
            grid.add_row(
                Text(name, "bold" if name == "messplus" else ""),
                _bar(share or 0.0, colour),
                percent(share),
                f"{cost_usd / answered * 1e6:.2f}" if cost_usd is not None and answered else "–",
            )
        return _boxed(grid, Text.assemble(("cost", "bold"), ", USD per million requests"))

    def _models(self) -> Panel:
        tally = self._look.tally
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(ratio=1)
        for _ in range(3):
            grid.add_column(no_wrap=True, justify="right")
        heading = ("", f"last {RECENT}", "", "all", "satisfied")
        grid.add_row(*(Text(words, "dim") for words in heading))
        for n, (name, model) in enumerate(tally.models.items()):
            recent = tally.recent_share(name)
            satisfied = model.score / model.requests if model.requests else None
            grid.add_row(
                Text(name),
                _bar(recent, _COLOURS[min(n, len(_COLOURS) - 1)]),
                percent(recent),
                percent(tally.share(name)),
                percent(satisfied),
            )
        return _boxed(grid, Text("models", "bold"))

    def _latest(self) -> Text:
        answered, question = self._look.tally.latest, self._look.latest
        if answered is None or question is None:
            return Text(" waiting for the first answer", "dim")
        words = " ".join(question.prompt.split())
        if answered.error:
            parts = [("failed ", "red"), (answered.error, "")]
        else:
            liked = answered.score >= 0.5
            mark = ("✓ ", "green") if liked else ("✗ ", "red")
            parts = [mark, (answered.model, "bold"), (f"  {question.task}  ", "dim"), (words, "")]
        return Text.assemble(" ", *parts, no_wrap=True, overflow="ellipsis")


def _bar(share: float, colour: str) -> Bar:
    return Bar(1.0, 0.0, min(1.0, share), color=colour)


def _boxed(content: RenderableType, title: Text) -> Panel:
    return Panel(
        content,
        title=title,
        title_align="left",
        box=box.ROUNDED,
        border_style="dim",
        padding=(0, 1),
    )
