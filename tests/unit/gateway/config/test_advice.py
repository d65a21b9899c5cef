"""What a configuration may say, and should not."""

import pytest

from messplus.gateway.config import Settings, advice, is_loopback

LONG = "0123456789abcdef"


def settings(**changes: object) -> Settings:
    sections: dict[str, object] = {
        "providers": {"p": {"base_url": "http://127.0.0.1:8000/v1"}},
        "models": {
            "small": {"provider": "p", "cost": {"output_per_mtok": 1}},
            "large": {"provider": "p", "cost": {"output_per_mtok": 9}},
        },
        "routes": {"chat": {"alpha": 0.9}},
    }
    return Settings.model_validate(sections | changes)


def test_a_sound_configuration_has_no_warnings() -> None:
    assert advice(settings()) == ()


FREE = {"provider": "p"}
PRICED = {"provider": "p", "cost": {"output_per_mtok": 1}}
WRITTEN_0 = {"provider": "p", "cost": {"output_per_mtok": 0}}
WORTH_A_WARNING: list[tuple[dict[str, object], str]] = [
    ({"server": {"host": "0.0.0.0"}}, "server.host: 0.0.0.0 without keys"),
    ({"server": {"cors_origins": ["*"]}}, "server.cors_origins"),
    ({"keys": [{"name": "a", "key": LONG[1:]}]}, "keys[0].key: the key of a has 15 characters"),
    (
        {
            "keys": [{"name": "a", "key": LONG, "alpha": 0.8, "routes": ["chat", "x"]}],
            "routes": {"chat": {"alpha": 0.9}, "x": {"alpha": 0.9}},
        },
        "keys[0].alpha",
    ),
    (
        {"providers": {"p": {"base_url": "http://example.com/v1", "api_key": "k"}}},
        "providers.p.base_url: http:// to another machine",
    ),
    (
        {"providers": {"p": {"base_url": "http://localhost/v1", "timeout_s": 60}}},
        "providers.p.first_byte_timeout_s",
    ),
    (
        {"providers": {name: {"base_url": "http://localhost"} for name in "pq"}},
        "providers.q: no model names it",
    ),
    ({"models": {"small": PRICED, "large": FREE}}, "models.large: costs 0 USD"),
    ({"models": {"small": WRITTEN_0, "large": WRITTEN_0}}, "models: none costs anything"),
    ({"routes": {"chat": {"alpha": 0.9, "models": ["small"]}}}, "models.large: is in no route"),
    ({"routes": {"chat": {"alpha": 0.9, "models": ["small"]}}}, "routes.chat.models: one model"),
    ({"routes": {"chat": {"alpha": 1}}}, "routes.chat.alpha: 1 lets no answer fail"),
    ({"cost": "joule"}, "models.small: costs 0 joules"),
]


@pytest.mark.parametrize(("changes", "told"), WORTH_A_WARNING)
def test_what_is_worth_a_warning(changes: dict[str, object], told: str) -> None:
    found = [str(warning) for warning in advice(settings(**changes))]
    assert any(warning.startswith(told) for warning in found), found


def test_what_is_written_on_purpose_is_not_warned_of() -> None:
    models = {"small": WRITTEN_0, "large": PRICED}
    keys = [{"name": "a", "key": LONG}]
    assert advice(settings(models=models, keys=keys, server={"host": "0.0.0.0"})) == ()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True),
        ("localhost", True), ("0.0.0.0", False), ("::", False), ("10.0.0.1", False),
        ("localhost.example.com", False),
    ],
)  # fmt: skip
def test_which_addresses_only_this_machine_reaches(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback
