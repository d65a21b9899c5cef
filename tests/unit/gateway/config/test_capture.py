"""A capture asks the models of a gateway's file."""

from pathlib import Path

import pytest

from messplus.capture import read_upstreams
from messplus.capture import upstreams as module
from messplus.errors import SettingError
from messplus.gateway.config import read_settings
from messplus.gateway.config.settings import Cost, Model, Provider, Settings

FILE = """
cost: usd
server: {port: 8080}
providers:
  p: {base_url: "http://127.0.0.1:8000/v1", api_key: os.environ/KEY, retries: 3, timeout_s: 9}
models:
  m: {provider: p, context_tokens: 8192, vision: false, cost: {cached_input_per_mtok: 0.1}}
  n: {provider: p, model: vendor/n, concurrency: null, cost: {output_per_mtok: 2}}
routes:
  chat: {alpha: 0.9}
features: {encoder: hashed}
"""


def test_one_file_serves_both(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(FILE)
    settings = read_settings(path, {"KEY": "secret"})
    asked = {one.name: one for one in read_upstreams(path, {"KEY": "secret"})}
    assert set(asked) == set(settings.models)
    assert asked["n"].api_key == "secret"
    assert (asked["n"].model, asked["n"].timeout_s, asked["n"].concurrency) == ("vendor/n", 9, 1)
    assert asked["n"].output_usd_per_mtok == settings.models["n"].cost.output_per_mtok


@pytest.mark.parametrize(
    ("section", "known"),
    [
        (Settings, module._TOP), (Provider, module._PROVIDER), (Model, module._MODEL),
        (Cost, module._COST),
    ],
)  # fmt: skip
def test_a_capture_knows_every_key_of_a_gateway(
    section: type[Settings | Provider | Model | Cost], known: tuple[str, ...]
) -> None:
    assert set(section.model_fields) <= set(known)


@pytest.mark.parametrize("more", ["api: anthropic", "headers: {x-team: a}"])
def test_what_a_capture_cannot_send_is_refused(tmp_path: Path, more: str) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(FILE.replace("retries: 3", more))
    with pytest.raises(SettingError, match=r"providers\.p: a capture speaks OpenAI's API"):
        read_upstreams(path, {"KEY": "secret"})
