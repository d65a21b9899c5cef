"""A gateway's log, after traffic of every kind: it replays to the same decisions."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.e2e.gateway.conftest import Start, assert_replays
from tests.e2e.gateway.scripted import Upstream, fails, streams

from messplus.records import Decided
from messplus.stores import open_to_read

CLIENTS = 8
REQUESTS = 25


def test_a_log_of_mixed_traffic_replays(start: Start, upstream: Upstream) -> None:
    """Eight clients at once: promises, sessions, streams, failures, verdicts early, late and twice."""
    models = ["small", "large"]
    routes = {
        "chat": {"alpha": 0.8},
        "spread": {"alpha": 0.7, "spread": 0.3, "models": models},
    }
    gateway = start(routes=routes)
    upstream.script(*[fails(500)] * 5, streams("Hel", "lo", cut=True), model="up-small")

    def client(number: int) -> set[int]:
        statuses = set()
        for n in range(REQUESTS):
            early = {"x-request-id": f"early-{number}-{n}"}
            if n % 7 == 0:
                gateway.http.feedback(early["x-request-id"], 0.5)
            answer = gateway.http.chat(
                f"Question {n} of {number}",
                model=("auto", "chat@0.9", "spread")[n % 3],
                stream=n % 4 == 0,
                messplus={"session_id": f"{number}-{n // 5}"} if n % 2 else {},
                headers=early if n % 7 == 0 else {},
            )
            statuses.add(answer.status)
            for _ in range(n % 3):
                gateway.http.feedback(answer.name, answer.model == "large" or n % 5 == 0)
        return statuses

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert {status for one in clients.map(client, range(CLIENTS)) for status in one} == {200}
    gateway.stop()

    with closing(open_to_read(gateway.settings.store)) as log:
        decided = [one.event for one in log.events() if isinstance(one.event, Decided)]
    assert len(decided) == CLIENTS * REQUESTS
    assert {(one.route, one.alpha) for one in decided} == {
        ("chat", 0.8),
        ("chat", 0.9),
        ("spread", 0.7),
    }
    assert_replays(gateway.settings)
