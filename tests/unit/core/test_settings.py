"""Settings are checked where they are made, with the value, the range and the fix."""

from collections.abc import Callable

import pytest
from tests.unit.core.zoo import zoo

from messplus.core.bounds import Assumption1
from messplus.errors import SettingError

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("alpha", [0.0, 1.2, -0.1, NAN])
def test_alpha_is_a_share(alpha: float) -> None:
    with pytest.raises(SettingError, match=rf"^alpha must be in \(0, 1\], got {alpha}$"):
        zoo(alpha=alpha)


@pytest.mark.parametrize("v", [0.0, -1.0, INF, NAN])
def test_v_is_positive(v: float) -> None:
    with pytest.raises(SettingError, match=rf"^v must be positive and finite, got {v}$"):
        zoo(v=v)


@pytest.mark.parametrize("c", [-0.1, INF, NAN])
def test_c_is_not_negative(c: float) -> None:
    with pytest.raises(SettingError, match=rf"^c must be at least 0 and finite, got {c}$"):
        zoo(c=c)


def test_the_ends_of_the_ranges_are_allowed() -> None:
    assert zoo(alpha=1.0, c=0.0).alpha == 1.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: zoo(deliver="larges"), "unknown deliver 'larges'; did you mean 'largest'"),  # type: ignore[arg-type]  # misspelt on purpose
        (lambda: zoo(learn_from="all"), "unknown learn_from 'all'.*known: explored, served"),  # type: ignore[arg-type]  # misspelt on purpose
        (lambda: zoo(silence="freezed"), "unknown silence 'freezed'; did you mean 'freeze'"),  # type: ignore[arg-type]  # misspelt on purpose
    ],
)
def test_a_misspelt_option_is_not_taken_for_the_default(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        make()


@pytest.mark.parametrize(
    ("psi", "beta", "q", "message"),
    [
        (-1.0, 0.1, 0.9, "psi must be at least 0, got -1.0"),
        (0.0, 0.0, 0.9, "beta must be positive, got 0.0"),
        (0.0, 0.1, 0.0, r"q must be in \(0, 1\], got 0.0"),
        (0.0, 0.1, 1.1, r"q must be in \(0, 1\], got 1.1"),
    ],
)
def test_the_constants_of_assumption_1_are_checked(
    psi: float, beta: float, q: float, message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        Assumption1(psi=psi, beta=beta, q=q)
