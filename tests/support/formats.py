# SPDX-License-Identifier: Apache-2.0
"""What OCSF 1.9 and ECS 8 require of the classes and values that events are mapped to (LOG-1, LOG-2), written down
from the schemas: for OCSF the attributes marked `required` of each class and of the objects in it, its "at least one
of" constraints and enums; for ECS the values that `event.category` and `event.type` may have, and which types each
category expects."""

# class: (name, category, activities, required, at least one of)
OCSF_CLASSES = {
    2004: ("Detection Finding", 2, {1, 2, 3}, ("finding_info",), ()),
    2005: ("Incident Finding", 2, {1, 2, 3}, ("finding_info_list", "status_id"), ("assignee", "assignee_group")),
    3002: ("Authentication", 3, set(range(1, 8)), ("user",), ("service", "dst_endpoint")),
    3003: ("Authorize Session", 3, {1, 2, 3}, ("user",), ("privileges", "groups", "iam_roles")),
    3004: ("Entity Management", 3, set(range(1, 14)), ("entity",), ()),
    3007: ("User Management", 3, set(range(1, 20)), ("user",), ()),
    6002: ("Application Lifecycle", 6, set(range(1, 9)), ("app",), ()),
    6003: ("API Activity", 6, {1, 2, 3, 4}, ("actor", "api", "src_endpoint"), ()),
}
OCSF_BASE = ("activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid")
OCSF_SEVERITIES = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
OCSF_STATUSES = {0: "Unknown", 1: "Success", 2: "Failure"}
OCSF_FINDING_STATUSES = {1: "New", 2: "In Progress", 4: "Resolved"}
OCSF_INCIDENT_STATUSES = {1: "New", 2: "In Progress", 5: "Closed"}
# What each class may have beside the required, of what we write.
OCSF_MORE = {
    2004: {"is_alert", "resources"}, 2005: {"assignee"}, 3002: {"actor", "src_endpoint", "service"},
    3003: {"actor", "src_endpoint", "privileges", "session"}, 3004: {"actor", "src_endpoint", "comment"},
    3007: {"actor", "src_endpoint", "privileges"}, 6002: set(), 6003: {"resources", "trace"},
}
OCSF_ANY = {"activity_name", "category_name", "class_name", "severity", "status", "status_id", "status_code", "message", "unmapped"}
OCSF_CONTROL = {"action_id", "action", "disposition_id", "disposition", "is_alert", "policy"}

ECS_CATEGORIES = {
    "api": {"access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info", "start", "user"},
    "authentication": {"start", "end", "info"},
    "configuration": {"access", "change", "creation", "deletion", "info"},
    "iam": {"admin", "change", "creation", "deletion", "group", "info", "user"},
    "intrusion_detection": {"allowed", "denied", "info"},
    "process": {"access", "change", "end", "info", "start"},
}
ECS_MEMBERS = {"@timestamp", "ecs", "event", "message", "user", "client", "rule", "service", "trace", "ambit"}


def is_entity(value, *names):
    return isinstance(value, dict) and any(value.get(name) for name in names)


def objects_of(line):
    """(what, holds) of the objects that the class requires."""
    metadata = line["metadata"]
    yield "metadata.version", metadata.get("version") == "1.9.0"
    yield "metadata.product", is_entity(metadata.get("product"), "name", "uid")
    yield "metadata.uid", bool(metadata.get("uid"))
    if "actor" in line:
        actor = line["actor"]
        yield "actor", is_entity(actor, "process", "user", "iam_role", "session", "app_name", "app_uid")
        yield "actor.user", "user" not in actor or is_entity(actor["user"], "account", "name", "uid")
    if "src_endpoint" in line:
        yield "src_endpoint", is_entity(line["src_endpoint"], "ip", "uid", "name", "hostname", "svc_name", "domain")
    for name in ("user", "assignee"):
        if name in line:
            yield name, is_entity(line[name], "account", "name", "uid")
    if "api" in line:
        yield "api.operation", bool(line["api"].get("operation"))
    if "entity" in line:
        yield "entity", is_entity(line["entity"], "name", "uid", "policy", "user")
    if "trace" in line:
        yield "trace.uid", bool(line["trace"].get("uid"))
    if "app" in line:
        yield "app", is_entity(line["app"], "name", "uid")
    for info in line.get("finding_info_list", []) + ([line["finding_info"]] if "finding_info" in line else []):
        yield "finding_info.uid", bool(info.get("uid"))


