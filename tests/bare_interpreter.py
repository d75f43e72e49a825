"""An interpreter that has some distributions of this one and nothing else: a production image, or a small suite."""

from __future__ import annotations

import sysconfig
import venv
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def bare_interpreter(home: Path, *roots: str) -> Path:
    """Make a virtual environment of links.

    Args:
        home: where; an empty folder.
        roots: distributions; what they need comes too, without extras. One that is not installed is left out.

    Returns:
        Its interpreter.
    """
    venv.create(home, symlinks=True, with_pip=False)
    own = sysconfig.get_path("purelib", vars={"base": str(home)})
    for found in closure(roots):
        for top, target in entries(found):
            link = home / own / top
            if not link.exists():
                link.symlink_to(target)
    return home / "bin" / "python"


def closure(roots: tuple[str, ...]) -> Iterator[Distribution]:
    """The distributions and all that they need."""
    waiting, seen = list(roots), set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            try:
                found = distribution(name)
            except PackageNotFoundError:
                continue
            yield found
            needed = map(Requirement, found.requires or [])
            waiting += [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]


def entries(found: Distribution) -> Iterator[tuple[str, Path]]:
    """What a distribution has at the top of site-packages."""
    for top in {file.parts[0] for file in found.files or []} - {"..", "__pycache__"}:
        yield top, found.locate_file(top)  # type: ignore[misc]  # a path, for what is installed
