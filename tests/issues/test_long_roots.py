"""A root that lives for hours holds nothing back and pins nothing."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
import sentry_sdk

from tests.issues.failing import caught, fail

if TYPE_CHECKING:
    from tests.issues.lab import Lab


class TestLongRoots:
    """A root that lives for hours."""

    def test_pins_nothing(self, lab: Lab) -> None:
        """Neither the exception nor its frames' objects survive the except block, although the root goes on."""

        class Large:
            pass

        class OwnError(Exception):
            pass

        def work(kind: type[Exception]) -> None:
            large = Large()
            references.append(weakref.ref(large))
            error = kind("boom")
            error.held = Large()  # type: ignore[attr-defined]
            references.append(weakref.ref(error.held))  # type: ignore[attr-defined]
            raise error

        references: list[weakref.ref[Any]] = []
        with lab.tracer.start_as_current_span("hours"):
            for kind in (ValueError, OwnError):
                for capture in (False, True):
                    try:
                        with lab.tracer.start_as_current_span("minute"):
                            work(kind)
                    except kind as error:
                        if capture:
                            sentry_sdk.capture_exception(error)
            gc.collect()

            assert [reference() for reference in references] == [None] * 8
            assert lab.issues.pending == 4

    def test_leaves_what_the_application_kept(self, lab: Lab) -> None:
        """`locals()` that the application has kept stays as it is, although the frame it belongs to was looked at."""

        def work() -> dict[str, Any]:
            amount = 5
            kept = locals()
            with lab.tracer.start_as_current_span("root"), pytest.raises(ValueError, match="boom"):
                caught(lab.tracer, ["inner"], fail, catch=False)
            return kept if amount else {}

        assert work()["amount"] == 5

    def test_does_not_hold_its_issues_back(self, new_lab: Any) -> None:
        """After half a minute an issue leaves, root or no root."""
        now = [0.0]
        lab = new_lab(processor={"clock": lambda: now[0]})
        with lab.tracer.start_as_current_span("hours"):
            with pytest.raises(ValueError, match="boom"):
                caught(lab.tracer, ["minute"], fail, catch=False)
            held = lab.issues.pending
            now[0] = 31.0
            lab.issues.prepare().bench._release_due()

            assert (held, lab.issues.pending, len(lab.sent)) == (1, 0, 1)

    def test_bounds_what_waits(self, lab: Lab) -> None:
        """A storm of exceptions under one root leaves at once from the hundredth on; none is lost."""
        with lab.tracer.start_as_current_span("hours"):
            for _ in range(120):
                with pytest.raises(ValueError, match="boom"):
                    caught(lab.tracer, ["minute"], fail, catch=False)

            assert (lab.issues.pending, len(lab.sent)) == (100, 20)
        assert len(lab.events()) == 120
