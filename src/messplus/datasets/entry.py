"""What is known of a public data set: where it is, what it may be used for, what must be in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MB = 10**6

Layout = Literal[
    "alpacaeval",
    "llmdrift",
    "messplus",
    "mmlupro",
    "paretobandit",
    "routellm",
    "sprout",
    "zeroeval",
]


@dataclass(frozen=True, slots=True)
class Price:
    """What a model's tokens cost.

    Attributes:
        prompt: USD per million tokens of the prompt.
        answer: USD per million tokens of the answer.
    """

    prompt: float
    answer: float


@dataclass(frozen=True, slots=True)
class Model:
    """One model of a data set.

    Attributes:
        name: Its name in our table.
        source: Its name in the published files.
        price: List price, for a set that records no dollars; None where the cost is recorded.
    """

    name: str
    source: str
    price: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """One published file.

    Attributes:
        url: Where it is; at a fixed commit where the host has such addresses.
        name: Of its copy in the cache, unique within its data set.
        about: What it is about: the model or the task, or "contaminated" for a list of prompts that
            the source leaves out itself. "" for a file about everything.
        max_bytes: More than this is not the file that we know.
        sha256: Of its content, as hex; None where we could not learn it.
    """

    url: str
    name: str
    about: str = ""
    max_bytes: int = 64 * MB
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Letters:
    """How texts are counted where a source records no tokens: letters per token.

    Attributes:
        prompt: Of the prompt. The mean of cl100k_base on the prompts of this set.
        answer: Of the answers.
    """

    prompt: float
    answer: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A data set that is fetched and converted by name.

    Attributes:
        name: What the user calls it.
        title: What it is, in one line.
        licence: As the source states it.
        page: Where a person reads about it.
        files: What is fetched, in the order that makes the stream's order.
        layout: Which reader reads the files.
        models: The zoo; other models in the files are left out.
        rows: Fewest and most requests that the table may have; equal where we know the number.
        tasks: Only these; () for all.
        cost_unit: Of the costs.
        cost: Where the costs come from, in one sentence.
        score: What a score of 1 means, in one sentence.
        good_for: What to use it for, in one line.
        trap: What to beware of, in one line.
        seen: Where the published layout was read.
        letters: How tokens are estimated; None where tokens or costs are recorded.
        alpha: The promise per task that comes with it; None for none.
    """

    name: str
    title: str
    licence: str
    page: str
    files: tuple[RemoteFile, ...]
    layout: Layout
    models: tuple[Model, ...]
    rows: tuple[int, int]
    tasks: tuple[str, ...] = ()
    cost_unit: str = "usd"
    cost: str
    score: str
    good_for: str
    trap: str
    seen: str
    letters: Letters | None = None
    alpha: Mapping[str, float] | None = None

    @property
    def size(self) -> str:
        """Requests x models, for a list: "1,307 × 2", "up to 12,032 × 8"."""
        least, most = self.rows
        shown = f"{most:,}" if least == most else f"up to {most:,}"
        return f"{shown} × {len(self.models)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """A data set that we can replay but do not fetch.

    Attributes:
        name: What the user calls it.
        title: What it is, in one line.
        licence: As the source states it.
        page: Where a person reads about it.
        size: Requests x models, as published.
        cost_unit: Of the costs.
        good_for: What to use it for, in one line.
        trap: What to beware of, in one line.
        why: Why it is not fetched.
        steps: What to do instead, one command or sentence each.
        seen: Where the published layout was read.
    """

    name: str
    title: str
    licence: str
    page: str
    size: str
    cost_unit: str
    good_for: str
    trap: str
    why: str
    steps: tuple[str, ...]
    seen: str
