import asyncio

import pytest

from messplus.errors import StoreError
from messplus.gateway.config.settings import Settings
from messplus.gateway.opening import opened
from messplus.gateway.telemetry import Metrics
from messplus.gateway.upkeep import recover
from messplus.stores import MemoryStore

SETTINGS = Settings.model_validate(
    {
        "providers": {"none": {"base_url": "http://127.0.0.1:9/v1"}},
        "models": {"only": {"provider": "none"}},
        "routes": {"chat": {"alpha": 0.9}},
        "store": "memory:",
    }
)


def test_a_gateway_finds_out_that_its_log_can_be_written_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def told() -> list[list[str]]:
        gateway = await opened(SETTINGS, Metrics("test"))
        gateway.store_trouble = "the disk is full"
        with monkeypatch.context() as full:

            def refuse(*_: object) -> None:
                raise StoreError("the disk is still full")

            full.setattr(MemoryStore, "keep", refuse)
            await recover(gateway)
            before = gateway.trouble()
        await recover(gateway)
        after = gateway.trouble()
        await gateway.close()
        return [before, after]

    assert asyncio.run(told()) == [["the log cannot be written: the disk is still full"], []]
