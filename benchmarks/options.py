"""What every script here that replays recorded tables can be told."""

import argparse
import sys
from pathlib import Path

from benchmarks.machine import SHARED_DATA


def options(doc: str, *, seeds: int) -> argparse.Namespace:
    """`data`, `out`, `seeds`, `cache` and `jobs`, from the command line; ends without the tables."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    add_options(parser, seeds=seeds)
    args = parser.parse_args()
    check_data(args.data)
    return args


def add_options(parser: argparse.ArgumentParser, *, seeds: int) -> None:
    """Add these options to a script's own."""
    parser.add_argument("--data", type=Path, default=SHARED_DATA, help="folder of recorded tables")
    parser.add_argument("--out", type=Path, default=Path("docs/results"), help="folder of the page")
    parser.add_argument("--seeds", type=int, default=seeds, help="orders of each stream")
    parser.add_argument("--cache", type=Path, help="keep finished runs here, and go on from them")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; -1 is one per core")


def check_data(folder: Path) -> None:
    """End with a plain message if there are no tables."""
    if not folder.is_dir():
        sys.exit(f"{folder} is absent: without recorded tables there is nothing to replay")
