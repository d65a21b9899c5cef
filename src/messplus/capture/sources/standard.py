"""The standard questions: what the data set that ships with the package was made of.

Short prompts with short answers that a program can check, at difficulties where small models
differ: from facts that a model of 135 M parameters knows to sums that one of 1.5 B gets wrong.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from messplus.capture.question import Question
from messplus.capture.sources.bank import bank_families, bank_questions
from messplus.capture.sources.gym import Grading, Setting, gym_questions

SEED: Final = 20261123
_SIZE: Final = 100


@dataclass(frozen=True, slots=True)
class _Family:
    """A procedural task at one difficulty."""

    name: str
    grading: Grading
    max_tokens: int
    settings: Mapping[str, Setting] = field(default_factory=lambda: MappingProxyType({}))


_FAMILIES: Final = (
    _Family(
        "chain_sum",
        "numeric",
        24,
        {"min_terms": 2, "max_terms": 3, "min_digits": 1, "max_digits": 2},
    ),
    _Family(
        "products",
        "numeric",
        24,
        {"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 2},
    ),
    _Family(
        "basic_arithmetic",
        "numeric",
        24,
        {"min_terms": 2, "max_terms": 3, "min_digits": 1, "max_digits": 1},
    ),
    _Family(
        "simple_equations",
        "numeric",
        24,
        {"min_terms": 2, "max_terms": 2, "min_value": 1, "max_value": 9},
    ),
    _Family("lcm", "numeric", 24, {"max_value": 12}),
    _Family("gcd", "numeric", 24, {"max_value": 30}),
    _Family("number_sequence", "numeric", 16, {"max_complexity": 1}),
    _Family("letter_counting", "numeric", 24, {"min_words": 2, "max_words": 5}),
    _Family(
        "complex_arithmetic",
        "gym",
        32,
        {"min_real": -9, "max_real": 9, "min_imag": -9, "max_imag": 9},
    ),
    _Family(
        "decimal_chain_sum",
        "numeric",
        24,
        {
            "min_terms": 2,
            "max_terms": 2,
            "min_digits": 1,
            "max_digits": 1,
            "min_decimal_places": 1,
            "max_decimal_places": 1,
        },
    ),
    _Family("word_sequence_reversal", "gym", 24, {"min_words": 2, "max_words": 3}),
    _Family("needle_haystack", "contains", 16, {"min_num_statements": 3, "max_num_statements": 5}),
    _Family(
        "number_filtering",
        "gym",
        32,
        {"min_numbers": 3, "max_numbers": 3, "min_decimals": 0, "max_decimals": 0},
    ),
    _Family("syllogism", "contains", 16),
    _Family("color_cube_rotation", "contains", 16, {"min_rotations": 1, "max_rotations": 1}),
)


def standard_questions() -> Iterator[Question]:
    """All of them, family after family; a prompt that comes out twice is asked once."""
    seen: set[str] = set()
    for question in _every():
        if question.prompt not in seen:
            seen.add(question.prompt)
            yield question


def _every() -> Iterator[Question]:
    for family in bank_families():
        yield from bank_questions(family)
    for task in _FAMILIES:
        yield from gym_questions(
            task.name,
            size=_SIZE,
            seed=SEED,
            grading=task.grading,
            max_tokens=task.max_tokens,
            settings=task.settings,
        )
