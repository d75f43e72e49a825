"""An exception and what became of it are one issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.issues.failing import caught, fail, handled, needs_groups, types, values

if TYPE_CHECKING:
    from tests.issues.lab import Lab


class TestChains:
    """An exception and what became of it are one issue; what happened beside it is another."""

    def test_cause(self, lab: Lab) -> None:
        """The exception that was raised from another takes its place, and shows it as its cause."""
        with pytest.raises(KeyError), lab.tracer.start_as_current_span("root"):
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError as error:
                raise KeyError("k") from error

        event = lab.event()

        assert types(event) == ["ValueError", "KeyError"]
        assert not handled(event)

    def test_each_level_wraps(self, lab: Lab) -> None:
        """Three levels, each wrapping the last: one event of three exceptions, linked to the innermost span."""
        inner_id = 0

        def level(number: int) -> None:
            nonlocal inner_id
            with lab.tracer.start_as_current_span(f"level {number}") as span:
                inner_id = span.get_span_context().span_id
                if number == 3:
                    fail()
                try:
                    level(number + 1)
                except ValueError as error:
                    raise ValueError(f"level {number}") from error

        with pytest.raises(ValueError, match="level 1"):
            level(1)

        event = lab.event()

        assert [value["value"] for value in values(event)] == ["boom", "level 2", "level 1"]
        assert event["contexts"]["trace"]["span_id"] == f"{inner_id:016x}"

    def test_raised_from_none(self, lab: Lab) -> None:
        """A translated exception is one issue even when it hides where it came from."""
        with pytest.raises(KeyError), lab.tracer.start_as_current_span("root"):
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError:
                raise KeyError("k") from None

        assert types(lab.event()) == ["KeyError"]

    def test_mishap_while_cleaning_up(self, lab: Lab) -> None:
        """An exception that is caught while another one is handled is an issue beside it, not in its place."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                caught(lab.tracer, ["inner"], fail, catch=False)
            except ValueError:
                with pytest.raises(OSError, match="full"), lab.tracer.start_as_current_span("clean up"):
                    raise OSError("full") from None
                raise

        found = {types(event)[-1]: handled(event) for event in lab.events()}

        assert found == {"OSError": True, "ValueError": False}

    def test_context_of_a_handled_mishap_comes_up_alone(self, lab: Lab) -> None:
        """An exception known only as the context of another one is its own issue when it escapes."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                fail()
            except ValueError:
                with pytest.raises(OSError, match="full"), lab.tracer.start_as_current_span("clean up"):
                    raise OSError("full")  # noqa: B904  the context is the point
                raise

        assert sorted(types(event)[-1] for event in lab.events()) == ["OSError", "ValueError"]

    def test_wrapper_that_is_unwrapped_again(self, lab: Lab) -> None:
        """An exception that was wrapped and comes out of its wrapper is one issue: itself."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                with lab.tracer.start_as_current_span("retry"):
                    try:
                        caught(lab.tracer, ["attempt"], fail, catch=False)
                    except ValueError as error:
                        raise KeyError("gave up") from error
            except KeyError as error:
                assert error.__cause__ is not None
                raise error.__cause__ from None

        event = lab.event()

        assert types(event)[-1] == "ValueError"
        assert not handled(event)

    def test_wrapped_after_it_was_sent(self, lab: Lab) -> None:
        """What wraps an exception that has gone out already is a new issue."""
        kept = ValueError("boom")
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("job"):
            raise kept
        lab.issues.force_flush()
        with pytest.raises(KeyError), lab.tracer.start_as_current_span("request"):
            raise KeyError("job failed") from kept

        assert [types(event)[-1] for event in lab.events()] == ["ValueError", "KeyError"]

    @needs_groups
    def test_group_takes_its_members_in(self, lab: Lab) -> None:
        """Members that left spans of their own, and the group they are raised in, are one issue."""
        with pytest.raises(ExceptionGroup), lab.tracer.start_as_current_span("root"):  # noqa: F821
            members = []
            for name in ("a", "b"):
                try:
                    caught(lab.tracer, [name], fail, catch=False)
                except ValueError as error:
                    members.append(error)
            raise ExceptionGroup("both", members)  # noqa: F821

        event = lab.event()

        assert types(event) == ["ValueError", "ValueError", "ExceptionGroup"]
        assert values(event)[-1]["mechanism"]["is_exception_group"]

    @needs_groups
    def test_group_that_is_collapsed(self, lab: Lab) -> None:
        """A group that a framework replaces by its only member is one issue: the member."""
        with pytest.raises(ValueError, match="boom"), lab.tracer.start_as_current_span("root"):
            try:
                with lab.tracer.start_as_current_span("task group"):
                    raise ExceptionGroup("one", [ValueError("boom")])  # noqa: F821
            except ExceptionGroup as group:  # noqa: F821
                raise group.exceptions[0] from None

        assert types(lab.event())[-1] == "ValueError"
