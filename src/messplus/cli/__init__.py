"""The `messplus` command. Each command is one short file that makes one call."""

import sys

from messplus.errors import MissingExtraError, require_extra


def main() -> None:
    """Entry point: check that the command line's own libraries are there, then run it."""
    try:
        require_extra("replay", ["rich", "typer"], "the messplus command")
    except MissingExtraError as error:
        sys.exit(f"error: {error}")
    from messplus.cli.app import run  # typer and rich are imported where their layer starts

    run()
