"""What a configuration may say, and should not: warnings."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from messplus.gateway.config.problems import Problem
from messplus.gateway.config.settings import Settings

SHORTEST_KEY = 16
"""Characters of a key that is not guessed: 16 hexadecimal digits are 64 bits."""


def advice(settings: Settings) -> tuple[Problem, ...]:
    """Warnings about settings that are valid."""
    return (*_doors(settings), *_keys(settings), *_providers(settings), *_costs(settings),
            *_routes(settings))  # fmt: skip


def is_loopback(host: str) -> bool:
    """Whether an address or host name is this machine's own, as far as can be told without DNS."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _doors(settings: Settings) -> Iterator[Problem]:
    place = ("server", "host")
    if not settings.keys and not is_loopback(settings.server.host):
        text = f"{settings.server.host} without keys: everybody who reaches the port may call; add keys"
        yield Problem(place, text)
    if "*" in settings.server.cors_origins:
        yield Problem(("server", "cors_origins"), "'*': every web page may call the gateway")


def _keys(settings: Settings) -> Iterator[Problem]:
    for number, key in enumerate(settings.keys):
        length = len(key.key.get_secret_value())
        if length < SHORTEST_KEY:
            text = (
                f"the key of {key.name} has {length} characters; from {SHORTEST_KEY} on it is hard"
                " to guess"
            )
            yield Problem(("keys", number, "key"), text)
        if key.alpha is not None and key.routes is not None and len(key.routes) > 1:
            text = f"the alpha of {key.name} takes the place of each of its routes' own"
            yield Problem(("keys", number, "alpha"), text)


def _providers(settings: Settings) -> Iterator[Problem]:
    used = {model.provider for model in settings.models.values()}
    for name, provider in settings.providers.items():
        url = urlsplit(provider.base_url)
        secret = provider.api_key is not None or url.username is not None
        if url.scheme == "http" and secret and not is_loopback(url.hostname or ""):
            text = "http:// to another machine: the key can be read on the way; use https://"
            yield Problem(("providers", name, "base_url"), text)
        if provider.first_byte_timeout_s > provider.timeout_s:
            text = f"above timeout_s, {provider.timeout_s:g} s, which ends the attempt before"
            yield Problem(("providers", name, "first_byte_timeout_s"), text)
        if name not in used:
            yield Problem(("providers", name), "no model names it")


def _costs(settings: Settings) -> Iterator[Problem]:
    """A model of which no price is known seems free, and gets every request it can answer."""
    field, unit = ("cost", "USD") if settings.cost == "usd" else ("energy_j_per_token", "joules")
    for name, model in settings.models.items():
        if field not in model.model_fields_set:
            text = f"costs 0 {unit} as no {field} is given: routing takes it for free. Write 0 if it is"
            yield Problem(("models", name), text)
    if len(settings.models) > 1 and all(
        field in model.model_fields_set and _is_free(settings, name)
        for name, model in settings.models.items()
    ):
        yield Problem(("models",), "none costs anything: there is nothing to save")


def _is_free(settings: Settings, name: str) -> bool:
    model = settings.models[name]
    if settings.cost == "joule":
        return model.energy_j_per_token == 0
    return model.cost.input_per_mtok == 0 and model.cost.output_per_mtok == 0


def _routes(settings: Settings) -> Iterator[Problem]:
    routed = {
        name for route in settings.routes.values() for name in route.models or settings.models
    }
    judges = {route.judge.model for route in settings.routes.values() if route.judge}
    for name in settings.models:
        if name not in routed and name not in judges:
            yield Problem(("models", name), "is in no route: only requests that name it reach it")
    for name, route in settings.routes.items():
        if len(route.models or settings.models) == 1:
            yield Problem(("routes", name, "models"), "one model: there is nothing to choose")
        if route.alpha == 1:
            text = "1 lets no answer fail: a promise that only a perfect model keeps"
            yield Problem(("routes", name, "alpha"), text)
