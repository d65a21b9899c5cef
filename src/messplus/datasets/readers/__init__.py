"""One reader per published layout: from the fetched files to columns in our own layout."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl

from messplus.datasets.entry import DataSet, Layout
from messplus.datasets.readers import (
    alpacaeval,
    llmdrift,
    messplus,
    mmlupro,
    paretobandit,
    routellm,
    sprout,
    zeroeval,
)

__all__ = ["LAYOUTS"]

# What the catalog knows, and the files by what they are about: their columns in the native layout.
Read = Callable[[DataSet, Mapping[str, Path]], pl.DataFrame]

LAYOUTS: Mapping[Layout, Read] = MappingProxyType(
    {
        "alpacaeval": alpacaeval.read,
        "llmdrift": llmdrift.read,
        "messplus": messplus.read,
        "mmlupro": mmlupro.read,
        "paretobandit": paretobandit.read,
        "routellm": routellm.read,
        "sprout": sprout.read,
        "zeroeval": zeroeval.read,
    }
)
