"""What every script here that replays recorded tables can be told."""

import argparse
import sys
from pathlib import Path

from benchmarks.machine import SHARED_DATA


def options(doc: str, *, seeds: int) -> argparse.Namespace:
    """`data`, `out`, `seeds`, `cache` and `jobs`, from the command line; ends without the tables."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED_DATA, help="folder of recorded tables")
    parser.add_argument("--out", type=Path, default=Path("docs/results"), help="folder of the page")
    parser.add_argument("--seeds", type=int, default=seeds, help="orders of each stream")
    parser.add_argument("--cache", type=Path, help="keep finished runs here, and go on from them")
    parser.add_argument("--jobs", type=int, default=-1, help="processes; -1 is one per core")
    args = parser.parse_args()
    if not args.data.is_dir():
        sys.exit(f"{args.data} is absent: without recorded tables there is nothing to replay")
    return args