def ocsf_faults(line, event):
    """What of a line is not as the schema, or not as the event, says."""
    if line.get("class_uid") not in OCSF_CLASSES:
        return [("class", line)]
    name, category, activities, required, one_of = OCSF_CLASSES[line["class_uid"]]
    statuses = {2004: OCSF_FINDING_STATUSES, 2005: OCSF_INCIDENT_STATUSES}.get(line["class_uid"], OCSF_STATUSES)
    is_controlled = "security_control" in line["metadata"].get("profiles", [])
    known = {*OCSF_BASE, *required, *OCSF_MORE[line["class_uid"]], *OCSF_ANY, *(OCSF_CONTROL if is_controlled else ())}
    activity = line["activity_id"]
    checks = [
        ("required", all(k in line for k in (*OCSF_BASE, *required))),
        ("at least one of", not one_of or any(line.get(k) for k in one_of)),
        ("members", set(line) <= known),
        ("class_name", line["class_name"] == name), ("category_uid", line["category_uid"] == category),
        ("activity_id", activity in activities or (activity == 99 and line["activity_name"] != "Other")),
        ("type_uid", line["type_uid"] == line["class_uid"] * 100 + activity),
        ("severity", OCSF_SEVERITIES.get(line["severity_id"]) == line["severity"]),
        ("status", statuses.get(line["status_id"]) == line["status"]),
        ("time", isinstance(line["time"], int) and line["time"] > 10 ** 12 and event["time"].endswith(f".{line['time'] % 1000:03d}Z")),
        ("uid", line["metadata"]["uid"] == event.get("id", f"event:{event['seq']}")),
        ("event_code", line["metadata"]["event_code"] == event["type"]),
        ("leaf", line["unmapped"]["leaf"] == event["leaf"]),
        ("control", not is_controlled or line["disposition"] == {"allow": "Allowed", "deny": "Blocked"}[event["decision"]]),
        ("trace", "trace" not in line or line["trace"]["uid"] == event["txn"]),
        *objects_of(line),
    ]
    return [(what, line) for what, holds in checks if not holds]


def ecs_faults(line, event):
    of = line["event"]
    expected = {one for category in of["category"] for one in ECS_CATEGORIES.get(category, ())}
    outcome = {"allow": "success", "deny": "failure"}.get(event.get("decision"))
    checks = [
        ("members", set(line) <= ECS_MEMBERS), ("@timestamp", line["@timestamp"] == event["time"]), ("ecs.version", line["ecs"]["version"].startswith("8.")),
        ("category", isinstance(of["category"], list) and of["category"] and set(of["category"]) <= set(ECS_CATEGORIES)),
        ("type", isinstance(of["type"], list) and of["type"] and set(of["type"]) <= expected),
        ("kind", of["kind"] in ("event", "alert")), ("outcome", of["outcome"] in ("success", "failure", "unknown") and outcome in (None, of["outcome"])),
        ("action", of["action"] == event["type"]), ("reason", of.get("reason") == event.get("reason")),
        ("id", of["id"] == event.get("id", f"event:{event['seq']}")), ("severity", 1 <= of["severity"] <= 5),
        ("user", line.get("user", {}).get("id") == event.get("person", event.get("agent"))),
        ("client", line.get("client", {}).get("ip") == event.get("source")), ("trace", line.get("trace", {}).get("id") == event.get("txn")),
        ("rule", line.get("rule", {}).get("ruleset") == event.get("policy")), ("leaf", line["ambit"]["leaf"] == event["leaf"]),
    ]
    return [(what, line) for what, holds in checks if not holds]
