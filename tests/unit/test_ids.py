"""Ids ascend, never repeat, and are what the standard says."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from messplus.ids import TimeOrderedIds, made_at_s, new_id


def test_an_id_by_hand() -> None:
    """The example of RFC 9562, appendix A.6, but for its random parts."""
    ids = TimeOrderedIds(lambda: 0x017F22E279B0 / 1e3, lambda bits: 0)
    assert [ids(), ids()] == [
        "017f22e279b070008000000000000000",
        "017f22e279b070008000000100000000",
    ]


def test_python_takes_it_for_a_uuid_of_version_7() -> None:
    found = uuid.UUID(new_id())
    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert len(new_id()) == 32


@given(st.lists(st.floats(0, 1e10), min_size=2, max_size=30), st.integers(0, 2**41 - 1))
def test_ids_ascend_whatever_the_clock_does(times: list[float], luck: int) -> None:
    clock = iter(times)
    ids = TimeOrderedIds(lambda: next(clock), lambda bits: luck & (1 << bits) - 1)
    made = [ids() for _ in times]
    assert made == sorted(set(made))


def test_a_counter_that_is_full_takes_the_next_millisecond() -> None:
    ids = TimeOrderedIds(lambda: 1.0, lambda bits: (1 << bits) - 1)
    ids()
    ids._counter = (1 << 42) - 1
    assert ids()[:12] == f"{1001:012x}"


def test_threads_never_get_the_same_id() -> None:
    ids = TimeOrderedIds(lambda: 1.0)

    def many(_: int) -> list[str]:
        return [ids() for _ in range(500)]

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(many, range(8)))
    assert len({one for each in made for one in each}) == 4000
    assert all(each == sorted(each) for each in made)


def test_an_id_tells_when_it_was_made_and_other_texts_do_not() -> None:
    ids = TimeOrderedIds(lambda: 1_750_000_000.123)
    assert made_at_s(ids()) == 1_750_000_000.123
    for text in ("", "mine", "0" * 32, str(uuid.uuid4()), new_id().upper() + "x"):
        assert made_at_s(text) is None
