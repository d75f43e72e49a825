"""How long the threads of this process have waited for a core, by Linux: what a busy machine costs, and not we."""

from __future__ import annotations

from pathlib import Path

_TASKS = Path("/proc/self/task")


def core_waits() -> dict[str, int]:
    """Nanoseconds by thread since it began; empty where the kernel does not tell."""
    return {task.name: waited for task in _tasks() if (waited := _waited(task)) is not None}


def _tasks() -> list[Path]:
    return list(_TASKS.iterdir()) if _TASKS.exists() else []


def _waited(task: Path) -> int | None:
    try:
        return int((task / "schedstat").read_text().split()[1])
    except (OSError, IndexError):  # it has ended
        return None


def held_up(wall: float, cpu: float, before: dict[str, int], after: dict[str, int], own: str) -> float:
    """Seconds that a piece of work would have taken if cores had been free.

    Its thread ran, or waited for a core, or for another thread that has the GIL; what of that last wait the other one
    has spent waiting for a core itself is not counted either.

    Args:
        wall: seconds that it took.
        cpu: seconds of CPU of its thread.
        before: `core_waits()` when it began.
        after: the same at its end.
        own: its thread.
    """
    waited = {thread: (after[thread] - since) / 1e9 for thread, since in before.items() if thread in after}
    without_own = max(cpu, wall - waited.pop(own, 0.0))
    return max(cpu, without_own - sum(waited.values()))
