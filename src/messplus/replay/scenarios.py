"""What can go wrong while a stream is served: models change, come and go; traffic comes in blocks.

    worsen   a model loses a share of its successes
    reprice  a model's answers cost a multiple
    join     a model is not there before
    leave    a model is not there any more
    blocks   one task after the other, instead of shuffled

A scenario changes what is served, in the order served. Policies are built from the stream as it was
recorded: what they know beforehand (list prices, a zoo's means) is what was true before the change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from messplus import specs
from messplus.errors import SettingError, require_range, unknown
from messplus.replay.serving import Randomness, Rows, Served
from messplus.replay.streams import Stream


class Scenario(Protocol):
    """Anything that changes what is served."""

    def apply(self, served: Served, rng: np.random.Generator) -> Served:
        """The same stream, changed. The generator is this scenario's alone.

        Raises:
            SettingError: The scenario does not fit the stream.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Worsen:
    """`worsen`: a model loses a share of its successes, drawn at random.

    Attributes:
        model: Its name. None: the cheapest whose recorded mean reaches alpha, else the best.
        at: Share of the stream after which it happens, in (0, 1).
        loss: Share of its answers that satisfy nobody any more, in [0, 1].
    """

    model: str | None = None
    at: float = 0.5
    loss: float = 0.4

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        _check_at(self.at)
        require_range("loss", self.loss, "in [0, 1]", ok=0.0 <= self.loss <= 1.0)

    def apply(self, served: Served, rng: np.random.Generator) -> Served:
        """Scores of 0 in place of so many of the model's."""
        start, model = _position(served, self.at), _model(served, self.model)
        lost = rng.random(served.n_requests) < self.loss
        lost[:start] = False
        score = served.score.copy()
        score[lost, model] = 0.0
        return _changed(replace(served, score=score), start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reprice:
    """`reprice`: what a model charges is multiplied.

    Attributes:
        model: See Worsen.
        at: See Worsen.
        factor: New cost over old, >= 0.
    """

    model: str | None = None
    at: float = 0.5
    factor: float = 3.0

    def __post_init__(self) -> None:
        """Check the ranges; raises `SettingError`."""
        _check_at(self.at)
        require_range("factor", self.factor, "at least 0", ok=0.0 <= self.factor < np.inf)

    def apply(self, served: Served, rng: np.random.Generator) -> Served:
        """Other costs; the zoo keeps its order, which is that of the costs as recorded."""
        start = _position(served, self.at)
        cost = served.cost.copy()
        cost[start:, _model(served, self.model)] *= self.factor
        return _changed(replace(served, cost=cost), start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """`join`: a model that cannot be asked at first.

    Attributes:
        model: See Worsen.
        at: Share of the stream after which it can be asked, in (0, 1).
    """

    model: str | None = None
    at: float = 0.5

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        _check_at(self.at)

    def apply(self, served: Served, rng: np.random.Generator) -> Served:
        """Not available before."""
        start = _position(served, self.at)
        return _absent(served, slice(0, start), _model(served, self.model), start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """`leave`: a model that cannot be asked any more.

    Attributes:
        model: See Worsen.
        at: Share of the stream after which it is gone, in (0, 1).
    """

    model: str | None = None
    at: float = 0.5

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        _check_at(self.at)

    def apply(self, served: Served, rng: np.random.Generator) -> Served:
        """Not available afterwards."""
        start = _position(served, self.at)
        return _absent(served, slice(start, None), _model(served, self.model), start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """`blocks`: one block of requests after the other; the blocks in random order.

    Attributes:
        length: Requests of a block, >= 1: so many in a row, in recorded order. None: a block is a
            task, its requests in the order served otherwise.
    """

    length: int | None = None

    def __post_init__(self) -> None:
        """Check the range; raises `SettingError`."""
        if self.length is not None:
            require_range("length", self.length, "at least 1", ok=self.length >= 1)

    def apply(self, served: Served, rng: np.random.Generator) -> Served:
        """The same requests, block by block."""
        within = np.arange(served.n_requests) if self.length is None else served.row
        block = self._block(served)
        turn = rng.permutation(block.max() + 1)
        return served.reordered(np.lexsort((within, turn[block])))

    def _block(self, served: Served) -> Rows:
        """The block that each request belongs to, from 0; shape (T,)."""
        if self.length is not None:
            return np.asarray(served.row // self.length)
        tasks = np.array(served.recorded.tasks)
        if len(set(served.recorded.tasks)) < 2:
            raise SettingError(
                f"blocks: {served.recorded.label} has no tasks to serve one after the other; "
                "blocks:length=N serves runs of N requests in recorded order"
            )
        _, block = np.unique(tasks, return_inverse=True)
        return np.asarray(block[served.row], dtype=np.intp)


SCENARIOS: Mapping[str, type[Worsen | Reprice | Join | Leave | Blocks]] = {
    "worsen": Worsen,
    "reprice": Reprice,
    "join": Join,
    "leave": Leave,
    "blocks": Blocks,
}


def scenario_from_spec(text: str) -> Scenario:
    """The scenario that a spec names, as in `worsen:model=small,at=0.5,loss=0.4`.

    Raises:
        SettingError: The name or an option is unknown, or a value is out of its range.
    """
    spec = specs.parse(text)
    if spec.name not in SCENARIOS:
        raise unknown("scenario", spec.name, SCENARIOS)
    return specs.settings(SCENARIOS[spec.name], spec, "scenario")


def serve(
    stream: Stream, *, seed: int = 0, shuffle: bool = True, scenarios: Sequence[Scenario] = ()
) -> Served:
    """A stream in the order of a seed, changed by scenarios in the order given.

    Args:
        stream: Recorded outcomes.
        seed: Of the order and of what scenarios leave to chance.
        shuffle: Serve in random order; else in the recorded one.
        scenarios: What happens. Blocks come first: a change is at a place in the order served.

    Raises:
        SettingError: A scenario does not fit the stream, or no model is left to be asked.
    """
    chance = Randomness.of(seed)
    n = stream.n_requests
    served = Served.of(stream, chance.order.permutation(n) if shuffle else np.arange(n))
    each = list(zip(scenarios, chance.scenarios.spawn(len(scenarios)), strict=True))
    for scenario, rng in sorted(each, key=lambda one: not isinstance(one[0], Blocks)):
        served = scenario.apply(served, rng)
    if served.available is not None and not served.available.any(axis=1).all():
        raise SettingError(f"{stream.label}: in this scenario no model is left to be asked")
    return served


def _check_at(at: float) -> None:
    require_range("at", at, "in (0, 1)", ok=0.0 < at < 1.0)


def _position(served: Served, at: float) -> int:
    return round(at * served.n_requests)


def _model(served: Served, name: str | None) -> int:
    """Index of the named model, else of the cheapest adequate one: the one that most rely on."""
    stream = served.recorded
    if name is None:
        score, cost = stream.score.mean(axis=0), stream.cost.mean(axis=0)
        adequate = score >= min(stream.alpha, score.max())
        return int(np.argmin(np.where(adequate, cost, np.inf)))
    if name not in stream.models:
        raise unknown(f"model of {stream.label}:", name, stream.models)
    return stream.models.index(name)


def _absent(served: Served, where: slice, model: int, change: int) -> Served:
    available = np.ones((served.n_requests, served.n_models), dtype=np.bool_)
    if served.available is not None:
        available = served.available.copy()
    available[where, model] = False
    return _changed(replace(served, available=available), change)


def _changed(served: Served, position: int) -> Served:
    """With one more position noted at which the world changes."""
    if not 0 < position < served.n_requests:  # so short a stream has one side only
        return served
    return replace(served, changes=tuple(sorted({*served.changes, position})))
