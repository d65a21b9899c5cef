"""A grader for responses that must be JSON of a given shape."""

import json
import re
from dataclasses import dataclass
from functools import cached_property

import jsonschema
from jsonschema.protocols import Validator

from messplus.errors import SettingError

_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class JsonSchema:
    """The response is JSON, alone or in a code fence, that fits the schema.

    Attributes:
        schema: A JSON schema, as JSON text. `const` asks for a value, not only for a shape.
    """

    schema: str

    def __post_init__(self) -> None:
        """Read the schema once, to refuse a bad one where it is written.

        Raises:
            SettingError: It is not JSON, or no schema.
        """
        try:
            parsed = json.loads(self.schema)
            jsonschema.validators.validator_for(parsed).check_schema(parsed)
        except (json.JSONDecodeError, jsonschema.SchemaError) as error:
            raise SettingError(f"schema must be a JSON schema: {error}") from error

    def grade(self, response: str) -> float:
        """1 if the response fits, else 0."""
        fenced = _FENCED.search(response)
        try:
            said = json.loads(fenced[1] if fenced else response, parse_constant=_no_json)
            return float(self._validator.is_valid(said))
        except (ValueError, OverflowError, RecursionError):  # no JSON; too large, or too deep
            return 0.0

    @cached_property
    def _validator(self) -> Validator:
        parsed = json.loads(self.schema)
        return jsonschema.validators.validator_for(parsed)(parsed)


def _no_json(constant: str) -> None:
    """Refuse what Python reads, but JSON does not know."""
    raise ValueError(f"{constant} is no JSON")
