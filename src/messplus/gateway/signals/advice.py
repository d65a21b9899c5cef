"""What a configuration may say of checks and judges, and should not."""

from collections.abc import Iterator

from messplus.errors import SettingError
from messplus.gateway.config.problems import Problem
from messplus.gateway.config.settings import Check, Route, Settings
from messplus.gateway.signals.checks import Checks


def faults(settings: Settings) -> tuple[Problem, ...]:
    """Errors: patterns and schemas that are none."""
    return tuple(
        Problem(("routes", name, "checks", n), str(error))
        for name, route in settings.routes.items()
        for n, check in enumerate(route.checks)
        for error in _errors(check)
    )


def warnings(settings: Settings) -> tuple[Problem, ...]:
    """Warnings about checks and judges that are valid."""
    return tuple(
        problem for name, route in settings.routes.items() for problem in _of(name, route, settings)
    )


def _errors(check: Check) -> Iterator[SettingError]:
    try:
        Checks([check])
    except SettingError as error:
        yield error


def _of(name: str, route: Route, settings: Settings) -> Iterator[Problem]:
    always = [check for check in route.checks if check.decides == "always"]
    for n, check in enumerate(route.checks):
        if check in always and check.kind == "json_schema" and check.json_schema is None:
            text = "a request that asks for no schema counts as satisfied: give the schema here"
            yield Problem(("routes", name, "checks", n), text)
    judge = route.judge
    if judge is None:
        return
    place = ("routes", name, "judge")
    if always:
        text = f"a check decides what satisfaction is here (`decides: always`): {judge.model} is never asked"
        yield Problem(place, text)
    elif judge.share == 0:
        yield Problem((*place, "share"), f"0: {judge.model} is never asked")
    elif judge.trust == "audit" and judge.model in (route.models or settings.models):
        text = (
            f"{judge.model} judges its own answers, and its word is taken for the truth: models like"
            " their own answers best. Take a judge that is not on the route, or `trust: opinion` and"
            " audits by people"
        )
        yield Problem((*place, "trust"), text)
