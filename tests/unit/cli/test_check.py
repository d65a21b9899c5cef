"""`messplus check` as a user meets it."""

import json
from pathlib import Path

import jsonschema
import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from messplus.cli.check import check

SECRET = "sk-very-secret-0123456789"
GOOD = """
server: {host: 0.0.0.0, port: 8080}
providers:
  here: {base_url: "http://127.0.0.1:8000/v1"}
models:
  large: {provider: here, model: vendor/large-2, cost: {input_per_mtok: 2, output_per_mtok: 10}}
  small: {provider: here, cost: {input_per_mtok: 0.05, output_per_mtok: 0.1}, context_tokens: 8192}
routes:
  chat: {alpha: 0.9, judge: {model: large, share: 0.05}, checks: [{kind: finished}]}
  code: {alpha: 0.95, models: [large, small]}
keys:
  - {name: team-a, key: "${KEY}", routes: [code], rpm: 300, budget_usd_per_day: 20}
  - {name: short, key: abc, admin: true}
"""


def run(*arguments: str, **environment: str) -> Result:
    app = typer.Typer()
    app.command()(check)
    return CliRunner(env={"COLUMNS": "200", **environment}).invoke(app, list(arguments))


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "gateway.yaml"
    path.write_text(GOOD)
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "gateway.yaml"
    path.write_text(GOOD.replace("alpha: 0.95", "alpa: 0.95").replace("here:", "[here]:"))
    return str(path)


def test_it_says_what_the_gateway_would_do(good: str) -> None:
    result = run(good, KEY=SECRET)
    assert result.exit_code == 0, result.output
    words = " ".join(result.output.split())
    assert "chat (default) 0.9 small, large finished large, 0.05 of answers" in words
    assert "code 0.95 small, large none none" in words
    assert "small here as small 5.5e-05 8,192 yes yes" in words
    assert "team-a code as the route 300 20 no" in words
    assert "listens on 0.0.0.0 port 8080" in words
    assert "messplus.db, for ever, without prompts" in words
    assert "warning: keys[1].key: the key of short has 3 characters" in words
    assert words.endswith("gateway.yaml: ok")
    assert SECRET not in result.output


def test_every_problem_is_told_and_the_command_fails(bad: str) -> None:
    result = run(bad, KEY="")
    assert result.exit_code == 1
    assert result.stderr.count("error: ") >= 3
    assert "routes.code.alpa: unknown key 'alpa'; did you mean 'alpha'?" in result.stderr
    assert "line 10: routes.code.alpha: is missing" in result.stderr
    assert "a gateway would not start" in result.stderr


def test_json_for_programs(good: str, tmp_path: Path) -> None:
    found = json.loads(run(good, "--json", KEY=SECRET).stdout)
    assert found["ok"] is True
    assert found["routes"]["chat"] == {"alpha": 0.9, "models": ["small", "large"]}
    assert [key["name"] for key in found["keys"]] == ["team-a", "short"]
    assert found["store"] == f"sqlite:{tmp_path}/messplus.db"
    assert found["warnings"][0]["place"] == "keys[1].key"
    assert SECRET not in json.dumps(found)


def test_json_of_problems(bad: str) -> None:
    result = run(bad, "--json")
    assert result.exit_code == 1
    problems = json.loads(result.stdout)["problems"]
    assert {"place": "routes.code.alpha", "line": 10, "text": "is missing"} in problems


def test_the_schema_accepts_what_the_gateway_accepts(good: str) -> None:
    schema = json.loads(run("--schema").stdout)
    values = yaml.safe_load(GOOD)
    jsonschema.validate(values, schema)
    values["routes"]["chat"]["alpa"] = 1
    with pytest.raises(jsonschema.ValidationError, match="alpa"):
        jsonschema.validate(values, schema)


def test_a_file_must_be_named() -> None:
    result = run()
    assert result.exit_code == 2
    assert "messplus check FILE" in result.stderr
