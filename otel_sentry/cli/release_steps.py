"""Which calls of sentry-cli make a release, in which order. Pure: options in, calls out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COMMITS: Final = ("auto", "local", "off")
"""Where commits come from: the repositories that Sentry knows, this folder's git alone, nowhere."""

_NO_COMMITS: Final = "Sentry shows the release without commits; connect the repository there, or say --commits off"


@dataclass(frozen=True, slots=True)
class Release:
    """What is released.

    Attributes:
        version: name of the release.
        dist: build of it, None if there is one only.
        source_maps: folders with JavaScript and its source maps.
        url_prefix: where the files are served from, such as `~/static`; for scripts without debug ids.
        commits: one of `COMMITS`.
        environment: where it is deployed, None for nowhere yet.
        finalise: whether the release is out.
        source_maps_only: for servers that know source maps and no releases, such as Bugsink.
    """

    version: str
    dist: str | None = None
    source_maps: tuple[str, ...] = ()
    url_prefix: str | None = None
    commits: str = "auto"
    environment: str | None = None
    finalise: bool = True
    source_maps_only: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done for a release.

    Attributes:
        what: for the reader, as the end of "… the release".
        call: arguments of sentry-cli.
        instead: what is tried when it fails.
        unless: a call whose output tells that the step was done before, by holding `done`.
        done: see `unless`.
        otherwise: what a failure means, where the release is good without the step; None where it is not.
    """

    what: str
    call: tuple[str, ...]
    instead: tuple[str, ...] | None = None
    unless: tuple[str, ...] | None = None
    done: str = ""
    otherwise: str | None = None


def steps_of(release: Release) -> list[Step]:
    """The steps, in order; every one may be repeated without harm."""
    maps = [step for folder in release.source_maps for step in _source_maps(release, folder)]
    if release.source_maps_only:
        return maps
    steps = [Step("create the release", ("releases", "new", release.version))]
    if release.commits != "off":
        steps.append(_commits(release))
    steps += maps
    if release.finalise:
        steps.append(Step("finalise the release", ("releases", "finalize", release.version)))
    if release.environment:
        steps.append(_deploy(release.version, release.environment))
    return steps


def _commits(release: Release) -> Step:
    call = ("releases", "set-commits", release.version, "--ignore-missing")
    instead = (*call, "--local") if release.commits == "auto" else None
    return Step("tell its commits", (*call, f"--{release.commits}"), instead, otherwise=_NO_COMMITS)


def _source_maps(release: Release, folder: str) -> list[Step]:
    options = ["--release", release.version]
    options += ["--dist", release.dist] if release.dist else []
    options += ["--url-prefix", release.url_prefix] if release.url_prefix else []
    return [
        Step(f"write debug ids into {folder}", ("sourcemaps", "inject", folder)),
        Step(f"upload the source maps of {folder}", ("sourcemaps", "upload", *options, folder)),
    ]


def _deploy(version: str, environment: str) -> Step:
    # Sentry keeps every deploy it is told of, so one that is listed is not told again.
    return Step(
        f"tell that it is deployed to {environment}",
        ("deploys", "new", "--release", version, "--env", environment),
        unless=("deploys", "list", "--release", version),
        done=environment,
    )
