#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: health, readiness and metrics say what is so, in the forms that monitors read; start and stop
keep their exit codes."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, ROOT, Broker, Tap  # noqa: E402

NAMES = ["ambit_decisions_total", "ambit_grants_live", "ambit_stops_in_force", "ambit_events_total", "ambit_commit_seconds",
         "ambit_commit_batch_size", "ambit_client_authentication_failures_total", "ambit_store_bytes", "ambit_sealed", "ambit_full", "ambit_time_ahead_seconds"]


def value(text, name, **labels):
    """The sum of the samples of a metric that carry these labels; None when there is none."""
    total = None
    for line in text.split("\n"):
        m = re.match(rf"^{name}(?:\{{(.*)\}})? ([0-9.e+-]+)$", line)
        if m and all(f'{k}="{v}"' in (m[1] or "") for k, v in labels.items()):
            total = (total or 0) + float(m[2])
    return total


def samples(text):
    """(name without labels, labels, value) of every sample, in order."""
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            m = re.fullmatch(r'([a-z_]+)(?:\{([a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*)\})? ([0-9.e+-]+)', line)
            yield (m[1], m[2] or "", float(m[3])) if m else (line, None, None)


def exposition(tap, text):
    """The form that Prometheus reads: what `promtool check metrics` would say, where there is none."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    family = [next((n for n in (s[0], re.sub("_(bucket|sum|count)$", "", s[0])) if n in types), None) for s in samples(text)]
    tap.ok(text.endswith("\n") and all(s[1] is not None for s in samples(text)) and None not in family, "PRO-1 every line is a sample of a known type", text)
    tap.ok(len(types) == len(re.findall("^# TYPE ", text, re.M)) and list(types) == re.findall(r"^# HELP (\S+) .", text, re.M), "PRO-1 help and type once each", types)
    runs = [name for i, name in enumerate(family) if i == 0 or family[i - 1] != name]
    tap.ok(len(runs) == len(set(runs)), "PRO-1 the lines of a metric are together", runs)
    labelled = [s[:2] for s in samples(text)]
    tap.ok(len(labelled) == len(set(labelled)), "PRO-1 each set of labels once")
    for name in [n for n, kind in types.items() if kind == "histogram"]:
        buckets = [(s[1][4:-1], s[2]) for s in samples(text) if s[0] == name + "_bucket"]
        values, bounds = [v for _, v in buckets], [float(b) for b, _ in buckets]
        tap.ok(values == sorted(values) and bounds == sorted(bounds) and buckets[-1] == ("+Inf", value(text, name + "_count")) and value(text, name + "_sum") is not None,
               f"PRO-2 {name} is cumulative up to +Inf", buckets)
    tap.ok(all(n.endswith("_total") for n, kind in types.items() if kind == "counter"), "PRO-2 counters end in _total", types)
    tap.ok({re.sub('="[^"]*"', "", label) for _, label, _ in samples(text)} <= {"", "question,decision,reason", "le", "step"}, "PRO-2 labels hold no text of a caller")


def metrics(tap, broker, client):
    tap.ok(client.token().status == 200, "a token is granted")
    token = client.token().json["access_token"]
    client.evaluate(token)
    client.token("nothing.known[ticket:1]")
    broker.secrets["remediator.secret"], right = "wrong", broker.secret("remediator.secret")
    tap.ok(client.token().status == 401, "a wrong secret is 401")
    broker.secrets["remediator.secret"] = right
    stop = client.stop("agent:reporter").json["stop"]
    answer = client.call("GET", "/metrics")
    text = answer.body.decode()
    tap.ok(answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), "PRO-1 /metrics is text", answer.headers)
    exposition(tap, text)
    for name in NAMES:
        tap.ok(re.search(rf"^# TYPE {name} ", text, re.M), f"it has {name}")
    tap.ok(value(text, "ambit_decisions_total", question="grant", decision="allow") == 2, "two grants counted", text)
    tap.ok(value(text, "ambit_decisions_total", question="action", decision="allow", reason="allowed") == 1, "one action counted")
    tap.ok(value(text, "ambit_decisions_total", question="grant", decision="deny") == 1, "one refusal counted")
    tap.ok(value(text, "ambit_stops_in_force") == 1, "one stop in force")
    tap.ok(value(text, "ambit_client_authentication_failures_total") == 1, "one failed authentication")
    tap.ok(value(text, "ambit_sealed") == 0 and value(text, "ambit_full") == 0, "neither sealed nor full")
    events = len(list(client.events()))
    tap.ok(0 < value(client.call("GET", "/metrics").body.decode(), "ambit_events_total"), "events are counted", events)
    tap.ok(not re.search(r"remediator|reporter|" + re.escape(token[:20]), text), "no agent and no token is a label")
    client.clear(stop)
    tap.ok(value(client.call("GET", "/metrics").body.decode(), "ambit_stops_in_force") == 0, "a cleared stop is not in force")
    promtool = shutil.which("promtool") or os.path.join(ROOT, "build-tools/usr/bin/promtool")
    if os.path.exists(promtool):
        done = subprocess.run([promtool, "check", "metrics"], input=answer.body, capture_output=True)
        tap.ok(done.returncode == 0 and not done.stderr, "promtool check metrics", done.stderr.decode())
    else:
        tap.skip("promtool check metrics", "no promtool")


def exits(tap, broker):
    """Exit codes of interfaces.md: 0 in order, 1 could not serve, 2 wrong usage."""
    def run(*words):
        return subprocess.run([os.path.join(BUILD, "ambitd"), *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              cwd=broker.home, env=broker.env)
    tap.ok(run("--version").returncode == 0, "--version")
    tap.ok(run("--help").returncode == 0, "--help")
    tap.ok(run("--nonsense").returncode == 2, "an unknown flag is 2")
    tap.ok(run("--dev", "--listen", "0.0.0.0:0").returncode == 2, "--dev refuses an address that is not loopback")
    second = run("--dev", "--state", broker.state, "--listen", "127.0.0.1:0")
    tap.ok(second.returncode == 1, "a state that is in use is 1", second)
    taken = run("--dev", "--state", os.path.join(broker.home, "other"), "--listen", f"127.0.0.1:{broker.port}")
    tap.ok(taken.returncode == 1, "a port that is taken is 1", taken)
    made = run("--check", "--config", os.path.join(broker.state, "ambit.json"))
    tap.ok(made.returncode == 0, "the configuration that --dev made is valid", made)
    tap.ok(run("--check", "--config", os.path.join(broker.home, "none.json")).returncode == 2, "a missing one is 2")


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        answer = client.call("GET", "/healthz")
        tap.ok(answer.status == 200 and answer.json == {"status": "ok"}, "/healthz", answer)
        answer = client.call("GET", "/readyz")
        tap.ok(answer.status == 200 and answer.json["status"] == "ready", "/readyz", answer)
        answer = client.call("GET", "/healthz", headers={"X-Request-ID": "abc-1"})
        tap.ok(answer.headers["X-Request-ID"] == "abc-1", "X-Request-ID is echoed", answer.headers)
        tap.ok(client.call("GET", "/nowhere").status == 404, "an unknown path is 404")
        tap.ok(client.call("DELETE", "/token").status == 405, "a wrong method is 405")
        mode = os.stat(broker.state).st_mode & 0o777
        tap.ok(mode == 0o700, "the state is 0700", oct(mode))
        loose = [os.path.join(folder, f) for folder in ("credentials", "keys")
                 for f in os.listdir(os.path.join(broker.state, folder))
                 if os.stat(os.path.join(broker.state, folder, f)).st_mode & 0o077]
        tap.ok(not loose, "secrets are 0600", loose)
        metrics(tap, broker, client)
        exits(tap, broker)
        tap.ok(broker.stop() == 0, "SIGTERM ends it with 0")
        broker.start()
        with broker.client() as again:
            tap.ok(again.call("GET", "/readyz").status == 200, "the same state is taken up again")
        tap.ok(broker.stop() == 0, "and it ends in order")
        log = broker.said().decode()
        tap.ok("/token" in log and "/healthz" in log or "token" in log, "the log has a line a request", log[:600])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
