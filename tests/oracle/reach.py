# SPDX-License-Identifier: Apache-2.0
"""What the random cases reached: a run that never saw a reason, a check, a limit or a stop decide proves nothing of it."""

GRANT_REASONS = """stopped owner_required malformed nothing_requested forbidden out_of_scope not_delegable wrong_audience policy_expired
    outside_hours wrong_source purpose_required composition_mismatch order_violated binding_required expired limit_exceeded hard_stop
    approval_required approval_rejected allowed""".split()
ACTION_REASONS = """wrong_audience stopped inactive malformed forbidden out_of_scope policy_changed outside_hours wrong_source
    purpose_required reason_required missing_context context_violated order_violated composition_mismatch limit_exceeded hard_stop
    approval_required approval_rejected allowed""".split()
GRANT_CHECKS = """stop owner form never scope audience dates hours source purpose composition after binding lifetime limits hard_stop
    approval""".split()
# `grant` and `proof` cannot fail in a question without a token.
ACTION_CHECKS = """audience stop live form never scope policy hours source purpose reason context after composition limits hard_stop
    approval""".split()
EVERY = ("agent", "team", "owner", "policy", "grant", "lineage", "resource")
KEYS = ("agent", "team", "owner", "policy")
LIMITS = [("count", by) for by in EVERY] + [("sum", by) for by in EVERY] + [("distinct", by) for by in EVERY if by != "resource"] + [
    ("grants", by) for by in KEYS] + [("live_grants", by) for by in KEYS] + [("uses", "grant")]
STOPS = ([(on, "by " + by) for on in ("denied", "allowed", "attempted", "unaccounted", "signal")
          for by in ("agent", "team", "policy", "grant", "lineage")]
         + [("granted", "by " + by) for by in ("agent", "team", "policy")]
         + [(on, q) for on in ("denied", "allowed", "attempted", "granted", "unaccounted") for q in ("once", "count", "distinct")]
         + [(on, "sum") for on in ("allowed", "attempted")] + [("signal", "once"), ("signal", "count")])
AFTER = [("then", t) for t in ("revoke_grant", "suspend_agent", "stop_team", "stop_policy")]


def of(question, model, notes):
    """The places that one case reached."""
    kind = question["question"]
    if "error" in model:
        yield ("error", str(model["error"]))
        return
    yield (kind,)
    if kind != "event":
        yield (kind, "reason", model["reason"])
        yield (kind, "parent" if "parent" in question else "root", model["decision"])
        for check, result in model["checks"]:
            if result == "fail":
                yield (kind, "check", check)
        if model["trips"]:
            yield (kind, "trips", "hard_stop" if model["reason"] == "hard_stop" else "beside")
    elif model["trips"]:
        yield (kind, "trips")
    for what, *more in notes:
        if what == "limit":
            yield ("limit", *more)
        else:
            on, by, quantity, then = more
            yield from (("stop", on, "by " + by), ("stop", on, quantity), ("then", then))


def points(reached, cases):
    """(name, places reached too seldom, remarks) of each kind of place."""
    least = max(1, cases // 25_000)
    groups = {
        "reason of a grant": [("grant", "reason", r) for r in GRANT_REASONS],
        "reason of an action": [("action", "reason", r) for r in ACTION_REASONS],
        "check of a grant failed": [("grant", "check", c) for c in GRANT_CHECKS],
        "check of an action failed": [("action", "check", c) for c in ACTION_CHECKS],
        "kind and key of a limit refused": [("limit", *l) for l in LIMITS],
        "kind and key of a hard stop fired": [("stop", *s) for s in STOPS] + AFTER,
        "kind of no question": [("error", "400"), ("error", "404")],
        "kind of question, delegated or not": [("grant", "parent", "allow"), ("grant", "root", "allow"), ("action", "parent", "allow"),
                                               ("action", "root", "allow"), ("event", "trips"), ("action", "trips", "beside"),
                                               ("grant", "trips", "beside")],
    }
    for name, places in groups.items():
        missing = [p for p in places if reached[p] < least]
        spread = " ".join(f"{'/'.join(p[1:] if len(p) > 1 else p)}={reached[p]}" for p in places)
        yield f"every {name} at least {least} times", missing, [spread] + [f"too seldom: {p} {reached[p]}" for p in missing]
