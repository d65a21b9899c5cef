"""Many routes in one gateway: pages of them, and the overview of those that are awake."""

import pytest
from tests.unit.router.world import router

from messplus.dashboard.moment import Moment
from messplus.dashboard.overview import MOST_PROMISES, shown_overview
from messplus.dashboard.statuses import Statuses
from messplus.evidence import Evidence, PromiseEvidence, verdict_on
from messplus.evidence.judged import Judged
from messplus.gateway.dashboard.listing import Page, name_of, page_of, standing_of
from messplus.gateway.errors import ApiError
from messplus.router import Key, Route, Router
from messplus.stores import MemoryStore

ROUTES = [Route(f"tenant-{n}", 0.8) for n in range(25)]


@pytest.fixture
def many() -> Router:
    """25 routes, of which two have had requests, one of them under two promises."""
    made = router(MemoryStore(), ROUTES)
    made.route("hello", route="tenant-7")
    made.route("hello", route="tenant-7", alpha=0.6)
    made.route("hello", route="tenant-24")
    return made


def names(page: Page) -> list[str]:
    return [name_of(Key(one.route, one.alpha)) for one in page.standings]


ALL = [*(f"tenant-{n}@0.8" for n in range(25)), "tenant-7@0.6"]


@pytest.mark.parametrize("limit", [1, 4, 13, 26, 100])
def test_pages_are_complete_and_in_order(many: Router, limit: int) -> None:
    found: list[str] = []
    more = True
    while more:
        page = page_of(many, None, after=found[-1] if found else None, limit=limit)
        assert 1 <= len(page.standings) <= limit
        found += names(page)
        more = page.more
    assert found == ALL


def test_a_page_tells_what_the_router_does(many: Router) -> None:
    assert list(page_of(many, None).standings) == many.promises()


def test_routes_are_found_by_a_part_of_their_name_and_by_who_asks(many: Router) -> None:
    assert names(page_of(many, None, text="NT-7")) == ["tenant-7@0.8", "tenant-7@0.6"]
    assert names(page_of(many, {"tenant-7", "gone"}, limit=1)) == ["tenant-7@0.8"]
    assert names(page_of(many, {"tenant-3"}, text="7")) == []


def test_odd_pages_are_refused(many: Router) -> None:
    for limit in (0, 1001):
        with pytest.raises(ApiError, match="limit must be in"):
            page_of(many, None, limit=limit)
    with pytest.raises(ApiError, match="no promise 'tenant-9'"):
        page_of(many, None, after="tenant-9")
    with pytest.raises(ApiError, match="no promise"):
        page_of(many, {"tenant-3"}, after="tenant-9@0.8")


def test_a_promise_is_found_by_its_name(many: Router) -> None:
    found = standing_of(many, "tenant-7@0.6", None)
    assert found == many.standing("tenant-7", 0.6)
    asleep = standing_of(many, "tenant-9@0.8", {"tenant-9"})
    assert asleep is not None
    assert asleep.requests == 0
    for name in ("tenant-9@0.7", "tenant-9@0.80", "tenant-9", "tenant-9@x", "x@0.8", "@", ""):
        assert standing_of(many, name, None) is None
    assert standing_of(many, "tenant-9@0.8", {"tenant-7"}) is None


def judged(route: str, satisfied: int, of: int = 400) -> PromiseEvidence:
    """A promise of 0.8 with so many satisfied verdicts."""
    verdicts = Judged()
    for n in range(of):
        verdicts.add(float(n < satisfied), 0.8, None)
    return PromiseEvidence(route, 0.8, requests=of, predicted=0.8 * of, judged={"user": verdicts})


def test_the_overview_of_many_shows_the_worst_and_says_how_many_there_are() -> None:
    promises = [judged(f"good-{n}", 320) for n in range(MOST_PROMISES + 50)]
    promises += [judged("bad", 100), PromiseEvidence("new", 0.8)]
    standings = router(MemoryStore(), [Route(one.route, one.alpha) for one in promises]).promises()
    evidence = Evidence(promises={one.name: one for one in promises})
    routes = dict.fromkeys([*(one.route for one in promises), "asleep"])
    moment = Moment(
        at_s=1.0, version="x", cost_unit="USD", standings=tuple(standings), routes=routes.keys()
    )
    shown = shown_overview(evidence, moment, routes=None)
    assert [one["route"] for one in shown["promises"][:3]] == ["bad", "new", "good-0"]
    assert len(shown["promises"]) == MOST_PROMISES
    assert shown["of"]["promises"] == MOST_PROMISES + 52
    assert shown["of"]["routes"] == MOST_PROMISES + 53
    assert shown["of"]["statuses"] == {
        "broken": 1, "unknown": 1, "on_course": MOST_PROMISES + 50,
    }  # fmt: skip
    assert any(one["route"] == "bad" for one in shown["alarms"])
    mine = shown_overview(evidence, moment, routes=("good-3", "asleep"))
    assert [one["route"] for one in mine["promises"]] == ["good-3"]
    assert mine["of"] == {"promises": 1, "routes": 2, "statuses": {"on_course": 1}}


def test_where_no_promise_has_begun_none_is_shown_that_was_kept_formerly() -> None:
    evidence = Evidence(promises={"gone@0.8": PromiseEvidence("gone", 0.8)})
    moment = Moment(at_s=1.0, version="x", cost_unit="USD", routes={"other"})
    assert shown_overview(evidence, moment, routes=None)["promises"] == []


def test_a_verdict_is_found_anew_when_something_new_is_known() -> None:
    statuses, promise = Statuses(), judged("r", 320)
    first = statuses.of(promise, None)
    assert first == verdict_on(0.8, promise.satisfaction())
    assert statuses.of(promise, None) is first
    promise.judged["user"].revise(0.8, 1.0, 0.0)
    assert statuses.of(promise, None) == verdict_on(0.8, promise.satisfaction()) != first
    before = statuses.of(promise, None)
    promise.requests += 1
    promise.predicted += 0.5
    assert statuses.of(promise, None) == verdict_on(0.8, promise.satisfaction()) != before
