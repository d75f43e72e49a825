"""All parts of the full benchmark, in the order of the page."""

from __future__ import annotations

from typing import Final

from tests.benchmarks.sections.ceilings import CEILINGS
from tests.benchmarks.sections.costs import COSTS
from tests.benchmarks.sections.files import FILES
from tests.benchmarks.sections.instrumentation import INSTRUMENTATION
from tests.benchmarks.sections.losses import LOSSES
from tests.benchmarks.sections.memory import MEMORY
from tests.benchmarks.sections.scaling import HOSTILES, SCALES
from tests.benchmarks.sections.startup import STARTUP
from tests.benchmarks.sections.waking import WAKINGS

SECTIONS: Final = {
    section.name: section
    for section in (COSTS, LOSSES, CEILINGS, WAKINGS, SCALES, HOSTILES, MEMORY, STARTUP, INSTRUMENTATION, FILES)
}
