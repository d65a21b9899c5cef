"""The gateway of a demo: its settings, and the file that starts it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from messplus.demo.recording import Price
from messplus.errors import SettingError, require_range
from messplus.files import write_whole
from messplus.gateway.config.settings import Cost, Model, Provider, Route, Server, Settings

ROUTE: Final = "demo"
CONFIG_NAME: Final = "gateway.yaml"
STORE_NAME: Final = "messplus.db"
SPREAD: Final = 0.05
"""Share of requests to a model drawn at random: without it, the log could tell of no other promise."""


@dataclass(frozen=True, slots=True)
class ZooModel:
    """A model that the demo's gateway may ask.

    Attributes:
        name: What the gateway calls it.
        base_url: Of the endpoint that serves it under the same name, which ends in /v1.
        price: Of its tokens.
    """

    name: str
    base_url: str
    price: Price


def settings_of(zoo: Sequence[ZooModel], alpha: float) -> Settings:
    """One route with one promise over all models; the store is a file beside the settings.

    Args:
        zoo: The models.
        alpha: The promise.

    Raises:
        SettingError: `alpha` is not in (0, 1].
    """
    require_range("alpha", alpha, "in (0, 1]", ok=0 < alpha <= 1)
    urls = list(dict.fromkeys(model.base_url for model in zoo))
    names = {
        url: "upstream" if len(urls) == 1 else f"upstream-{n}" for n, url in enumerate(urls, 1)
    }
    return Settings(
        server=Server(keep_prompts=True),
        providers={names[url]: Provider(base_url=url) for url in urls},
        models={
            model.name: Model(
                provider=names[model.base_url],
                cost=Cost(
                    input_per_mtok=model.price.input_usd_per_mtok,
                    output_per_mtok=model.price.output_usd_per_mtok,
                ),
            )
            for model in zoo
        },
        routes={ROUTE: Route(alpha=alpha, spread=SPREAD)},
        store=f"sqlite:///{STORE_NAME}",
    )


def on_any_port(settings: Settings) -> Settings:
    """The same settings for a gateway that runs now, wherever there is room."""
    return settings.model_copy(update={"server": settings.server.model_copy(update={"port": 0})})


def write_config(settings: Settings, folder: Path, remark: str) -> Path:
    """Write the settings as a gateway's file.

    Args:
        settings: What is not as it is by default is written.
        folder: Where; it is made if need be.
        remark: Of one or more lines, for who opens the file.

    Returns:
        The file.

    Raises:
        SettingError: The folder has the log of an earlier demo.
        OSError: It cannot be written.
    """
    if (folder / STORE_NAME).exists():
        raise SettingError(
            f"{folder} has the log of an earlier demo, and a router that knows it would not start "
            "cold: give another folder, or delete that one"
        )
    entries = settings.model_dump(mode="json", exclude_defaults=True)
    comment = "".join(f"# {line}\n" for line in remark.splitlines())
    text = comment + yaml.safe_dump({"version": settings.version} | entries, sort_keys=False)
    path = folder / CONFIG_NAME
    write_whole(path, lambda file: file.write(text.encode()))
    return path
