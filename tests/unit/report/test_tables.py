"""Tables: the figures are those that one computes by hand, in text that people can read."""

from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from messplus.replay.references import Reference
from messplus.replay.results import Results, Run
from messplus.report import text
from messplus.report.tables import (
    Cell,
    Column,
    Row,
    Table,
    result_tables,
    stream_table,
    summary_table,
    to_markdown,
    to_rich,
)

MakeRun = Callable[..., Run]
MakeReference = Callable[..., Reference]


def grid(runs: tuple[Run, ...], references: tuple[Reference, ...] = ()) -> Results:
    return Results(runs=runs, references=references)


def cells(table: Table, name: str) -> dict[str, str]:
    """One row by its name, as {column: text}; columns of a group carry its name."""
    row = next(row for row in table.rows if row.cells[0].text == name)
    titles = [f"{column.group} {column.title}".strip() for column in table.columns]
    return dict(zip(titles, [cell.text for cell in row.cells], strict=True))


def printed(table: Table, width: int) -> list[str]:
    console = Console(file=StringIO(), width=width)
    console.print(to_rich(table))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def test_a_policy_is_summed_up_over_streams_and_seeds(results: Results) -> None:
    assert cells(summary_table(results), "messplus") == {
        "policy": "messplus",
        "cost, kJ": "3.5",  # (2 + 3 + 4 + 5) / 4
        "cost / static mix": "1.50",
        "above α, pp": "−0.50",  # (1 + 1 + 1 - 5) / 4
        "promises kept": "3 of 4",
        "worst miss, pp": "5.00",
        "> 1 pp short, %": "12.5",
        "explored, %": "20.0",
        "exploring cost, %": "25.0",
        "answers, %": "50 / 50",
    }


def test_a_reference_line_has_the_figures_that_make_sense_for_it(results: Results) -> None:
    line = cells(summary_table(results), "clairvoyant")
    assert line["cost, kJ"] == "1.0"
    assert line["cost / static mix"] == "0.50"
    assert line["promises kept"] == "2 of 2"
    assert line["explored, %"] == text.NOTHING


def test_a_stream_has_mean_and_spread_and_a_mark_where_it_falls_short(results: Results) -> None:
    row = cells(stream_table(results), "sciq")
    assert row["messplus cost, kJ"] == "4.5 ± 0.7"
    assert row["messplus satisfied, %"] == "78.0 ± 4.2 ✗"
    assert row["largest satisfied, %"] == "90.0"  # seeds agree: no spread
    assert row["static mix, kJ"] == "2.0"
    assert cells(stream_table(results), "mean")["messplus cost, kJ"] == "3.5"


def test_one_stream_needs_no_table_of_its_own(run: MakeRun, results: Results) -> None:
    assert [table.title for table in result_tables(results)] == ["Summary", "Per stream"]
    assert [table.title for table in result_tables(grid((run(),)))] == ["Summary"]


def test_an_alpha_out_of_reach_is_said_and_not_averaged(
    run: MakeRun, reference: MakeReference
) -> None:
    runs = (run("a", over_static=None), run("b"))
    lines = (reference(task="a", cost=None, satisfaction=0.7), reference(task="b"))
    table = summary_table(grid(runs, lines))
    assert cells(table, "messplus")["cost / static mix"] == "1.25"
    assert cells(table, "static mix")["promises kept"] == "1 of 2"
    assert cells(table, "static mix")["cost, kJ"] == text.NOTHING
    assert "on: a." in table.note
    assert cells(stream_table(grid(runs, lines)), "a")["static mix, kJ"] == "out of reach"


def test_costs_in_different_units_are_never_averaged(run: MakeRun) -> None:
    both = grid((run("a"), run("b", unit="usd", cost=0.5)))
    row = next(row for row in summary_table(both).rows)
    assert row.cells[1].text == text.NOTHING
    assert cells(stream_table(both), "a")["messplus cost"] == "2.0 kJ"
    assert cells(stream_table(both), "b")["messplus cost"] == "0.50 USD"
    assert cells(stream_table(both), "mean")["messplus cost"] == text.NOTHING


def test_markdown_shows_a_name_as_it_is() -> None:
    table = Table(
        "t",
        (Column("a|b", "", "left"), Column("n", "")),
        (Row((Cell("<b>|*x*"), Cell("1")), "policy"),),
    )
    assert to_markdown(table).splitlines() == [
        r"| a\|b | n |",
        "| :--- | ---: |",
        r"| \<b\>\|\*x\* | 1 |",
    ]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_figure_is_cut_off_in_a_narrow_terminal(results: Results, width: int) -> None:
    lines = printed(summary_table(results), width)
    assert max(map(len, lines)) <= width
    shown = " ".join(lines)
    for row in summary_table(results).rows:
        for cell in row.cells:
            assert cell.text in shown


def test_markup_in_a_name_is_shown_and_not_obeyed(run: MakeRun) -> None:
    lines = printed(summary_table(grid((run(policy="always:[red]x"),))), 120)
    assert any("always:[red]x" in line for line in lines)


@pytest.mark.parametrize(
    ("unit", "costs", "shown"),
    [
        ("joule", [2.5e6, 5e6], ["2.5 MJ", "5.0 MJ"]),
        ("joule", [0.25], ["250 mJ"]),
        ("usd", [0.00123], ["0.0012 USD"]),
        ("usd", [7.25e-6, 0.94e-6], ["7.25 µUSD", "0.94 µUSD"]),
        ("usd", [43.0412], ["43.04 USD"]),
        ("tokens", [1234567.0], ["1,234,567 tokens"]),
        ("joule", [0.0, None], ["0 J", "– J"]),
    ],
)
def test_costs_are_shown_in_a_unit_that_suits_them(
    unit: str, costs: list[float | None], shown: list[str]
) -> None:
    scale = text.cost_scale(unit, costs)
    assert [f"{scale.text(cost)} {scale.unit}" for cost in costs] == shown


def test_small_differences_have_no_negative_zero() -> None:
    assert text.points(-1e-9) == "0.00"
    assert text.points(-0.0123) == "−1.23"
    assert text.points(0.0123) == "+1.23"


def test_streams_are_called_as_briefly_as_tells_them_apart() -> None:
    assert text.stream_labels([("d", "a"), ("d", "b")]) == {("d", "a"): "a", ("d", "b"): "b"}
    assert text.stream_labels([("d", "all"), ("e", "b")]) == {("d", "all"): "d", ("e", "b"): "e/b"}


def test_a_large_zoo_is_shown_by_its_most_used_models() -> None:
    shares = {"a": 0.1, "b": 0.6, "c": 0.2, "d": 0.05, "e": 0.05}
    assert text.model_shares(shares) == "b 60, c 20, others 20"
