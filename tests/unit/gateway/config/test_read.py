"""A gateway's file: what is read, and what is said of a bad one."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messplus.gateway.config import Settings, SettingsError, read_settings
from messplus.gateway.config.problems import Place, dotted
from messplus.gateway.config.tree import Value, read_tree, steps

SECRET = "sk-very-secret-0123456789"
GOOD = """
version: 1
providers:
  here: &here {base_url: "http://127.0.0.1:${PORT:-8000}/v1"}
  there:
    <<: *here
    base_url: https://api.example.com/v1
    api_key: os.environ/KEY
    headers: {x-team: "a${TEAM}", x-cost: "$${NOT_A_VARIABLE}"}
models:
  small: {provider: here, cost: {input_per_mtok: 0.05, output_per_mtok: "${PRICE:-0.1}"}}
  large: {provider: there, model: vendor/large-2, cost: {output_per_mtok: 10}}
routes:
  chat: {models: [small, large], alpha: 0.9}
  code:
    alpha: 0.95
    checks:
      - {kind: regex, pattern: '^\\d+$'}
      - {kind: json_schema, json_schema: {type: object}}
    judge: {model: large}
keys:
  - {name: team-a, key: "${KEY}", routes: [code], rpm: "${RPM:-60}"}
store: sqlite:///log.db
"""


def read(folder: Path, text: str, **environment: str) -> Settings:
    path = folder / "gateway.yaml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path, environment)


def problems(folder: Path, text: str, **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(folder, text, **environment)
    assert str(caught.value).count("gateway.yaml: ") == len(caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def test_all_that_a_file_says(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD, KEY=SECRET, TEAM="x")
    here, there = found.providers["here"], found.providers["there"]
    assert here.base_url == "http://127.0.0.1:8000/v1"
    assert there.api_key is not None
    assert there.api_key.get_secret_value() == SECRET
    assert there.headers == {"x-team": "ax", "x-cost": "${NOT_A_VARIABLE}"}
    assert found.models["small"].cost.output_per_mtok == 0.1
    assert found.keys[0].rpm == 60
    assert list(found.routes) == ["chat", "code"]
    assert SECRET not in repr(found)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "start.prior").touch()
    text = GOOD + "prior: start.prior\n"
    found = read(tmp_path, text, KEY=SECRET, TEAM="x")
    assert found.prior == str(tmp_path / "start.prior")
    assert found.store == f"sqlite:{tmp_path / 'log.db'}"


@pytest.mark.parametrize(
    ("given_store", "read_store"),
    [
        ("sqlite:log.db", "sqlite:{}/log.db"),
        ("sqlite:///a%20b/log.db", "sqlite:{}/a b/log.db"),
        ("sqlite:////var/lib/log.db", "sqlite:/var/lib/log.db"),
        ("sqlite:/var/lib/log.db", "sqlite:/var/lib/log.db"),
        ("'memory:'", "memory:"),
    ],
)
def test_where_the_store_is(tmp_path: Path, given_store: str, read_store: str) -> None:
    text = GOOD.replace("sqlite:///log.db", given_store)
    assert read(tmp_path, text, KEY=SECRET, TEAM="x").store == read_store.format(tmp_path)


BAD = f"""
modles: {{}}
providers:
  here: {{base_url: htp://x, api: opnai, api_key: {SECRET}}}
models:
  small: {{provider: her, cost: {{input_per_mtok: -1}}}}
  auto: {{provider: here}}
routes:
  chat: {{models: [smal, small, small], alpha: 1.2, judge: {{model: larg, sharee: 1}}}}
  small: {{models: []}}
  code:
    alpha: 0.9
    checks:
      - {{kind: regex, pattern: '('}}
      - {{kind: regex}}
      - {{kind: json, json_schema: {{type: objekt}}}}
keys:
  - {{name: a, key: {SECRET}}}
  - {{name: a, key: {SECRET}, routes: [chatt], rpm: many}}
  - {{name: "b@c", key: [1]}}
prior: nowhere.prior
features: {{encoder: hashd}}
store: mysql://me:{SECRET}@host/db
retention_days: "${{DAYS}}"
retention_days: 3
"""


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, BAD)
    wanted = [
        "line 2: modles: unknown key 'modles'; did you mean 'models'? (known: cost,",
        "line 4: providers.here.base_url: must be http://HOST",
        "line 4: providers.here.api: must be 'openai' or 'anthropic', got 'opnai'",
        "line 6: models.small.provider: unknown provider 'her'; did you mean 'here'?",
        "line 6: models.small.cost.input_per_mtok: must be at least 0, got -1",
        "line 7: models.auto: 'auto' is how clients ask",
        "line 9: routes.chat.models[0]: unknown model 'smal'; did you mean 'small'?",
        "line 9: routes.chat.models[2]: is named twice",
        "line 9: routes.chat.alpha: must be at most 1, got 1.2",
        "line 9: routes.chat.judge.model: unknown model 'larg'",
        "line 9: routes.chat.judge.sharee: unknown key 'sharee'; did you mean 'share'?",
        "line 10: routes.small: a model has this name",
        "line 10: routes.small.alpha: is missing",
        "line 10: routes.small.models: names none",
        "line 14: routes.code.checks[0].pattern: is no regular expression",
        "line 15: routes.code.checks[1]: `pattern` belongs to `kind: regex`",
        "line 16: routes.code.checks[2]: `json_schema` belongs to",
        "line 16: routes.code.checks[2].json_schema: is no JSON schema: type: 'objekt'",
        "line 19: keys[1].name: is the name of another key",
        "line 19: keys[1].key: is the secret of another key",
        "line 19: keys[1].routes[0]: unknown route 'chatt'; did you mean 'chat'?",
        "line 19: keys[1].rpm: must be a whole number, got a text",
        "line 20: keys[2].name: must be letters, digits",
        "line 20: keys[2].key: must be a text",
        "line 21: prior: there is no file 'nowhere.prior'",
        "line 22: features.encoder: unknown encoder 'hashd'; did you mean 'hashed'?",
        "line 23: store: unknown kind of store 'mysql'",
        "line 25: the key 'retention_days' stands on line 24 already",
    ]
    for text in wanted:
        assert any(problem.startswith(text) for problem in found), (text, found)
    assert len(found) == len(wanted), found
    assert SECRET not in "".join(found)


def test_variables_that_are_not_set_are_told_once(tmp_path: Path) -> None:
    text = GOOD.replace("${PORT:-8000}", "${PORT}").replace("${RPM:-60}", "${RPM}")
    assert problems(tmp_path, text, TEAM="") == [
        "line 4: providers.here.base_url: needs the environment variable PORT, which is not set",
        "line 8: providers.there.api_key: needs the environment variable KEY, which is not set",
        "line 22: keys[0].key: needs the environment variable KEY, which is not set",
        "line 22: keys[0].rpm: needs the environment variable RPM, which is not set",
    ]


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("providers: {p: {base_url: '${KEY}'}}", "base_url"),
        ("models: {m: {provider: '${KEY}', concurrency: '${KEY}'}}", "provider"),
        ("store: '${KEY}:x'", "store"),
        ("features: {encoder: '${KEY}'}", "encoder"),
        ("cost: '${KEY}'", "cost"),
    ],
)
def test_what_comes_from_the_environment_is_never_shown(
    tmp_path: Path, line: str, where: str
) -> None:
    text = "\n".join(part for part in GOOD.splitlines() if not part.startswith("store"))
    found = problems(tmp_path, f"{text}\n{line}\n", KEY=SECRET, TEAM="x")
    assert any(where in problem for problem in found), found
    assert SECRET not in "".join(found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "must hold providers, models and routes"),
        ("- a\n- b", "must hold providers, models and routes"),
        (f"keys: {{name: {SECRET}\nb: [", "is not YAML"),
        ("a: !!python/object:os.system {}", "is missing"),
        ("a: !!python/name:os.system", "is not YAML: could not determine a constructor"),
        ("a: !!binary aGVsbG8=", "has a tag that is not for settings"),
        ("a: !!int x", "is no number"),
        ("a: &a [*a]", "holds itself"),
        ("a: *nowhere", "undefined alias"),
        ("[" * 20_000, "nested too deeply"),
        ("x: " + "y" * 1_000_001, "more than 1,000,000 bytes"),
        ("a: &a [1,2,3,4,5,6,7,8,9]\n"
         + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in ("ab", "bc", "cd", "de",
            "ef", "fg"))
         , "more than 100,000 values"),
    ],
)  # fmt: skip
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str, told: str) -> None:
    found = problems(tmp_path, text)
    assert told in "\n".join(found)
    assert SECRET not in "\n".join(found)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_settings(tmp_path / "nowhere.yaml", {})
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        read_settings(tmp_path / "latin.yaml", {})


def test_a_key_given_by_merging_is_not_given_twice(tmp_path: Path) -> None:
    again = GOOD.replace("  there:", "  third: *here\n  there:")
    assert len(read(tmp_path, again, KEY=SECRET, TEAM="x").providers) == 3


@pytest.mark.parametrize("url", ["http://[::1/v1", "http://h:99999/v1", "http://:80/v1"])
def test_an_address_must_be_one(tmp_path: Path, url: str) -> None:
    text = GOOD.replace("https://api.example.com/v1", f'"{url}"')
    (found,) = problems(tmp_path, text, KEY=SECRET, TEAM="x")
    assert "providers.there.base_url: has no host and port" in found


@pytest.mark.parametrize("pattern", ["(", "a{99999999999999}", "(" * 5000])
def test_expressions_must_compile(tmp_path: Path, pattern: str) -> None:
    text = GOOD.replace(r"^\d+$", pattern)
    (found,) = problems(tmp_path, text, KEY=SECRET, TEAM="x")
    assert "routes.code.checks[0].pattern: is no regular expression" in found


anything = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("${KEY}"),
        st.just("os.environ/KEY"), st.sampled_from(["auto", "chat", "small", "here", "1e999"]),
    ),
    lambda inside: st.one_of(st.lists(inside), st.dictionaries(st.text(), inside)),
    max_leaves=5,
)  # fmt: skip


def places(value: Value, place: Place = ()) -> list[Place]:
    return [place, *(one for step, below in steps(value) for one in places(below, (*place, step)))]


def refusal(folder: Path, text: str) -> SettingsError | None:
    try:
        read(folder, text, KEY=SECRET, TEAM="x")
    except SettingsError as error:
        return error
    return None


VALUES = read_tree(GOOD).values


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.sampled_from(places(VALUES)), value=anything)
def test_whatever_stands_where_there_is_an_answer_without_secrets(
    tmp_path: Path, place: Place, value: Value
) -> None:
    values = deepcopy(VALUES)
    if place:
        above: Any = values
        for step in place[:-1]:
            above = above[step]
        above[place[-1]] = value
    else:
        values = value
    refused = refusal(tmp_path, yaml.safe_dump(values, allow_unicode=True))
    assert refused is None or (refused.problems and SECRET not in str(refused))


def test_budgets_need_prices(tmp_path: Path) -> None:
    text = GOOD.replace("rpm:", "budget_usd_per_day: 3, rpm:") + "cost: joule\n"
    (found,) = problems(tmp_path, text, KEY=SECRET, TEAM="x")
    assert "keys[0].budget_usd_per_day: needs `cost: usd`" in found


@given(st.lists(st.one_of(st.text("ab", min_size=1), st.integers(0, 9)), max_size=4))
def test_a_place_in_words_has_every_step(place: list[str | int]) -> None:
    text = dotted(tuple(place))
    assert text.replace("[", ".").replace("]", "").strip(".") == ".".join(map(str, place))
