from messplus.gateway.sessions import Sessions, session_key


def test_a_session_stays_until_it_is_idle() -> None:
    sessions = Sessions()
    sessions.stay("s", "large", 100.0)
    assert sessions.model("s", 160.0, idle_s=60.0) == "large"
    assert sessions.model("s", 160.1, idle_s=60.0) is None
    sessions.stay("s", "large", 160.0)
    assert sessions.model("s", 219.0, idle_s=60.0) == "large"


def test_a_session_that_was_let_go_is_routed_anew() -> None:
    sessions = Sessions()
    sessions.stay("s", "small", 0.0)
    sessions.leave("s")
    sessions.leave("never there")
    assert sessions.model("s", 1.0, idle_s=60.0) is None


def test_the_longest_idle_go_first() -> None:
    sessions = Sessions(most=2)
    for at, name in enumerate(("a", "b", "a", "c")):
        sessions.stay(name, "m", float(at))
    assert len(sessions) == 2
    assert sessions.model("b", 4.0, idle_s=60.0) is None
    assert sessions.model("a", 4.0, idle_s=60.0) == "m"


def test_sessions_of_other_routes_and_clients_are_others() -> None:
    keys = {
        session_key(route, client, name)
        for route in ("chat", "code")
        for client in ("a", "b")
        for name in ("1", "2")
    }
    assert len(keys) == 8
    assert "hello" not in session_key("chat", "a", "hello")
