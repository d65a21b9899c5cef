from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from messplus.gateway.upstreams.circuit import (
    FAILED_SHARE,
    FAILURES_IN_A_ROW,
    FIRST_OPEN_S,
    LONGEST_OPEN_S,
    LONGEST_RETRY_AFTER_S,
    WINDOW,
    Circuit,
)


def failed(circuit: Circuit, times: int, now_s: float = 0.0, u: float = 0.0) -> Circuit:
    for _ in range(times):
        circuit = circuit.failed(circuit.epoch, now_s, u)
    return circuit


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    assert failed(Circuit(), FAILURES_IN_A_ROW - 1).state == "closed"
    opened = failed(Circuit(), FAILURES_IN_A_ROW, now_s=100.0, u=0.5)
    assert opened.state == "open"
    assert opened.until_s == 100.0 + 0.75 * FIRST_OPEN_S
    assert not opened.admits(100.7)
    assert opened.admits(100.75)


def test_a_success_starts_the_row_anew() -> None:
    circuit = failed(Circuit(), FAILURES_IN_A_ROW - 1).succeeded(0)
    assert failed(circuit, FAILURES_IN_A_ROW - 1).state == "closed"


def test_it_opens_where_half_of_the_latest_calls_failed_though_never_many_in_a_row() -> None:
    circuit = Circuit()
    for n in range(WINDOW - 1):
        circuit = circuit.failed(0, 0.0, 0.0) if n % 2 else circuit.succeeded(0)
    assert circuit.state == "closed"  # the window is not full yet
    assert circuit.failed(0, 0.0, 0.0).state == "open"


def test_old_failures_leave_the_window() -> None:
    circuit = failed(Circuit(), FAILURES_IN_A_ROW - 1)
    for _ in range(WINDOW):
        circuit = circuit.succeeded(0)
    assert circuit.recent == 0
    assert circuit.succeeded(0) is circuit


def test_half_open_admits_one_trial() -> None:
    trial = failed(Circuit(), FAILURES_IN_A_ROW).begun()
    assert trial.state == "half-open"
    assert not trial.admits(1e9)


def test_a_trial_that_succeeds_closes_and_forgets() -> None:
    trial = failed(Circuit(), FAILURES_IN_A_ROW).begun()
    closed = trial.succeeded(trial.epoch)
    assert closed == Circuit(epoch=closed.epoch)


def test_each_trial_that_fails_doubles_the_time_up_to_the_longest() -> None:
    circuit = failed(Circuit(), FAILURES_IN_A_ROW, u=0.0)
    waits = []
    for _ in range(10):
        waits.append(circuit.until_s)
        trial = circuit.begun()
        circuit = trial.failed(trial.epoch, 0.0, 0.0)
    assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert waits[-1] == LONGEST_OPEN_S / 2  # half of it is jitter


def test_a_trial_that_tells_nothing_leaves_room_for_another() -> None:
    trial = failed(Circuit(), FAILURES_IN_A_ROW).begun()
    left = trial.abandoned(trial.epoch, 50.0)
    assert left.state == "open"
    assert left.admits(50.0)


def test_calls_of_before_do_not_decide_on_a_trial() -> None:
    trial = failed(Circuit(), FAILURES_IN_A_ROW).begun()
    assert trial.succeeded(0) is trial
    assert trial.failed(0, 0.0, 0.0) is trial
    assert trial.abandoned(0, 0.0) is trial


def test_a_wait_that_is_asked_for_opens_at_once_and_the_longest_holds() -> None:
    circuit = Circuit().asked_to_wait(10.0, 5.0)
    assert (circuit.state, circuit.until_s, circuit.opened) == ("open", 15.0, 0)
    assert circuit.asked_to_wait(11.0, 60.0).until_s == 71.0
    assert circuit.asked_to_wait(11.0, 1.0).until_s == 15.0
    assert circuit.asked_to_wait(0.0, 1e9).until_s == LONGEST_RETRY_AFTER_S


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "succeed", "fail", "abandon", "wait"]),
        st.floats(0.0, 30.0),  # seconds since the event before
        st.floats(0.0, 1.0, exclude_max=True),
        st.integers(0, 3),  # which of the calls under way
    ),
    max_size=200,
)


@given(EVENTS)
def test_whatever_happens_it_is_bounded_and_comes_back(
    events: list[tuple[str, float, float, int]],
) -> None:
    circuit, now_s = Circuit(), 0.0
    calls: list[int] = []
    for what, passed_s, u, which in events:
        now_s += passed_s
        before = circuit
        if not calls and what not in ("begin", "wait"):
            continue
        call = calls[which % len(calls)] if calls else 0
        match what:
            case "begin" if circuit.admits(now_s):
                circuit = circuit.begun()
                calls.append(circuit.epoch)
            case "succeed":
                circuit = circuit.succeeded(call)
            case "fail":
                circuit = circuit.failed(call, now_s, u)
            case "abandon":
                circuit = circuit.abandoned(call, now_s)
            case "wait":
                circuit = circuit.asked_to_wait(now_s, 10 * passed_s)
        if what != "begin" and calls:
            calls.remove(call)

        assert circuit.epoch == before.epoch + (circuit.state != before.state)
        assert 0 <= circuit.calls <= WINDOW
        assert 0 <= circuit.recent < 1 << WINDOW
        if circuit.state == "open":
            assert circuit.until_s <= now_s + max(LONGEST_OPEN_S, LONGEST_RETRY_AFTER_S)
            assert circuit.admits(circuit.until_s)
        if circuit.state == "half-open":
            # The trial is under way: the circuit cannot hang.
            assert circuit.epoch in calls
        if circuit.state == "closed":
            assert circuit.failures < FAILURES_IN_A_ROW
            full = circuit.calls == WINDOW
            assert not full or circuit.recent.bit_count() < FAILED_SHARE * WINDOW


@given(st.integers(0, 100), st.floats(0.0, 1.0, exclude_max=True))
def test_jitter_is_at_most_half_of_the_time(opened: int, u: float) -> None:
    trial = replace(failed(Circuit(), FAILURES_IN_A_ROW).begun(), opened=opened)
    longest_s = min(FIRST_OPEN_S * 2.0**opened, LONGEST_OPEN_S)
    assert longest_s / 2 <= trial.failed(trial.epoch, 0.0, u).until_s <= longest_s
