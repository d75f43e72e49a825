"""The example dapp as tests use it: its modules are on the import path for one test."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAPP = Path(__file__).parents[2] / "examples" / "dapp"


@pytest.fixture(name="dapp_module")
def _dapp_module(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Import a module of the dapp; its short name is forgotten afterwards."""
    pytest.importorskip("eth_tester", reason="pip install -r examples/dapp/requirements.txt")
    monkeypatch.syspath_prepend(str(DAPP))
    names = {path.stem for path in DAPP.glob("*.py")}
    yield importlib.import_module
    for name in names & set(sys.modules):
        del sys.modules[name]
