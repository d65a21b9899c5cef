"""`messplus` as it may be tomorrow: with one more step of the schema. Takes the arguments of `messplus`."""

import dataclasses

from messplus.cli import main
from messplus.stores.postgres import schema

TODAY = len(schema.STEPS)

ADDED = schema.Step(
    (
        "ALTER TABLE decided ADD COLUMN region text NOT NULL DEFAULT ''",
        "ALTER TABLE promise ADD COLUMN tenant text",
        "CREATE INDEX ON decided (region, sequence)",
        "CREATE TABLE region (name text PRIMARY KEY)",
    )
)
"""As releases change a schema: columns with a default, an index, a table."""

BROKEN = dataclasses.replace(ADDED, breaks=True)

if __name__ == "__main__":
    schema.migrate.__defaults__ = ((*schema.STEPS, ADDED),)
    main()
