"""Priors as files: one .npz of plain arrays, never pickled, checked array by array when read."""

import zlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from messplus.core.types import Floats
from messplus.costs.log_linear import LogBills
from messplus.errors import SettingError
from messplus.files import write_whole
from messplus.predictors.hierarchical import JointPosterior
from messplus.predictors.logistic import Posterior
from messplus.priors.prior import Prior

VERSION = 2
"""Of the format, and of the experts whose states it holds."""

Arrays = Mapping[str, NDArray[Any]]

_TEXTS = ("models", "cost_unit", "encoding")
_BILLS = tuple(field.name for field in fields(LogBills))

_SHAPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "satisfaction": ("M",),
        "n_requests": (),
        "log_weight": ("experts",),
        "log_blind": ("blinds",),
        "blinds_mean": ("blinds", "M"),
        "blinds_covariance": ("blinds", "M", "M"),
        "shared_mean": ("M+d",),
        "shared_covariance": ("M+d", "M+d"),
        "apart_mean": ("M", "1+d"),
        "apart_covariance": ("M", "1+d", "1+d"),
        "bills_weights": ("M", "1+d"),
        "bills_covariance": ("M", "1+d", "1+d"),
        "bills_billed": ("M",),
        "bills_foreseen": ("M",),
        "bills_lowest": ("M",),
        "bills_highest": ("M",),
        "list_price": ("M",),
        "sample": ("n", "d"),
    }
)

_NOT_NEGATIVE = ("satisfaction", "bills_billed", "bills_foreseen", "list_price")
_MAY_BE_INFINITE = ("bills_lowest", "bills_highest")  # of a model that is free


def save(prior: Prior, path: Path | str) -> None:
    """Write a prior whole or not at all; raises `OSError`."""
    bills = {f"bills_{name}": getattr(prior.bills, name) for name in _BILLS}
    write_whole(
        Path(path),
        lambda file: np.savez(
            file,
            version=np.array(VERSION),
            models=np.array(prior.models),
            cost_unit=np.array(prior.cost_unit),
            encoding=np.array(prior.encoding),
            satisfaction=np.array(prior.satisfaction),
            n_requests=np.array(prior.n_requests),
            log_weight=prior.log_weight,
            log_blind=prior.log_blind,
            blinds_mean=np.array([blind.mean for blind in prior.blinds]),
            blinds_covariance=np.array([blind.covariance for blind in prior.blinds]),
            shared_mean=prior.shared.mean,
            shared_covariance=prior.shared.covariance,
            apart_mean=prior.apart.mean,
            apart_covariance=prior.apart.covariance,
            list_price=np.array(prior.list_price),
            sample=prior.sample,
            **bills,
        ),
    )


def load(path: Path | str) -> Prior:
    """Read a prior; raises `SettingError` if it is missing, damaged or of another version."""
    path = Path(path)
    stored = _read(path)
    if "version" not in stored or stored["version"].tolist() != VERSION:
        found = stored["version"].tolist() if "version" in stored else "unknown"
        raise SettingError(
            f"{path} is a prior of version {found}, this release reads {VERSION}: fit it again "
            "with messplus fit"
        )
    if missing := sorted({*_TEXTS, *_SHAPES} - set(stored)):
        raise _damaged(path, f"it lacks {', '.join(missing)}")
    _check_texts(path, stored)
    models = tuple(stored["models"].tolist())
    n_models, found = len(models), _checked(path, stored, len(models))
    n_features = found["sample"].shape[1]
    blinds_mean, blinds_covariance = found["blinds_mean"], found["blinds_covariance"]
    return Prior(
        models=models,
        cost_unit=str(stored["cost_unit"]),
        encoding=str(stored["encoding"]),
        satisfaction=tuple(found["satisfaction"].tolist()),
        blinds=(
            JointPosterior(blinds_mean[0], blinds_covariance[0], n_models, 0),
            JointPosterior(blinds_mean[1], blinds_covariance[1], n_models, 0),
        ),
        shared=JointPosterior(
            found["shared_mean"], found["shared_covariance"], n_models, n_features
        ),
        apart=Posterior(found["apart_mean"], found["apart_covariance"]),
        log_weight=found["log_weight"],
        log_blind=found["log_blind"],
        bills=LogBills(**{name: found[f"bills_{name}"] for name in _BILLS}),
        list_price=tuple(found["list_price"].tolist()),
        n_requests=int(found["n_requests"]),
        sample=found["sample"],
    )


def _read(path: Path) -> Arrays:
    """Every array of an archive, whatever it is."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored}
    except FileNotFoundError:
        raise SettingError(f"there is no prior {str(path)!r}: make one with messplus fit") from None
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        EOFError,
        BadZipFile,
        zlib.error,
    ) as error:
        raise _damaged(path, str(error)) from None


def _check_texts(path: Path, stored: Arrays) -> None:
    """Names are text, one per model, each once."""
    for name in _TEXTS:
        text = stored[name]
        if text.dtype.kind != "U" or text.ndim != (1 if name == "models" else 0):
            raise _damaged(path, f"{name} is not text")
    models = stored["models"].tolist()
    if not models or len(set(models)) < len(models):
        raise _damaged(path, f"models are not told apart: {models}")


def _checked(path: Path, arrays: Arrays, n_models: int) -> Mapping[str, Floats]:
    """The arrays as float64, once their shapes agree and no value is impossible."""
    n, d = arrays["sample"].shape if arrays["sample"].ndim == 2 else (0, 0)
    sizes = {"experts": 4, "blinds": 2}
    sizes |= {"M": n_models, "d": d, "n": n, "1+d": 1 + d, "M+d": n_models + d}
    found: dict[str, Floats] = {}
    for name, symbols in _SHAPES.items():
        values, shape = arrays[name], tuple(sizes[symbol] for symbol in symbols)
        if values.dtype.kind not in "fiu" or values.shape != shape:
            raise _damaged(path, f"{name} is {values.dtype} {values.shape}, not numbers {shape}")
        found[name] = values = values.astype(np.float64)
        if np.isnan(values).any() or (name not in _MAY_BE_INFINITE and np.isinf(values).any()):
            raise _damaged(path, f"{name} is not finite")
        if name in _NOT_NEGATIVE and (values < 0).any():
            raise _damaged(path, f"{name} is negative")
        if name.endswith("covariance"):
            _check_covariance(path, name, values)
    if (found["satisfaction"] > 1).any() or found["n_requests"] < 1 or n < 1:
        raise _damaged(path, "satisfaction, n_requests or sample is out of range")
    for name in ("log_weight", "log_blind"):
        if abs(np.exp(found[name]).sum() - 1.0) > 1e-6:
            raise _damaged(path, f"{name} is not normalised")
    return found


def _check_covariance(path: Path, name: str, values: Floats) -> None:
    """Symmetric and positive definite."""
    try:
        np.linalg.cholesky(values)
    except np.linalg.LinAlgError:
        raise _damaged(path, f"{name} is not positive definite") from None
    if not np.allclose(values, np.swapaxes(values, -1, -2)):
        raise _damaged(path, f"{name} is not symmetric")


def _damaged(path: Path, what: str) -> SettingError:
    return SettingError(f"{path} is no prior that can be read ({what}): make it with messplus fit")
