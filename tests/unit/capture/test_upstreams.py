"""The zoo's YAML file: what it says, and what is said of a bad one."""

from pathlib import Path

import pytest

from messplus.capture.upstreams import Upstream, read_upstreams
from messplus.errors import DataError, SettingError

KEY = "sk-very-secret"
ZOO = """
version: 1
providers:
  here:
    base_url: http://127.0.0.1:${PORT:-8101}/v1
    timeout_s: 20
  there:
    base_url: https://api.example.com/v1
    api_key: ${KEY}
models:
  small:
    provider: here
  large:
    provider: there
    model: vendor/large-2
    cost: {input_per_mtok: 0.5, output_per_mtok: "${PRICE:-1.5}"}
    concurrency: 4
    timeout_s: 5.5
    parameters: {top_p: 0.9, seed: null}
routes: {whatever: 1}
"""


def read(tmp_path: Path, text: str, **environment: str) -> list[Upstream]:
    path = tmp_path / "zoo.yaml"
    path.write_text(text, encoding="utf-8")
    return read_upstreams(path, environment)


def test_all_that_it_says(tmp_path: Path) -> None:
    small, large = read(tmp_path, ZOO, KEY=KEY)
    assert small == Upstream(
        name="small", base_url="http://127.0.0.1:8101/v1", model="small", timeout_s=20
    )
    assert large == Upstream(
        name="large",
        base_url="https://api.example.com/v1",
        model="vendor/large-2",
        api_key=KEY,
        input_usd_per_mtok=0.5,
        output_usd_per_mtok=1.5,
        concurrency=4,
        timeout_s=5.5,
        parameters={"top_p": 0.9, "seed": None},
    )
    assert (small.is_local, small.port) == (True, 8101)
    assert (large.is_local, large.port) == (False, 443)


def test_variables_take_the_place_of_defaults(tmp_path: Path) -> None:
    small, large = read(tmp_path, ZOO, KEY=KEY, PORT="9000", PRICE="2e0")
    assert small.port == 9000
    assert large.output_usd_per_mtok == 2.0


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="needs the environment variable KEY: it is not set"):
        read(tmp_path, ZOO)


def test_an_empty_default_is_a_default(tmp_path: Path) -> None:
    _, large = read(tmp_path, ZOO.replace("${KEY}", "${KEY:-}"))
    assert large.api_key == ""


def test_prices_are_per_million_tokens() -> None:
    upstream = Upstream(
        name="m",
        base_url="http://h/v1",
        model="m",
        input_usd_per_mtok=2.0,
        output_usd_per_mtok=10.0,
    )
    assert upstream.cost_usd(1000, 100) == pytest.approx(0.003)


def test_a_key_is_never_shown(tmp_path: Path) -> None:
    _, large = read(tmp_path, ZOO, KEY=KEY)
    assert KEY not in repr(large)
    assert KEY not in str(large)


@pytest.mark.parametrize(
    "text",
    [
        ZOO.replace("  there:\n    base_url:", "  there:\n    url:").replace("${KEY}", KEY),
        f"providers: [{{base_url: http://h/v1, api_key: {KEY}}}]\nmodels: {{m: {{provider: a}}}}",
        f"providers: {{a: {KEY}}}\nmodels: {{m: {{provider: a}}}}",
        f"providers: {{a: {{base_url: http://h, api_key: [{KEY}]}}}}\nmodels: {{m: {{provider: a}}}}",
    ],
)
def test_a_key_is_not_in_an_error_either(text: str, tmp_path: Path) -> None:
    with pytest.raises((DataError, SettingError)) as refused:
        read(tmp_path, text)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("concurrency", "concurency", "did you mean 'concurrency'"),
        ("timeout_s: 20", "timeouts: 20", "did you mean 'timeout_s'"),
        ("providers:", "provider:", "did you mean 'providers'"),
        ("input_per_mtok", "input_per_mtoks", "did you mean 'input_per_mtok'"),
        ("provider: there", "provider: their", "did you mean 'there'"),
        ("provider: there", "provider: [there]", "must name one of providers"),
        ("concurrency: 4", "concurrency: 0", "concurrency of large must be 1 to 1024, got 0"),
        ("concurrency: 4", "concurrency: 1025", "must be 1 to 1024, got 1025"),
        ("concurrency: 4", "concurrency: 1.5", "models.large.concurrency must be a whole number"),
        ("concurrency: 4", "concurrency: .inf", "models.large.concurrency must be a number"),
        ("concurrency: 4", "concurrency: many", "models.large.concurrency must be a number"),
        ("concurrency: 4", "concurrency: true", "models.large.concurrency must be a number"),
        ("concurrency: 4", 'concurrency: "["', "models.large.concurrency must be a number"),
        ("timeout_s: 5.5", "timeout_s: 0", "timeout_s of large must be above 0, got 0"),
        ("timeout_s: 5.5", "timeout_s: .inf", "models.large.timeout_s must be a number"),
        ("timeout_s: 5.5", "timeout_s: .nan", "models.large.timeout_s must be a number"),
        ("input_per_mtok: 0.5", "input_per_mtok: -1", "input_usd_per_mtok of large must be at"),
        ("https://api.example.com/v1", "api.example.com", "base_url of large must be http(s)"),
        ("https://api.example.com/v1", "ftp://h", "base_url of large must be http(s)"),
        ("https://api.example.com/v1", "http://h:99999/v1", "base_url of large must be http(s)"),
        ("https://api.example.com/v1", "http://[::1/v1", "base_url of large must be http(s)"),
        ("model: vendor/large-2", "model: 2", "models.large.model must be a text, got"),
        ("{top_p: 0.9, seed: null}", "[1]", "models.large.parameters must be a mapping"),
        ("  large:\n", "  7:\n", "zoo.yaml, models must be a mapping of names"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert old in ZOO
    with pytest.raises((DataError, SettingError)) as refused:
        read(tmp_path, ZOO.replace(old, new), KEY=KEY)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold `providers` and `models`, got NoneType"),
        ("- a", "must hold `providers` and `models`, got list"),
        ("providers: {}\nmodels: {}", "name at least one model"),
        ("providers: {}", "models must be a mapping"),
        ("{", "cannot read"),
        ("models: !!python/object/apply:os.getcwd []", "cannot read"),
    ],
)
def test_what_is_no_zoo_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        read(tmp_path, text)
    assert message in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        read_upstreams(tmp_path / "nowhere.yaml", {})
