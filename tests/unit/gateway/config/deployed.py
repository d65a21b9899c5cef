"""What ships in deploy/, for tests."""

import re
from pathlib import Path
from typing import Any

import yaml

from messplus.gateway.config import Settings, read_settings

DEPLOY = Path(__file__).parents[4] / "deploy"
HOME, CONFIG = "/var/lib/messplus", "/etc/messplus/gateway.yaml"
LIVE, READY = "/health/liveness", "/health/readiness"
USER = 10001


def variables(path: Path) -> set[str]:
    """Those of a configuration that have no default."""
    return set(re.findall(r"(?<=\$\{)\w+(?=\})|(?<=os\.environ/)\w+", path.read_text()))


def settings(path: Path) -> Settings:
    """A configuration, with a value for each of its variables."""
    given = {name: f"long-enough-value-of-{name}" for name in variables(path)}
    if "DATABASE_URL" in given:
        given["DATABASE_URL"] = "postgresql://messplus:password@database/messplus"
    return read_settings(path, given)


def read(path: str) -> dict[str, Any]:
    """A YAML file, by its path in deploy/."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / path).read_text())
    return found
