"""Two versions of one state change places, each as it was left."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from otel_sentry.testing.swap import Swap, attribute, content, variable


def test_each_side_finds_what_it_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attributes, lists and variables; what was absent is absent again."""
    monkeypatch.setenv("OTEL_SENTRY_OF_A_TEST", "suite")
    holder, listed = SimpleNamespace(provider="suite"), ["suite"]
    slots = [
        attribute(holder, "provider"),
        attribute(holder, "extra"),
        content(listed),
        variable("OTEL_SENTRY_OF_A_TEST"),
    ]
    swap = Swap([*slots, variable("OTEL_SENTRY_NOWHERE")])

    swap.enter()
    holder.provider, holder.extra = "kit", "kit"
    listed.append("kit")
    slots[3].put("kit")
    swap.leave()
    outside = (vars(holder).copy(), listed.copy(), slots[3].get())
    swap.enter()
    inside = (vars(holder).copy(), listed.copy(), slots[3].get())
    swap.leave()

    assert outside == ({"provider": "suite"}, ["suite"], "suite")
    assert inside == ({"provider": "kit", "extra": "kit"}, ["suite", "kit"], "kit")


def test_a_place_that_came_later_has_an_outside_too() -> None:
    """Such as the processors of a provider that the kit has made."""
    holder, made = SimpleNamespace(provider=None), SimpleNamespace(processors=("kit",))
    swap = Swap([attribute(holder, "provider")])
    swap.enter()
    swap.add(attribute(made, "processors"), outside=())
    swap.leave()

    assert made.processors == ()
    swap.enter()
    assert made.processors == ("kit",)
    swap.leave()
