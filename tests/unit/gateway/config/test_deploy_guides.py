"""The guides to zoos on clusters: their examples can be read, fit each other, and are calculated right."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from messplus.gateway.config import Settings, advice, read_settings

HOW_TO = Path(__file__).parents[4] / "docs" / "how-to"
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)
WORKERS = 4  # two gateways of two, as in the guides


def blocks(page: str) -> list[str]:
    return BLOCK.findall((HOW_TO / page).read_text())


def documents(page: str) -> list[dict[str, Any]]:
    """All YAML on a page."""
    return [one for text in blocks(page) for one in yaml.safe_load_all(text)]


def settings(page: str, folder: Path) -> Settings:
    """The gateway's configuration on a page."""
    (text,) = (text for text in blocks(page) if text.startswith("# gateway.yaml"))
    path = folder / "gateway.yaml"
    path.write_text(text)
    return read_settings(path, {})


@pytest.fixture
def vllm(tmp_path: Path) -> Settings:
    return settings("vllm-on-kubernetes.md", tmp_path)


@pytest.fixture
def ray(tmp_path: Path) -> Settings:
    return settings("ray-serve.md", tmp_path)


def test_configurations_have_no_warnings(vllm: Settings, ray: Settings) -> None:
    assert advice(vllm) == advice(ray) == ()


def test_the_gateway_finds_what_vllm_serves(vllm: Settings) -> None:
    deployment, service, *_ = documents("vllm-on-kubernetes.md")
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    flags = dict(one.removeprefix("--").partition("=")[::2] for one in container["args"])
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    (port,) = service["spec"]["ports"]
    model = vllm.models["small"]
    provider = vllm.providers[model.provider]
    assert provider.base_url == f"http://{name}.{namespace}.svc:{port['port']}/v1"
    assert (model.model, str(model.context_tokens)) == (flags["model"], flags["max-model-len"])
    assert service["spec"]["selector"] == pod["metadata"]["labels"]
    leaving = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["spec"]["terminationGracePeriodSeconds"] > leaving > provider.timeout_s
    replicas = deployment["spec"]["replicas"]
    assert model.concurrency == replicas * int(flags["max-num-seqs"]) * 1.25 / WORKERS


def test_the_chart_starts_the_same_engine(vllm: Settings) -> None:
    deployment, _, _, values = documents("vllm-on-kubernetes.md")
    (engine,) = values["servingEngineSpec"]["modelSpec"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert f"{engine['repository']}:{engine['tag']}" == container["image"]
    assert engine["modelURL"] == vllm.models["small"].model
    assert engine["replicaCount"] == deployment["spec"]["replicas"]
    given = engine["vllmConfig"]
    flags = {
        f"--max-model-len={given['maxModelLen']}",
        f"--max-num-seqs={given['maxNumSeqs']}",
        f"--model={engine['modelURL']}",
        *given["extraArgs"],
    }
    assert flags == set(container["args"])


def test_prices_are_as_the_formula_says(vllm: Settings) -> None:
    page = (HOW_TO / "vllm-on-kubernetes.md").read_text()
    rows = re.findall(r"^\| (small|large), [^|]*\|(.*)\|$", page, re.MULTILINE)
    assert [name for name, _ in rows] == ["small", "large"]
    for name, row in rows:
        cells = [cell.strip().replace(",", "") for cell in row.split("|")]
        usd, x_in, x_out, share, ratio = map(float, cells[:5])
        price = usd * 1e6 / (3600 * share * (x_in + ratio * x_out))
        cost = vllm.models[name].cost
        assert cost.input_per_mtok == pytest.approx(price, abs=5e-4)
        assert cost.output_per_mtok == pytest.approx(ratio * price, abs=5e-4)
        assert cost.cached_input_per_mtok == pytest.approx(price / 10, abs=5e-4)
        assert cells[5].endswith(f"= {cost.input_per_mtok}")
        assert cells[6] == str(cost.output_per_mtok)
        earned = 3600 * share * (x_in * price + x_out * ratio * price) / 1e6
        assert earned == pytest.approx(usd)


def test_the_gateway_finds_what_ray_serves(ray: Settings) -> None:
    (app,) = documents("ray-serve.md")[0]["applications"]
    served = {one["model_loading_config"]["model_id"]: one for one in app["args"]["llm_configs"]}
    assert served.keys() == {model.model for model in ray.models.values()}
    (provider,) = ray.providers.values()
    assert f"http://{app['name']}-serve-svc." in provider.base_url
    for model in ray.models.values():
        assert model.model is not None
        one = served[model.model]
        assert model.context_tokens == one["engine_kwargs"]["max_model_len"]
        at_once = one["engine_kwargs"]["max_num_seqs"]
        scaling = one["deployment_config"]["autoscaling_config"]
        most = scaling["max_replicas"]
        assert model.concurrency == most * at_once * 1.25 / WORKERS
        assert model.concurrency > scaling["target_ongoing_requests"] * most / WORKERS
        assert scaling["target_ongoing_requests"] < at_once
        assert one["deployment_config"]["max_ongoing_requests"] == at_once * 1.25
    limits = [model.concurrency or 0 for model in ray.models.values()]
    assert sum(limits) <= provider.max_connections
