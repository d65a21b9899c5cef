"""How often it is looked up how promises stand."""

from itertools import pairwise

from messplus.gateway.dashboard.paced import SHARE, Paced
from messplus.router import Standing


def test_what_takes_long_is_looked_up_seldom() -> None:
    now_s, looks = [100.0], []

    def look() -> list[Standing]:
        looks.append(now_s[0])
        now_s[0] += 0.5
        return []

    paced = Paced(lambda: now_s[0])
    for _ in range(4 * SHARE):
        assert paced.get(look) == ()
        now_s[0] += 0.5
    between_s = [after - before for before, after in pairwise(looks)]
    assert between_s == [0.5 * (SHARE + 1)] * 3
