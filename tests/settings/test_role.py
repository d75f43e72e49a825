"""Role: workers are known by their command line."""

from __future__ import annotations

import pytest

from otel_sentry.settings.choices import Role
from otel_sentry.settings.role import inferred_role, serves


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(["/v/bin/python", "/v/bin/celery", "-A", "app", "worker"], Role.WORKER, id="celery"),
        pytest.param(["python3.11", "-m", "celery", "-A", "app", "worker", "-c", "2"], Role.WORKER, id="celery module"),
        pytest.param(["/v/bin/celery", "-A", "app", "beat"], Role.WEB, id="celery beat"),
        pytest.param(["python", "/x/celery/__main__.py", "-A", "app", "worker"], Role.WORKER, id="celery as argv"),
        pytest.param(["python", "-X", "dev", "-W", "error", "/v/bin/rq", "worker", "high"], Role.WORKER, id="rq"),
        pytest.param(["/v/bin/rq", "info"], Role.WEB, id="rq info"),
        pytest.param(["/v/bin/rqworker"], Role.WORKER, id="rqworker"),
        pytest.param(["python", "/v/bin/dramatiq", "tasks"], Role.WORKER, id="dramatiq"),
        pytest.param(["python", "-m", "dramatiq", "tasks"], Role.WORKER, id="dramatiq module"),
        pytest.param(["python", "/v/bin/arq", "app.WorkerSettings"], Role.WORKER, id="arq"),
        pytest.param(["python", "/v/bin/huey_consumer.py", "app.huey"], Role.WORKER, id="huey"),
        pytest.param(["python", "manage.py", "run_huey"], Role.WORKER, id="huey of Django"),
        pytest.param(["python", "manage.py", "runserver"], Role.WEB, id="Django's server"),
        pytest.param(["python", "-m", "uvicorn", "app:app"], Role.WEB, id="uvicorn"),
        pytest.param(["python", "app.py", "celery", "worker"], Role.WEB, id="only arguments"),
        pytest.param(["python", "-c", "import celery; worker"], Role.WEB, id="command"),
        pytest.param(["python", "-m"], Role.WEB, id="module missing"),
        pytest.param(["python"], Role.WEB, id="prompt"),
        pytest.param([""], Role.WEB, id="interactive argv"),
        pytest.param([], Role.WEB, id="embedded"),
    ],
)
def test_a_worker_is_known_by_its_command_line(line: list[str], expected: Role) -> None:
    """Program and sub-command decide, not what else stands in the arguments."""
    assert inferred_role(line) is expected


def test_one_telling_command_line_is_enough() -> None:
    """While Python starts, or in spawned children, only one of the two lists tells."""
    assert inferred_role(["-m"], ["python", "-m", "celery", "worker"]) is Role.WORKER
    assert inferred_role(["/v/bin/dramatiq", "x"], ["python", "-c", "from multiprocessing.spawn …"]) is Role.WORKER


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(["python", "/v/bin/uvicorn", "app:app"], True, id="uvicorn"),
        pytest.param(["python", "-m", "gunicorn", "app:app"], True, id="gunicorn module"),
        pytest.param(["/v/bin/celery", "-A", "app", "worker"], True, id="a worker"),
        pytest.param(["python", "manage.py", "runserver"], True, id="Django's server"),
        pytest.param(["python", "manage.py", "migrate"], False, id="Django's command"),
        pytest.param(["/v/bin/flask", "shell"], False, id="Flask's shell"),
        pytest.param(["python", "job.py", "uvicorn"], False, id="a script"),
    ],
)
def test_what_works_for_many_callers_is_known(line: list[str], expected: bool) -> None:
    """Servers and workers are; scripts and commands have one caller, who started them."""
    assert serves(line) is expected
