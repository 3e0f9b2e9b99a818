# SPDX-License-Identifier: Apache-2.0
"""What is no question: a value of another JSON type (400), a name that no document has (404), an entry after `now` (400)."""
from . import clock

TEXTS = ("agent", "audience", "purpose", "source", "binding", "composition", "action", "resource", "grant", "lineage")
TYPES = {**dict.fromkeys(TEXTS, str), "items": list, "grant_items": list, "except": list, "history": list, "stops": list,
         "lifetime_s": int, "context": dict, "parent": dict, "now": str, "issued_at": str, "expires_at": str}


def fault(documents, question):
    """400, 404 or None."""
    for member, value in question.items():
        if member in TYPES and (not isinstance(value, TYPES[member]) or isinstance(value, bool)):
            return 400
    now = clock.instant(question["now"])
    if any(clock.instant(e["at"]) > now for e in question.get("history", [])):
        return 400
    if any(a not in documents.agents for a in [question["agent"], *(e["agent"] for e in question.get("history", []))]):
        return 404
    return None
