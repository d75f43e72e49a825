"""Which calls make a release, in which order."""

from __future__ import annotations

import pytest

from otel_sentry.cli.release_steps import Release, steps_of

NEW = "releases new v1"
AUTO = "releases set-commits v1 --ignore-missing --auto"
DONE = "releases finalize v1"


@pytest.mark.parametrize(
    ("release", "calls"),
    [
        pytest.param(Release("v1"), [NEW, AUTO, DONE], id="least"),
        pytest.param(Release("v1", commits="off", finalise=False), [NEW], id="created only"),
        pytest.param(
            Release("v1", commits="local"), [NEW, AUTO.replace("auto", "local"), DONE], id="commits of this folder"
        ),
        pytest.param(
            Release("v1", source_maps=("a", "b"), dist="7", url_prefix="~/x", commits="off"),
            [
                NEW,
                "sourcemaps inject a",
                "sourcemaps upload --release v1 --dist 7 --url-prefix ~/x a",
                "sourcemaps inject b",
                "sourcemaps upload --release v1 --dist 7 --url-prefix ~/x b",
                DONE,
            ],
            id="source maps",
        ),
        pytest.param(
            Release("v1", source_maps=("a",), environment="prod", source_maps_only=True),
            ["sourcemaps inject a", "sourcemaps upload --release v1 a"],
            id="a server without releases",
        ),
        pytest.param(
            Release("v1", commits="off", environment="prod"),
            [NEW, DONE, "deploys new --release v1 --env prod"],
            id="deployed",
        ),
    ],
)
def test_calls_of_a_release(release: Release, calls: list[str]) -> None:
    """Created first, finalised before it is deployed."""
    assert [" ".join(step.call) for step in steps_of(release)] == calls


def test_a_release_is_good_without_commits_only() -> None:
    """Every other step must succeed."""
    steps = steps_of(Release("v1", source_maps=("a",), environment="prod"))

    assert [step.what for step in steps if step.otherwise] == ["tell its commits"]
