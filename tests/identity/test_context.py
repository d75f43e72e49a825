"""`use_wallet`: the right wallet in every kind of function, never another's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import Span, TracerProvider

from otel_sentry.identity.context import SEGMENT_ATTRIBUTE, own_context, use_wallet, wallet_in, with_wallet
from otel_sentry.identity.user import NOBODY, Identity, identity_of
from otel_sentry.otel import segments
from otel_sentry.propagation.trace import Verdict

ALICE = Identity(wallet="alice")
BOB = Identity(wallet="bob")


@pytest.fixture(name="tracer")
def _tracer() -> trace.Tracer:
    return TracerProvider().get_tracer("test")


def attributes(span: trace.Span) -> dict[str, object]:
    """What a real span carries."""
    assert isinstance(span, Span)
    return dict(span.attributes or {})


def test_block_binds_and_restores() -> None:
    """Inside the wallet is bound, blocks nest, outside nothing is left."""
    with use_wallet("alice") as identity:
        assert identity == ALICE == wallet_in()
        with use_wallet("bob"):
            assert wallet_in() == BOB
        assert wallet_in() == ALICE

    assert wallet_in() is None


def test_one_block_can_be_entered_again() -> None:
    """Leaving goes back step by step."""
    block = use_wallet("alice")
    with use_wallet("bob"):
        with block, use_wallet("bob"), block:
            assert wallet_in() == ALICE
        assert wallet_in() == BOB


def test_context_can_carry_a_wallet_without_a_block() -> None:
    """For carriers such as a table queue: bind in a Context value, leave the current one alone."""
    assert wallet_in(with_wallet(ALICE)) == ALICE
    assert wallet_in() is None


def test_current_span_is_told(tracer: trace.Tracer) -> None:
    """The current span gets what is known of the wallet, in one spelling."""
    with tracer.start_as_current_span("request") as span, use_wallet("eip155:1:0x" + "AB" * 20, name="ab.eth"):
        pass

    expected = {"wallet.address": "0x" + "ab" * 20, "wallet.chain": "eip155:1", "wallet.name": "ab.eth"}
    assert attributes(span) == expected


def test_no_span_no_matter() -> None:
    """Outside any span the block still binds."""
    with use_wallet("alice"):
        assert not trace.get_current_span().is_recording()


def segment_for(span: Span) -> segments.Segment:
    """A real segment, attached as the span processor does it."""
    segment = segments.Segment(span, incoming=None, verdict=Verdict(True, 1.0, 0.5), freeze_dsc=lambda _: {})  # noqa: FBT003  # frozen value
    setattr(span, SEGMENT_ATTRIBUTE, segment)
    return segment


def test_local_root_and_segment_learn(tracer: trace.Tracer) -> None:
    """A wallet learnt deep inside reaches the local root and the segment."""
    with tracer.start_as_current_span("root") as root, tracer.start_as_current_span("child") as child:
        assert isinstance(root, Span)
        segment = segment_for(root)
        setattr(child, SEGMENT_ATTRIBUTE, segment)
        with use_wallet("alice"):
            pass

    assert segments.SEGMENT_ATTRIBUTE == SEGMENT_ATTRIBUTE
    assert attributes(root) == attributes(child) == {"wallet.address": "alice"}
    assert segment.identity == ALICE


def test_an_ended_root_is_left_alone(tracer: trace.Tracer) -> None:
    """A background task may learn its wallet after the response: the segment learns, the ended span is not touched."""
    root = tracer.start_span("root")
    assert isinstance(root, Span)
    segment = segment_for(root)
    root.end()
    segment.close(root)
    with tracer.start_as_current_span("late") as late:
        setattr(late, SEGMENT_ATTRIBUTE, segment)
        with use_wallet("alice"):
            pass

    assert attributes(root) == {}
    assert segment.identity == ALICE


def test_logout(tracer: trace.Tracer) -> None:
    """`use_wallet(None)`: what comes has no wallet; the span that was the wallet's keeps it."""
    with tracer.start_as_current_span("request") as span:
        assert isinstance(span, Span)
        segment = segment_for(span)
        with use_wallet("alice"), use_wallet(None):
            assert wallet_in() == NOBODY

    assert segment.identity is None
    assert attributes(span) == {"wallet.address": "alice"}


def test_plain_function() -> None:
    """Each call has its own block; name, result and errors are the function's own."""

    @use_wallet("alice")
    def who(*, fail: bool = False) -> Identity | None:
        """Tell."""
        if fail:
            raise LookupError
        return wallet_in()

    assert (who(), who.__name__, who.__doc__) == (ALICE, "who", "Tell.")
    with pytest.raises(LookupError):
        who(fail=True)
    assert wallet_in() is None


def test_coroutine_function() -> None:
    """The block lasts until the coroutine is done, not until it is made."""

    @use_wallet("alice")
    async def who() -> Identity | None:
        await asyncio.sleep(0)
        return wallet_in()

    async def run() -> tuple[Identity | None, Identity | None]:
        return await who(), wallet_in()

    assert asyncio.run(run()) == (ALICE, None)


