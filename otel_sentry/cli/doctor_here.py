"""The doctor's look at this process: set up as the application would do it, then all that can be observed."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from otel_sentry.doctor.examination import Examination, Wish
from otel_sentry.doctor.examine import examine
from otel_sentry.doctor.explain import explained
from otel_sentry.doctor.finding import Finding, error
from otel_sentry.errors import InvalidSetting
from otel_sentry.facts.gather import gathered
from otel_sentry.facts.process import process_facts
from otel_sentry.masking.mask import SecretMask
from otel_sentry.settings.settings import Settings
from otel_sentry.setup.assembly import present_telemetry
from otel_sentry.setup.configure import configure

if TYPE_CHECKING:
    from otel_sentry.setup.telemetry import Telemetry


def examined_here(module: str | None, wish: Wish) -> Examination:
    """Examine this process, set up as the application would be.

    Args:
        module: of the application; it is imported first, and left to set itself up. None: `configure()` does it.
        wish: see `Wish`.
    """
    failed = _imported(module)
    # Nobody else configures logging here; what the set-up says is in the findings.
    logging.getLogger("otel_sentry").addHandler(logging.NullHandler())
    telemetry, refusal = _set_up(by_application=module is not None or process_facts(set_up=False).zero_code)
    settings = telemetry.settings if telemetry is not None else _settings_or_none()
    facts = gathered(
        settings,
        refusal=refusal,
        ledger=telemetry.ledger if telemetry is not None else None,
        set_up=telemetry is not None and present_telemetry() is not None,
    )
    return examine(facts, None if refusal else settings, wish, failed=failed)


def _set_up(*, by_application: bool) -> tuple[Telemetry | None, str]:
    """The set-up that is there, or the one that `configure()` makes; else why it refuses.

    Args:
        by_application: it is left as it is: what an application, or `opentelemetry-instrument`, does not do is what is
            to be found.
    """
    present = present_telemetry()
    if present is not None or by_application:
        return present, "" if present is not None else _refusal()
    try:
        return configure(), ""
    except InvalidSetting as refused:
        return None, str(refused)


def _imported(module: str | None) -> list[Finding]:
    """Import the application; what it raises is a finding."""
    if module is None:
        return []
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as `python -m` does
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as exc:  # noqa: BLE001 - whatever the application raises
        where = traceback.extract_tb(exc.__traceback__)[-1]
        cause = (
            f"{module} cannot be imported: {type(exc).__name__}: {SecretMask().text(str(exc))} "
            f"({Path(where.filename).name}:{where.lineno})."
        )
        return [error("import-failed", cause, f"python -c 'import {module}' shows the whole traceback")]
    return []


def _settings_or_none() -> Settings | None:
    try:
        return Settings.from_env()
    except InvalidSetting:
        return None


def _refusal() -> str:
    try:
        Settings.from_env()
    except InvalidSetting as refused:
        return str(refused)
    return ""


def explained_here(questions: list[str], attributes: list[str]) -> Examination:
    """Explain what the settings of this environment decide; nothing is judged or sent.

    Args:
        questions: span names, URLs, headers.
        attributes: of the named spans, as `key=value`.

    Raises:
        InvalidSetting: the settings, or an attribute, cannot be used.
    """
    pairs = [text.partition("=") for text in attributes]
    if any(not equals for _, equals, _ in pairs):
        raise InvalidSetting("--attribute", attributes[0], "key=value")
    settings = Settings.from_env()
    found = explained(settings, questions, {key: value for key, _, value in pairs})
    return Examination(gathered(settings), (), explanations=tuple(found))
