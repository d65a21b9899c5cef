"""Imports point one way, the core does no I/O, and the base install needs numpy only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import messplus

ROOT = Path(messplus.__file__).parent

# A layer may import itself, those before it, and the small modules beside them.
LAYERS = (
    "core", "predictors", "encoders", "costs", "priors", "stores", "router", "offpolicy",
    "evidence", "dashboard", "replay", "datasets", "zoo", "capture", "gateway", "demo", "report", "cli",
)  # fmt: skip
SMALL = {"errors", "specs", "files", "fetch", "ids", "records", "snapshots"}
# These three are neighbours: none needs the other.
NEIGHBOURS = {"predictors", "encoders", "costs"}

FORBIDDEN_IN_CORE = {
    "asyncio", "io", "logging", "os", "pathlib", "random", "socket", "sqlite3", "subprocess",
    "threading", "time", "datetime",
}  # fmt: skip


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_one_way(layer: str) -> None:
    before = set(LAYERS[: LAYERS.index(layer) + 1])
    allowed = before - (NEIGHBOURS - {layer} if layer in NEIGHBOURS else set()) | SMALL
    for path in (ROOT / layer).rglob("*.py"):
        ours = {name.split(".")[1] for name in imports(path) if name.startswith("messplus.")}
        inside = {name for name in ours if (ROOT / name).exists() or name in SMALL}
        assert inside <= allowed, f"{path.relative_to(ROOT)} imports {inside - allowed}"


def test_the_core_touches_nothing_outside() -> None:
    for path in (ROOT / "core").rglob("*.py"):
        used = {name.split(".")[0] for name in imports(path)}
        assert not used & FORBIDDEN_IN_CORE, path
        assert "random" not in {n.split(".")[-1] for n in imports(path)}, path
        assert "np.random" not in path.read_text(), path


def test_nobody_unpickles() -> None:
    for path in ROOT.rglob("*.py"):
        assert not {"pickle", "joblib.load", "dill"} & imports(path), path
        assert "allow_pickle=True" not in path.read_text(), path


BASE_INSTALL = """
from importlib.machinery import PathFinder

find = PathFinder.find_spec
PathFinder.find_spec = staticmethod(
    lambda name, *rest: None if name.partition(".")[0] in {blocked} else find(name, *rest)
)
{code}
"""
EXTRAS = {
    "aiohttp", "filelock", "jinja2", "joblib", "jsonschema", "matplotlib", "onnxruntime", "polars",
    "httptools", "orjson", "prometheus_client", "psutil", "pydantic", "reasoning_gym", "regex", "rich",
    "sklearn", "starlette", "threadpoolctl", "uvicorn", "uvloop",
    "tokenizers", "torch", "transformers", "typer", "urllib3", "wordllama", "xllamacpp",
    "yaml",
}  # fmt: skip


def base_install(code: str) -> subprocess.CompletedProcess[str]:
    """Run code where no extra can be imported."""
    program = BASE_INSTALL.format(blocked=EXTRAS, code=code)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_library_replays_with_numpy_alone() -> None:
    done = base_install(
        "from messplus.encoders import encoder_from_spec\n"
        "from messplus.replay.policies import policy_from_spec\n"
        "from messplus.replay.run import replay\n"
        "from messplus.replay.streams import make_streams\n"
        "from messplus.replay.outcomes import OutcomeTable\n"
        "import numpy as np\n"
        "names = tuple(map(str, range(20)))\n"
        "table = OutcomeTable(name='mine', models=('small', 'large'), prompt_ids=names, tasks=names,\n"
        "    prompts=names, score=np.tile([0.0, 1.0], (20, 1)), cost=np.tile([1.0, 5.0], (20, 1)),\n"
        "    alpha=0.5)\n"
        "(stream,) = make_streams(table, encoder_from_spec('hashed'))\n"
        "print(len(replay(stream, policy_from_spec('messplus')(stream)).model))\n"
    )
    assert done.stdout.split() == ["20"], done.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("from messplus.cli import main; main()", "pip install 'messplus[replay]'"),
        (
            "from messplus.encoders import encoder_from_spec; encoder_from_spec('static')",
            "pip install 'messplus[encoders]'",
        ),
        (
            "from messplus.predictors import predictor_from_spec; predictor_from_spec('mlp')",
            "pip install 'messplus[torch]'",
        ),
        *(
            (
                (
                    "import numpy as np\n"
                    "from messplus.replay.policies import policy_from_spec\n"
                    "from messplus.replay.streams import Stream\n"
                    "stream = Stream(data='d', task='t', alpha=0.5, models=('a',), cost_unit='usd',\n"
                    "    score=np.ones((9, 1)), cost=np.ones((9, 1)), features=np.ones((9, 1)))\n"
                    f"policy_from_spec({policy!r})(stream)"
                ),
                f"the {policy} policy needs sklearn: pip install 'messplus[baselines]'",
            )
            for policy in ("cluster", "mlp", "svm", "routerdc")
        ),
    ],
)
def test_what_needs_an_extra_says_which(code: str, message: str) -> None:
    done = base_install(code)
    assert done.returncode != 0
    assert message in done.stderr
