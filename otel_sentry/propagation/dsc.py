"""The dynamic sampling context: built at the head of a trace, then frozen: the same on every hop, in every envelope.

Pure. Source: protocol page 6.2 and 6.3; Relay's `dsc.rs` for what an envelope header may hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from otel_sentry.propagation.sample_numbers import parsed_sample_rand, sample_rand_text
from otel_sentry.propagation.trace import IncomingTrace, Verdict
from otel_sentry.protocol.valid_text import valid_text

_REPLAY_ID = re.compile(r"[0-9a-fA-F]{32}")
_KEY_LENGTH = 32
_RELAYS_FORM = {
    "user": re.compile("(?!)"),
    "sample_rate": re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?"),
    "replay_id": re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}
"""Members that Relay parses, and would refuse the whole envelope for; no text of `user` pleases it.

Source: relay-sampling/src/dsc.rs.
"""


class DscSource(NamedTuple):
    """What this process contributes to the contexts of traces that begin here."""

    public_key: str | None = None
    release: str | None = None
    environment: str | None = None
    org_id: str | None = None


def head_dsc(
    source: DscSource,
    *,
    trace_id: int,
    verdict: Verdict | None,
    transaction: str | None = None,
    transaction_source: str | None = None,
) -> dict[str, str]:
    """The context of a trace that begins here.

    Args:
        source: see `DscSource`; unknown parts are left out.
        trace_id: 128-bit id.
        verdict: None while nobody has decided: the decision stays deferred.
        transaction: the local root's name.
        transaction_source: where the name comes from; names of source `url` hold data and are left out.
    """
    name = transaction if transaction_source != "url" else None
    members = {
        "trace_id": f"{trace_id:032x}",
        "public_key": source.public_key,
        "release": source.release,
        "environment": source.environment,
        "org_id": source.org_id,
        "transaction": name,
    }
    known = {key: value for key, value in members.items() if value}
    return known if verdict is None else {**known, **decided_dsc(verdict)}


def continued_dsc(incoming: IncomingTrace, verdict: Verdict | None) -> Mapping[str, str]:
    """The context of a trace that a caller began: frozen as it came, empty included.

    Where the decision was taken here (deferred by the caller, or overridden by `traces_sampler`), rate, number and
    decision are this process's, so that every hop reads what was decided. Where the caller decided, only what is wrong
    is put right: a missing number is filled in, as every Sentry SDK does, and members that contradict `sentry-trace`
    give way to it.
    """
    dsc = incoming.dsc
    if verdict is None or not dsc:
        return dsc
    decision = decided_dsc(verdict)
    if parsed_sample_rand(dsc.get("sample_rand")) is not None:
        decision["sample_rand"] = dsc["sample_rand"]
    if verdict.inherited:
        if verdict.sample_rate is not None:
            decision["sample_rate"] = dsc["sample_rate"]
        else:
            decision["sample_rate"] = "1.0" if verdict.sampled else "0.0"
        decision = {key: decision[key] for key in decision if key in dsc or key == "sample_rand"}
    return {**dsc, **decision}


def decided_dsc(verdict: Verdict) -> dict[str, str]:
    """The members that tell a decision: `sampled`, `sample_rand`, and `sample_rate` where it is known."""
    rate = {} if verdict.sample_rate is None else {"sample_rate": str(verdict.sample_rate)}
    return {
        "sampled": "true" if verdict.sampled else "false",
        **rate,
        "sample_rand": sample_rand_text(verdict.sample_rand),
    }


def envelope_dsc(dsc: Mapping[str, str], *, trace_id: int, public_key: str) -> dict[str, str]:
    """The `trace` header of an envelope: what Relay insists on is there, and nothing that it would refuse.

    Args:
        dsc: the trace's context; may be empty or, from a careless caller, wrong.
        trace_id: that of the spans in the envelope.
        public_key: of the DSN the envelope goes to; used when the context names none.
    """
    if not all(map(str.isascii, (*dsc, *dsc.values()))):
        dsc = {valid_text(key): valid_text(value) for key, value in dsc.items()}
    readable = {
        key: value for key, value in dsc.items() if key not in _RELAYS_FORM or _RELAYS_FORM[key].fullmatch(value)
    }
    if "transaction" in readable:
        readable.pop("segment_name", None)
    caller_key = readable.get("public_key", "")
    if not caller_key or (len(caller_key) != _KEY_LENGTH and len(public_key) == _KEY_LENGTH):
        caller_key = public_key
    return {**readable, "trace_id": f"{trace_id:032x}", "public_key": caller_key}


def replay_id_of(dsc: Mapping[str, str]) -> str | None:
    """The session replay that a trace belongs to: 32 hex digits; None if there is none or it is malformed."""
    replay_id = dsc.get("replay_id", "")
    return replay_id if _REPLAY_ID.fullmatch(replay_id) else None


def with_replay(dsc: Mapping[str, str], replay_id: str | None) -> Mapping[str, str]:
    """The context with the replay that a caller has told of; one that it names already stays.

    A page that continues a trace of this process begins its replay when that trace's context is frozen already.
    """
    return dsc if replay_id is None or "replay_id" in dsc else {**dsc, "replay_id": replay_id}