def test_generator_function(tracer: trace.Tracer) -> None:
    """Bound inside the generator in every step, never in its consumer; its own current span survives the steps."""
    seen: list[object] = []

    @use_wallet("alice")
    def stream() -> Generator[int, str, str]:
        with tracer.start_as_current_span("stream") as span:
            seen.append((yield 1))
            try:
                yield 2
            except LookupError:
                seen.append(wallet_in())
            seen.append(trace.get_current_span() is span)
            try:
                yield 3
            finally:
                seen.append(wallet_in())
        return "never"

    running = stream()
    assert (next(running), wallet_in()) == (1, None)
    assert (running.send("sent"), wallet_in()) == (2, None)
    assert running.throw(LookupError()) == 3
    running.close()

    assert seen == ["sent", ALICE, True, ALICE]
    assert not trace.get_current_span().is_recording()


def test_generator_returns_its_value() -> None:
    """`yield from` of a decorated generator gives what the generator returned."""

    @use_wallet("alice")
    def stream() -> Generator[int, None, Identity | None]:
        yield 1
        return wallet_in()

    def outer() -> Iterator[object]:
        yield (yield from stream())

    assert list(outer()) == [1, ALICE]


def test_async_generator_function(tracer: trace.Tracer) -> None:
    """As for generators: every step is bound, the consumer never is, thrown errors and closing arrive inside."""
    seen: list[object] = []

    @use_wallet("alice")
    async def stream() -> AsyncGenerator[int, str]:
        with tracer.start_as_current_span("stream") as span:
            await asyncio.sleep(0)
            seen.append((yield 1))
            try:
                yield 2
            except LookupError:
                await asyncio.sleep(0)
                seen.append(wallet_in())
            seen.append(trace.get_current_span() is span)
            try:
                yield 3
            finally:
                await asyncio.sleep(0)
                seen.append(wallet_in())

    async def run() -> None:
        running = stream()
        assert (await anext(running), wallet_in()) == (1, None)
        assert (await running.asend("sent"), wallet_in()) == (2, None)
        assert await running.athrow(LookupError()) == 3
        await running.aclose()

    asyncio.run(run())

    assert seen == ["sent", ALICE, True, ALICE]


def test_async_generator_ends_by_itself() -> None:
    """`async for` sees every item and then the end."""

    @use_wallet("alice")
    async def stream() -> AsyncIterator[Identity | None]:
        yield wallet_in()
        await asyncio.sleep(0)
        yield wallet_in()

    async def run() -> list[Identity | None]:
        async with aclosing(stream()) as items:
            return [item async for item in items]

    assert asyncio.run(run()) == [ALICE, ALICE]


def test_async_generator_cancelled_in_a_step() -> None:
    """A cancellation reaches the generator where it waits, with its wallet bound."""
    seen: list[object] = []

    @use_wallet("alice")
    async def stream() -> AsyncIterator[int]:
        try:
            await asyncio.sleep(60)
            yield 1
        finally:
            seen.append(wallet_in())

    async def consume() -> None:
        async for _ in stream():
            pass

    async def run() -> None:
        task = asyncio.create_task(consume())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())

    assert seen == [ALICE]


def test_concurrent_tasks_never_see_each_other() -> None:
    """200 tasks that yield to each other between binding and looking."""

    async def one(number: int) -> bool:
        with use_wallet(f"wallet {number}"):
            for _ in range(5):
                await asyncio.sleep(0)
                assert wallet_in() == Identity(wallet=f"wallet {number}")
        return wallet_in() is None

    async def run() -> list[bool]:
        return await asyncio.gather(*(one(number) for number in range(200)))

    assert all(asyncio.run(run()))


def test_concurrent_threads_never_see_each_other() -> None:
    """All threads are inside their block at the same time."""
    together = threading.Barrier(16, timeout=10)

    def one(number: int) -> Identity | None:
        with use_wallet(str(number)):
            together.wait()
            return wallet_in()

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(16))) == [Identity(wallet=str(number)) for number in range(16)]


def test_another_wallet_leaves_nothing_of_the_former(tracer: trace.Tracer) -> None:
    """Attributes cannot be taken away from a span: what the former wallet implied is replaced or emptied."""
    with tracer.start_as_current_span("connection") as span:
        with use_wallet("alice", name="alice.eth", chain=1):
            span.set_attributes({"user.id": "alice", "user.name": "alice.eth"})  # as the span processor stamps it
        with use_wallet("bob"):
            pass

    assert identity_of(attributes(span)) == BOB


def test_the_same_wallet_again_keeps_what_is_known(tracer: trace.Tracer) -> None:
    """Binding it a second time, in another spelling and with less detail, takes nothing away."""
    with (
        tracer.start_as_current_span("request") as span,
        use_wallet("0xAB", name="ab.eth", chain=1),
        use_wallet("0xab"),
    ):
        pass

    assert attributes(span) == {"wallet.address": "0xab", "wallet.chain": "eip155:1", "wallet.name": "ab.eth"}


def test_an_explicit_user_survives_another_wallet(tracer: trace.Tracer) -> None:
    """A user id that no wallet implied is the application's word."""
    with (
        tracer.start_as_current_span("request", attributes={"user.id": "42"}) as span,
        use_wallet("alice"),
        use_wallet("bob"),
    ):
        pass

    assert identity_of(attributes(span)) == Identity(user_id="42", wallet="bob")


def test_own_context_binds_a_wallet_for_lazy_steps_only() -> None:
    """What runs in the copy sees the wallet; whoever made it does not."""
    own = own_context(ALICE)

    assert own.run(wallet_in) == ALICE
    assert wallet_in() is None
