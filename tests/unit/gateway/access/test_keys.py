"""Keys: who it is that calls."""

import pytest

from messplus.gateway.access import ANYBODY, Keys, Unauthorized
from messplus.gateway.config import Settings

SALT = b"0123456789abcdef"
ALICE, BOB = "sk-alice-0123456789", "sk-bob-0123456789"


def keys(host: str = "127.0.0.1", *, some: bool = True) -> Keys:
    configured = [
        {"name": "alice", "key": ALICE, "routes": ["b", "a"], "alpha": 0.8, "rpm": 3},
        {"name": "bob", "key": BOB, "admin": True, "budget_usd_per_day": 2},
    ]
    settings = Settings.model_validate(
        {
            "providers": {"p": {"base_url": "http://127.0.0.1"}},
            "models": {"m": {"provider": "p"}},
            "routes": {"a": {"alpha": 0.9}, "b": {"alpha": 0.9}},
            "keys": configured if some else [],
            "server": {"host": host},
        }
    )
    return Keys(settings, salt=SALT)


@pytest.mark.parametrize(
    "authorization", [f"Bearer {ALICE}", f"bearer {ALICE}", f"  BEARER   {ALICE} "]
)
def test_a_caller_is_found_by_its_key(authorization: str) -> None:
    caller = keys().find(authorization)
    assert (caller.name, caller.routes, caller.alpha, caller.rpm, caller.admin) == (
        "alice", ("b", "a"), 0.8, 3, False,
    )  # fmt: skip


def test_anthropics_clients_send_another_header() -> None:
    assert keys().find(None, BOB).admin
    assert keys().find(f"Bearer {ALICE}", BOB).name == "alice"
    assert keys().find("Basic x", BOB).name == "bob"


@pytest.mark.parametrize(
    ("authorization", "api_key"),
    [
        (None, None), ("", ""), ("Bearer", None), ("Bearer ", None), (f"Basic {ALICE}", None),
        (ALICE, None), (f"Bearer {ALICE[:-1]}", None), (f"Bearer {ALICE}x", None),
        (f"Bearer {ALICE.upper()}", None), ("Bearer x", BOB), ("Bearer \udcff\x00é", None),
        ("Bearer " + "x" * 1_000_000, None), (None, SALT.decode()),
    ],
)  # fmt: skip
def test_others_are_refused_without_a_word_about_keys(
    authorization: str | None, api_key: str | None
) -> None:
    with pytest.raises(Unauthorized) as caught:
        keys().find(authorization, api_key)
    for secret in (ALICE, BOB, authorization, api_key):
        assert not secret or len(secret) < 10 or secret not in str(caught.value)


@pytest.mark.parametrize(("host", "admin"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_without_keys_everybody_may_use_all_routes(host: str, *, admin: bool) -> None:
    found = keys(host, some=False)
    assert not found.needed
    caller = found.find("Bearer whatever")
    assert (caller.name, caller.routes, caller.admin) == (ANYBODY, None, admin)
