"""The file of a complaint model: arrays of numpy and a header; reading it runs no code."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from nudge.errors import InvalidConfigError
from nudge.models.complaints.features import LANGUAGES
from nudge.models.complaints.model import (
    COUNTS,
    ComplaintModel,
    LanguageModel,
    PolarWords,
    Vocabulary,
)

VERSION: Final = 1
NAME: Final = "complaints.npz"
SHIPPED: Final = Path(__file__).with_name(NAME)
"""The model that is shipped, trained on public reviews in Chinese and English."""
MOST_BYTES: Final = 2_000_000
_CURE: Final = "train it again with `nudge warnings train`"


_DAMAGE: Final = (
    *(ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error),
    *(NotImplementedError, RuntimeError),  # of a zip's flags: other ways to compress, encryption
)
"""All that numpy and its zip raise for a file that is not what it should be."""


def own_model(data_dir: Path) -> Path:
    """Return the place of the operator's own model, which is used in place of the shipped one."""
    return data_dir / "models" / NAME


def model_bytes(model: ComplaintModel) -> bytes:
    """Return a model as the bytes of its file."""
    header = {"version": VERSION, "languages": sorted(model.languages), "notes": dict(model.notes)}
    arrays: dict[str, Any] = {"header": np.frombuffer(orjson.dumps(header), dtype=np.uint8)}
    for tongue, one in sorted(model.languages.items()):
        arrays |= {f"{tongue}.{name}": array for name, array in _arrays(one).items()}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def load_complaint_model(path: Path = SHIPPED) -> ComplaintModel:
    """Load a model from its file.

    Raises:
        InvalidConfigError: the file cannot be read, or is no model of this version; with the cure.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return _model({name: arrays[name] for name in arrays.files})
    except OSError as error:
        raise InvalidConfigError([f"{path}: cannot be read ({error}); {_CURE}"]) from error
    except _DAMAGE as error:
        raise InvalidConfigError([f"{path}: is no complaint model ({error}); {_CURE}"]) from error


def _arrays(model: LanguageModel) -> dict[str, Any]:
    return {
        "hashes": model.vocabulary.hashes,
        "weights": model.weights.astype(np.float16),
        "rarity": model.rarity.astype(np.float16),
        "complaints": model.polar.complaints,
        "praise": model.polar.praise,
        "negators": model.polar.negators,
        "link": model.link,
    }


def _model(arrays: Mapping[str, Any]) -> ComplaintModel:
    header = orjson.loads(arrays["header"].tobytes())
    if header["version"] != VERSION:
        raise ValueError(f"version {header['version']}, not {VERSION}")
    names = [one for one in LANGUAGES if one in header["languages"]]
    return ComplaintModel({one: _language(arrays, one) for one in names}, header["notes"])


def _language(arrays: Mapping[str, Any], tongue: str) -> LanguageModel:
    def array(name: str, kind: type[Any]) -> Any:  # noqa: ANN401 - of the kind that is named
        found = arrays[f"{tongue}.{name}"]
        if found.ndim != 1 or not np.isfinite(found.astype(np.float64)).all():
            raise ValueError(f"{tongue}.{name} is damaged")
        return found.astype(kind)

    hashes = array("hashes", np.uint32)
    weights, rarity = array("weights", np.float32), array("rarity", np.float32)
    link = array("link", np.float64)
    if not len(hashes) == len(weights) == len(rarity) or len(link) != COUNTS + 2:
        raise ValueError(f"the arrays of {tongue} do not fit each other")
    polar = PolarWords(*(array(name, np.uint32) for name in ("complaints", "praise", "negators")))
    return LanguageModel(tongue, Vocabulary(hashes), weights, rarity, polar, link)
