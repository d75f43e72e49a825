"""A bar chart as SVG, without a library: text and rectangles that read in light and dark pages alike."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW: Final = 28
LABELS: Final = 300
BARS: Final = 420
TOP: Final = 46
OURS: Final = "#6c5fc7"
THEIRS: Final = "#9aa0a6"


@dataclass(frozen=True)
class Bar:
    """One row: the whole bar is `value`, its darker part `part`."""

    label: str
    value: float
    part: float
    ours: bool = False


def bar_chart(title: str, bars: Sequence[Bar]) -> str:
    """Return the chart; bars in the order given."""
    scale = BARS / max((bar.value for bar in bars), default=1.0)
    height = TOP + ROW * len(bars) + 10
    rows = [_row(bar, TOP + ROW * number, scale) for number, bar in enumerate(bars)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LABELS + BARS + 80} {height}" '
        'font-family="system-ui, sans-serif" font-size="13" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<text x="8" y="18" fill="#808080" font-weight="600">{escape(title)}</text>\n'
        f'<text x="8" y="36" fill="#808080">dark: application threads; light: the rest of the process</text>\n'
        f"{''.join(rows)}</svg>\n"
    )


def _row(bar: Bar, top: int, scale: float) -> str:
    colour = OURS if bar.ours else THEIRS
    part = min(bar.part, bar.value)
    middle = top + 17
    return (
        f'<text x="{LABELS - 8}" y="{middle}" text-anchor="end" fill="#808080">{escape(bar.label)}</text>\n'
        f'<rect x="{LABELS}" y="{top + 4}" width="{bar.value * scale:.1f}" height="18" fill="{colour}" '
        'opacity="0.55"/>\n'
        f'<rect x="{LABELS}" y="{top + 4}" width="{part * scale:.1f}" height="18" fill="{colour}"/>\n'
        f'<text x="{LABELS + bar.value * scale + 6:.1f}" y="{middle}" fill="#808080">{bar.value:.2f}</text>\n'
    )
