# SPDX-License-Identifier: Apache-2.0
"""The door of the evaluator: documents, stops, history, request and now give an answer."""
from . import action, grant, shape
from .case import Case
from .history import Event


def answer(documents, question, notes=None):
    """The answer to one question, in the shape of /v1/explain (checks as pairs, no remedy, no text)."""
    kind, fault = question["question"], shape.fault(documents, question)
    if fault:
        return {"error": fault}
    members = ("agent", "items", "action", "resource", "context", "grant", "lineage", "audience", "binding", "purpose")
    asked = {k: question[k] for k in members if k in question}
    if kind == "event":
        case = Case(documents, question)
        event = Event(documents, {k: v for k, v in question.items() if k != "at"})
        answered = {"trips": sorted(case.trips(event, question["kind"]))}
    elif kind == "grant":
        case = grant.Grant(documents, question)
        case.event = Event(documents, {"items": [], **asked, "kind": "granted"}, is_asked=True)
        answered = case.judge(grant.CHECKS, case.event)
    else:
        case = action.Action(documents, question)
        case.event = Event(documents, {**asked, "kind": "allowed"})
        answered = case.judge(action.CHECKS, case.event)
    if notes is not None:
        notes += case.notes
    return answered
