"""Children that end before their root find their segment; nothing is emitted twice or lost."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, TraceFlags

from otel_sentry.otel.segment_assembly import SegmentAssembly
from otel_sentry.otel.segments import Segment
from otel_sentry.propagation.trace import Verdict

TRACE_ID = 0x0AF7651916CD43DD8448EB211C80319C


def context(span_id: int, *, remote: bool = False) -> SpanContext:
    return SpanContext(TRACE_ID, span_id, is_remote=remote, trace_flags=TraceFlags(1))


def span(span_id: int, parent: SpanContext | None = None) -> ReadableSpan:
    return ReadableSpan(
        f"span {span_id}", context(span_id), parent, resource=Resource.get_empty(), start_time=1, end_time=2
    )


def segment(root: ReadableSpan) -> Segment:
    made = Segment(
        root, incoming=None, verdict=Verdict(sampled=True, sample_rate=1.0, sample_rand=0.0), freeze_dsc=lambda _: {}
    )
    made.close(root)
    return made


def emitted_by(spans: list[ReadableSpan], **options: float) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    assembly = SegmentAssembly(segment, lambda s, g: out.append((s.context.span_id, g.span_id)), **options)
    for each in spans:
        assembly.add(each, now=0.0)
    assembly.release(0.0, everything=True)
    assert assembly.waiting() == 0
    return out


def test_children_wait_for_their_root() -> None:
    """A grandchild and a child that end before the root are emitted before it, with the root as their segment."""
    root, child = span(1), span(2, context(1))

    emitted = emitted_by([span(3, context(2)), child, root])

    assert emitted == [(2, 1), (3, 1), (1, 1)]


def test_a_child_that_ends_after_its_root_is_emitted_at_once() -> None:
    """The segment of an ended root is remembered."""
    emitted = emitted_by([span(1), span(2, context(1))])

    assert emitted == [(1, 1), (2, 1)]


def test_a_remote_parent_makes_a_local_root() -> None:
    """A span caused by another process is its own segment."""
    emitted = emitted_by([span(7, context(99, remote=True))])

    assert emitted == [(7, 7)]


def test_the_unseen_parent_of_a_span_that_waited_too_long_is_taken_for_its_root() -> None:
    """After `wait_seconds` a span leaves although its root has not ended."""
    out: list[tuple[int, int]] = []
    assembly = SegmentAssembly(segment, lambda s, g: out.append((s.context.span_id, g.span_id)), wait_seconds=10)
    assembly.add(span(3, context(1)), now=0.0)
    assembly.add(span(4, context(1)), now=1.0)

    assembly.release(9.9)
    before = list(out)
    assembly.release(10.0)

    assert (before, out) == ([], [(3, 1), (4, 1)])


def test_more_spans_than_may_wait_are_let_go_oldest_first() -> None:
    """The bound on waiting spans holds."""
    out: list[int] = []
    assembly = SegmentAssembly(segment, lambda s, _: out.append(s.context.span_id), max_waiting=2)
    for number in range(3):
        assembly.add(span(10 + number, context(100 + number)), now=0.0)

    assembly.release(0.0)

    assert (out, assembly.waiting()) == ([10], 2)


@pytest.mark.parametrize("depth", [pytest.param(5_000, id="deeper than Python recurses")])
def test_a_very_deep_trace_needs_no_recursion(depth: int) -> None:
    """A chain of thousands of spans, ended innermost first, is emitted whole."""
    chain = [span(1), *(span(n, context(n - 1)) for n in range(2, depth + 1))]

    emitted = emitted_by(chain[::-1])

    assert len(emitted) == depth
    assert {segment_id for _, segment_id in emitted} == {1}


@given(parents=st.lists(st.integers(0, 30), min_size=1, max_size=30), seed=st.integers())
def test_whatever_the_order_of_ending_each_span_leaves_once_in_the_right_segment(parents: list[int], seed: int) -> None:
    """For any tree and any order of ending, every span is emitted exactly once, with the one root's id."""
    tree = [span(1)]
    tree += [span(number, context(1 + parent % (number - 1))) for number, parent in enumerate(parents, start=2)]
    random.Random(seed).shuffle(tree)  # noqa: S311 - hypothesis gives the seed

    emitted = emitted_by(tree)

    assert sorted(emitted) == [(number, 1) for number in range(1, len(tree) + 1)]
