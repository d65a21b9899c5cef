"""The scorers that come with the procedural tasks of reasoning-gym."""

import json
from dataclasses import dataclass
from functools import cached_property

from messplus.capture.graders.base import bare
from messplus.capture.gym_package import ProceduralDataset, create


@dataclass(frozen=True)
class Gym:
    """reasoning-gym's own scorer for one of its tasks; part marks below `pass_mark` are none.

    Attributes:
        family: The task's name there, such as "word_sorting".
        entry: The entry that it made (question, answer, metadata), as JSON text.
        pass_mark: Least score that counts, in (0, 1]. Its scorers give small marks for the trying.
    """

    family: str
    entry: str
    pass_mark: float = 0.99

    def grade(self, response: str) -> float:
        """1 if the scorer's mark is high enough, else 0."""
        try:
            mark = float(self._dataset.score_answer(bare(response), json.loads(self.entry)))
        except Exception:  # noqa: BLE001  # scorers raise whatever parsing a wrong answer raises
            return 0.0
        return float(mark >= self.pass_mark)

    @cached_property
    def _dataset(self) -> ProceduralDataset:
        return create(self.family, size=1, seed=0)
