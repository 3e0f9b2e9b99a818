# SPDX-License-Identifier: Apache-2.0
"""Filling a record with events that nothing needs any more, and pruning them. For brokers whose record.least_age is a second."""
import time

FAR = "2100-01-01T00:00:00Z"


def prune(client, who="lee", before=FAR, **members):
    return client.person(who, "POST", "/v1/prune", {"before": before, "reason": "a test", **members})


def segments(client):
    return client.person("lee", "GET", "/v1/segments").json


def wait(client, want):
    told = {}
    for _ in range(500):
        told = segments(client)
        if want(told):
            break
        time.sleep(0.02)
    return told


def fill(client, n):
    return [client.token().json["access_token"] for _ in range(n)]


def end_all(client):
    """No grant lives on: what is given before a stop is dead after it was cleared too."""
    for agent in ("remediator", "reporter"):
        stop = client.stop("agent:" + agent)
        client.clear(stop.json["stop"])
        close_all(client)


def close_all(client):
    for incident in client.person("lee", "GET", "/v1/incidents").json["incidents"]:
        if incident["state"] == "open":
            client.person("lee", "POST", f"/v1/incidents/{incident['incident']}/close", {"reason": "over"})
