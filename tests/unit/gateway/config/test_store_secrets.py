"""The password of a database is not shown."""

import pytest

from messplus.gateway.config import Settings, secrets_of
from messplus.gateway.config.secrets import shown_store


@pytest.mark.parametrize(
    ("store", "shown"),
    [
        ("postgresql://me:p%40ss@there/db", "postgresql://me:***@there/db"),
        ("postgresql://there/db?password=pass", "postgresql://there/db?password=***"),
        ("postgresql://me@there/db", "postgresql://me@there/db"),
        ("sqlite:///log.db", "sqlite:///log.db"),
    ],
)
def test_a_store_is_shown_without_its_password(store: str, shown: str) -> None:
    settings = Settings.model_validate(
        {
            "providers": {"p": {"base_url": "http://127.0.0.1:1/v1"}},
            "models": {"m": {"provider": "p"}},
            "routes": {"r": {"alpha": 0.8}},
            "store": store,
        }
    )
    assert shown_store(settings) == shown
    if "***" in shown:
        assert {"p%40ss", "p@ss", "pass"} & set(secrets_of(settings))
