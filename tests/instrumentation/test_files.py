"""Files that an application opens under a span, in every way that Python knows."""

from __future__ import annotations

import asyncio
import builtins
import gc
import inspect
import io
import os
import pathlib
import pickle
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiofiles
import anyio
import pytest
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer

from otel_sentry.instrumentation.file_access.record import FileOptions
from otel_sentry.instrumentation.files import FilesInstrumentor

ORIGINAL = {
    "builtins.open": builtins.open,
    "io.open": io.open,
    "os.open": os.open,
    "os.close": os.close,
    "shutil.copyfile": shutil.copyfile,
    "aiofiles": aiofiles.threadpool._open,
}


class Traced:
    """An instrumented process."""

    def __init__(self) -> None:
        self.memory = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.memory))

    @property
    def tracer(self) -> Tracer:
        return self.provider.get_tracer("application")

    def spans(self) -> list[ReadableSpan]:
        return [span for span in self.memory.get_finished_spans() if "file.path" in (span.attributes or {})]

    def told(self) -> list[tuple[str, int | None]]:
        """Name and bytes of each."""
        return [(span.name, _bytes(span)) for span in self.spans()]


def _bytes(span: ReadableSpan) -> Any:
    attributes = span.attributes or {}
    return attributes.get("file.io.bytes_read", attributes.get("file.io.bytes_written"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tempfile.gettempdir()  # tries its folder out, once in a process
    (tmp_path / "a.txt").write_text("hello")
    return tmp_path


@pytest.fixture
def traced(folder: Path) -> Iterator[Traced]:
    one, instrumentor = Traced(), FilesInstrumentor()
    instrumentor.instrument(tracer_provider=one.provider, options=FileOptions())
    yield one
    instrumentor.uninstrument()
    instrumentor.adopt(FileOptions())


def _write() -> None:
    with open("b.txt", "w") as file:
        file.write("four")


def _append() -> None:
    with io.open("a.txt", "ab") as file:  # noqa: UP020 - what is tested
        file.write(b"!!")


def _by_descriptor() -> None:
    descriptor = os.open("a.txt", os.O_RDONLY)
    os.read(descriptor, 3)
    os.close(descriptor)


def _by_adopted_descriptor() -> None:
    with os.fdopen(os.open("b.txt", os.O_WRONLY | os.O_CREAT), "w") as file:
        file.write("four")


def _unbuffered() -> None:
    with open("a.txt", "rb", buffering=0) as file:
        file.read(2)


def _dropped() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        open("a.txt").read()
        gc.collect()


def _in_a_cycle() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        circle: list[Any] = [open("b.txt", "w")]
        circle.append(circle)
        circle[0].write("kept")
        del circle
        gc.collect()


async def _aiofiles() -> None:
    async with aiofiles.open("a.txt") as file:
        async for _ in file:
            pass


async def _anyio() -> None:
    async with await anyio.open_file("a.txt") as file:
        await file.read()


@pytest.mark.parametrize(
    ("use", "told"),
    [
        pytest.param(_write, [("write b.txt", 4)], id="open"),
        pytest.param(_append, [("write a.txt", 2)], id="io, append"),
        pytest.param(lambda: Path("a.txt").read_text(), [("read a.txt", 5)], id="pathlib"),
        pytest.param(lambda: Path("b.bin").write_bytes(b"123"), [("write b.bin", 3)], id="pathlib, bytes"),
        pytest.param(_unbuffered, [("read a.txt", 2)], id="unbuffered"),
        pytest.param(_by_descriptor, [("read a.txt", 3)], id="os"),
        pytest.param(_by_adopted_descriptor, [("write b.txt", 4)], id="os, then a file"),
        pytest.param(lambda: shutil.copy("a.txt", "c.txt"), [("copy a.txt", 5)], id="shutil"),
        pytest.param(_dropped, [("read a.txt", 5)], id="never closed"),
        pytest.param(_in_a_cycle, [("write b.txt", None)], id="never closed, in a cycle"),
        pytest.param(lambda: asyncio.run(_aiofiles()), [("read a.txt", 5)], id="aiofiles"),
        pytest.param(lambda: asyncio.run(_anyio()), [("read a.txt", 5)], id="anyio"),
        pytest.param(lambda: open(os.devnull).close(), [], id="device"),
        pytest.param(lambda: Path(os.__file__).read_text(), [], id="the interpreter's own"),
    ],
)
def test_a_file_s_life_is_a_span(traced: Traced, use: Callable[[], Any], told: list[tuple[str, int]]) -> None:
    """From opening to closing, with its path in the project and its bytes."""
    with traced.tracer.start_as_current_span("request") as request:
        use()

    assert traced.told() == told
    assert [span.parent.span_id for span in traced.spans() if span.parent] == [
        request.get_span_context().span_id for _ in told
    ]


def test_nothing_stays_open(traced: Traced) -> None:
    """What is dropped is written and closed at once, and a cycle's file when the collector finds it."""
    with traced.tracer.start_as_current_span("request"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        open("b.txt", "w").write("kept")
        written = Path("b.txt").read_text()
        first = os.dup(0)
        os.close(first)
        _in_a_cycle()
        second = os.dup(0)
        os.close(second)

    assert (written, second) == ("kept", first)


def test_temporary_files_have_their_own_path(traced: Traced, folder: Path) -> None:
    """`tempfile` opens a folder with an opener; the file's path is the opener's."""
    with traced.tracer.start_as_current_span("request"), tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(b"xyz")
        name = Path(file.name).name

    assert traced.told() == [(f"open {name}", 3)]


def test_nothing_happens_outside_a_recording_span(traced: Traced) -> None:
    """No parent, none that records, or instrumentation suppressed: no span."""
    Path("a.txt").read_text()
    with traced.tracer.start_as_current_span("request"), suppress_instrumentation():
        Path("a.txt").read_text()

    assert traced.told() == []


def test_a_failure_is_told(traced: Traced) -> None:
    """The caller gets the original's exception, the span says what it was."""
    with traced.tracer.start_as_current_span("request"):
        for attempt in (
            lambda: open("no.txt"),
            lambda: os.open("no.txt", os.O_RDWR),
            lambda: shutil.copyfile("no", "x"),
        ):
            with pytest.raises(FileNotFoundError) as failed:
                attempt()
            assert failed.value.errno == 2
        with pytest.raises(FileNotFoundError):
            asyncio.run(_missing())

    assert [(span.name, (span.attributes or {})["error.type"], span.status.description) for span in traced.spans()] == [
        (name, "FileNotFoundError", "No such file or directory")
        for name in ("read no.txt", "open no.txt", "copy no", "read no.txt")
    ]


async def _missing() -> None:
    async with aiofiles.open("no.txt"):
        pass


def test_home_is_masked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's name stays where it is."""
    project = folder / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(folder))
    one, instrumentor = Traced(), FilesInstrumentor()
    instrumentor.instrument(tracer_provider=one.provider)
    try:
        with one.tracer.start_as_current_span("request"):
            (folder / "a.txt").read_text()
    finally:
        instrumentor.uninstrument()

    assert one.told() == [(f"read {os.path.join('~', 'a.txt')}", 5)]


@pytest.mark.parametrize(
    ("options", "spans", "untraced"),
    [
        pytest.param(FileOptions(max_per_span=3), 3, 7, id="most"),
        pytest.param(FileOptions(min_duration_seconds=60.0), 0, 10, id="too short"),
        pytest.param(FileOptions(sample_rate=0.0), 0, 10, id="sampled"),
    ],
)
def test_many_files_stay_few_spans(traced: Traced, options: FileOptions, spans: int, untraced: int) -> None:
    """The rest is counted on the span around them."""
    FilesInstrumentor().adopt(options)
    with traced.tracer.start_as_current_span("request") as request:
        for _ in range(10):
            Path("a.txt").read_text()

    assert (len(traced.spans()), request.attributes["file.io.untraced"]) == (spans, untraced)  # type: ignore[attr-defined]


def test_a_spool_is_left_out(traced: Traced, folder: Path) -> None:
    """Telemetry does not tell of itself."""
    FilesInstrumentor().adopt(FileOptions(left_out=(str(folder / "spool"),)))
    (folder / "spool").mkdir()
    with traced.tracer.start_as_current_span("request"):
        (folder / "spool" / "x").write_text("y")

    assert traced.told() == []


def test_a_file_that_outlives_its_request_is_told(traced: Traced) -> None:
    """A streamed answer reads on when its view has returned."""
    with traced.tracer.start_as_current_span("request"):
        file = open("a.txt")
    file.close()
    file.close()

    assert traced.told() == [("read a.txt", 0)]


@pytest.mark.parametrize("name", ["builtins.open", "os.open", "os.close", "shutil.copyfile"])
def test_a_patched_function_looks_like_the_original(traced: Traced, name: str) -> None:
    """Name, signature, documentation, equality, pickle; no method where it stands in a class."""
    module, _, attribute = name.partition(".")
    original: Any = ORIGINAL[name]
    patched: Any = getattr(sys.modules[module], attribute)
    holder = type("Holder", (), {"call": patched})

    assert patched is not original
    assert (patched.__name__, patched.__doc__, repr(patched)) == (original.__name__, original.__doc__, repr(original))
    assert inspect.signature(patched) == inspect.signature(original)
    assert patched == original
    assert patched != print
    assert {original: 1}[patched] == 1
    assert pickle.loads(pickle.dumps(patched)) is patched  # noqa: S301 - our own
    assert holder().call is patched


def test_an_open_file_is_what_it_was(traced: Traced) -> None:
    """Type, iteration, context manager, refusal to be pickled, errors after closing."""
    with traced.tracer.start_as_current_span("request"):
        file = open("a.txt")
        with file:
            assert type(file) is io.TextIOWrapper
            assert list(file) == ["hello"]
            with pytest.raises(TypeError, match="cannot pickle"):
                pickle.dumps(file)
        with pytest.raises(ValueError, match="closed file"):
            file.read()
        with pytest.raises(TypeError):
            open()  # type: ignore[call-overload]
        with pytest.raises(ValueError, match="mode"):
            open("a.txt", "bad")
        with open(os.open("a.txt", os.O_RDONLY), closefd=True) as adopted:
            assert adopted.read() == "hello"


def test_uninstrument_restores_exactly(traced: Traced) -> None:
    """The same objects are in the same places; a patch of somebody else's stays."""
    mine: Any = object()
    shutil.copyfile = mine
    FilesInstrumentor().uninstrument()
    found = {
        "builtins.open": builtins.open,
        "io.open": io.open,
        "os.open": os.open,
        "os.close": os.close,
        "shutil.copyfile": ORIGINAL["shutil.copyfile"],
        "aiofiles": aiofiles.threadpool._open,
    }
    untouched, shutil.copyfile = shutil.copyfile, ORIGINAL["shutil.copyfile"]  # type: ignore[assignment]

    assert untouched is mine
    assert all(found[name] is original for name, original in ORIGINAL.items())
    assert pathlib.io.open is ORIGINAL["io.open"] if hasattr(pathlib, "io") else True
