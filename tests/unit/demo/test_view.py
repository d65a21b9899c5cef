"""What a demo looks like on terminals of all sizes, and where there is none."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.unit.demo.looks import look

from messplus.demo.board import Board
from messplus.demo.chart import line_chart
from messplus.demo.look import Look
from messplus.demo.route_state import RouteState
from messplus.demo.view import view


def lines(looked: Look, *, width: int = 80, height: int = 24) -> list[str]:
    """The picture without colours."""
    console = Console(
        width=width, height=height, file=io.StringIO(), force_terminal=True, color_system=None
    )
    with console.capture() as capture:
        console.print(Board(looked))
    return capture.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 40), (120, 24), (200, 50)])
@pytest.mark.parametrize("answered", [0, 1, 30, 40])
def test_it_fits_and_says_what_matters(width: int, height: int, answered: int) -> None:
    shown = lines(look(answered), width=width, height=height)
    assert len(shown) < height
    assert all(len(line) <= width for line in shown)
    text = "\n".join(shown)
    for words in ("promised 70.0 %", "queue 2.5", "always large", "static mix", f"{answered}/40"):
        assert words in text


def test_figures_are_those_of_the_tally() -> None:
    text = "\n".join(lines(look(40)))
    assert "satisfied 75.0 %" in text
    (own,) = (line for line in text.splitlines() if "│ messplus" in line)
    assert "55 %" in own
    assert "110.00" in own
    assert "✓ large  sums  How much is" in text
    assert "done" in text


def test_wide_terminals_show_two_columns() -> None:
    assert any(line.count("╭") == 2 for line in lines(look(), width=120))
    assert not any(line.count("╭") == 2 for line in lines(look(), width=80))


def test_a_failed_request_and_a_warning_are_said() -> None:
    looked = look(10, failing=1)
    warned = replace(looked, state=RouteState(10, 0.0, None, False, ("alpha is out of reach",)))
    text = "\n".join(lines(warned))
    assert "failed HTTP 502: nobody there" in text
    assert "warning: alpha is out of reach" in text


def test_the_curve_is_where_the_shares_are() -> None:
    above = line_chart([0.9] * 100, total=100, target=0.5, width=40, height=5).plain.splitlines()
    assert len(above) == 5
    assert all(len(line) == 40 for line in above)
    assert above[2].startswith(" 50.0 % ")
    assert above[0].startswith(" 90.0 % ")
    (full,) = (n for n, line in enumerate(above) if "⠉" in line or "⣀" in line or "⠤" in line)
    assert full < 2


def test_the_curve_grows_with_the_requests() -> None:
    half = line_chart([0.9] * 50, total=100, target=0.5, width=48, height=5).plain.splitlines()[0:2]
    drawn_letters = [sum(letter not in "⠀ %.0123456789" for letter in line) for line in half]
    assert max(drawn_letters) == 20  # half of the 40 letters beside the labels


@given(
    st.lists(st.floats(0, 1), max_size=300),
    st.floats(0.01, 1),
    st.integers(10, 120),
    st.integers(1, 12),
)
def test_any_shares_make_a_picture(
    values: list[float], target: float, width: int, height: int
) -> None:
    picture = line_chart(
        values, total=max(1, len(values)), target=target, width=width, height=height
    ).plain
    assert len(picture.splitlines()) == height
    assert all(len(line) <= max(width, 8) for line in picture.splitlines())


def test_off_a_terminal_there_is_a_line_for_each_tenth() -> None:
    file = io.StringIO()
    with view(Console(file=file, width=80)) as show:
        for answered in range(41):
            show(look(answered))
    shown = file.getvalue().splitlines()
    assert len(shown) == 10
    assert shown[-1] == (
        "40 of 40 requests; satisfied 75.0 % (promised 70.0 %); cost 55 % of always the largest; "
        "120 % of the static mix; queue 2.5; 13/s"
    )


def test_on_a_terminal_the_last_picture_stays() -> None:
    file = io.StringIO()
    with view(Console(file=file, width=80, height=24, force_terminal=True)) as show:
        show(look(1))
        show(look(40))
    assert "40/40" in file.getvalue()


def test_a_terminal_without_braille_gets_lines() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    with view(Console(file=file, width=80, force_terminal=True)) as show:
        show(look(40))
    file.flush()
    file.seek(0)
    assert file.read().startswith("40 of 40 requests")
