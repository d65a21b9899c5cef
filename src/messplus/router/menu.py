"""What a router serves at the moment: routes by name, and who may be asked on each."""

from collections.abc import Mapping, Sequence

import numpy as np

from messplus.core.types import Bools
from messplus.errors import SettingError, unknown
from messplus.router.engine import Engine, Zoo, merged
from messplus.router.route import Route


class Menu:
    """Engine and routes of one moment. Never changed: a change makes another one."""

    def __init__(self, engine: Engine, routes: Mapping[str, Route], known: Zoo) -> None:
        """Check it.

        Args:
            engine: The zoo to be served, and how to decide.
            routes: Promises by name; the first is the default.
            known: The zoo so far, in which models that have left keep their place.

        Raises:
            SettingError: A route names a model that is not in the zoo.
        """
        for route in routes.values():
            for name in route.models or ():
                if name not in engine.models:
                    raise unknown(f"model of route {route.name!r}:", name, engine.models)
        self.engine = engine
        self.routes = routes
        self.zoo = merged(known, engine.zoo)
        self._names = {
            route.name: frozenset(route.models or engine.models) for route in routes.values()
        }

    def route(self, name: str | None) -> Route:
        """A route; None: the default.

        Raises:
            SettingError: It is unknown.
        """
        if name is None:
            return next(iter(self.routes.values()))
        if name not in self.routes:
            raise unknown("route", name, self.routes)
        return self.routes[name]

    def mask(self, route: Route, available: Sequence[str] | None) -> Bools:
        """Who can be asked for one request, shape (M,).

        Args:
            route: Whose models.
            available: Those that the caller allows; None: all.

        Raises:
            SettingError: It is nobody, or the caller names a model that is not in the zoo.
        """
        names = self._names[route.name]
        if available is not None:
            for name in available:
                if name not in self.engine.models:
                    raise unknown("model", name, self.engine.models)
            names = names.intersection(available)
            if not names:
                listed = ", ".join(available) or "none"
                raise SettingError(
                    f"available must name at least one model of route {route.name!r}, got {listed}"
                )
        return np.array([model in names for model in self.zoo.models])
