#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: each example agent acts where it may, stops where it may not, and keeps its secrets out of
sight."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import ROOT, SLOW, Broker, Tap  # noqa: E402

AGENTS = [("shell/agent.sh", "bash"), ("python/agent.py", "python3"), ("node/agent.mjs", "node")]


def run(broker, program, path, service):
    with open(os.path.join(broker.state, "url"), encoding="ascii") as f:
        url = f.read()
    return subprocess.run([program, os.path.join(ROOT, "examples", "agents", path), service], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60 * SLOW,
                          env={"PATH": os.environ["PATH"], "HOME": broker.home, "AMBIT_URL": url,
                               "AMBIT_SECRETS": os.path.join(broker.state, "credentials")})


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        for path, program in AGENTS:
            if not shutil.which(program):
                tap.skip(path, f"no {program}")
                continue
            done = run(broker, program, path, "staging/web-1")
            tap.ok(done.returncode == 0 and done.stdout == "restarting svc:staging/web-1\n", f"{path} acts within its bounds", done)
            done = run(broker, program, path, "prod/web-1")
            tap.ok(done.returncode == 1 and "out_of_scope" in done.stderr and done.stdout == "", f"{path} stops at them", done)
            tap.ok(broker.secret("remediator.secret") not in done.stderr, f"{path} keeps its secret")
        done = subprocess.run([os.path.join(ROOT, "examples", "sets", "coding", "run.sh"), broker.state], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60 * SLOW,
                              env={"PATH": os.environ["PATH"], "HOME": broker.home, "AMBIT": os.path.join(broker.build, "ambit")})
        tap.ok(done.returncode == 0 and "  handed on to coder/tester of dana: grant " in done.stdout and "may run.start[run:payments/api/unit]" in done.stdout
               and done.stdout.endswith("refused (stopped): anything more below it\n"), "sets/coding/run.sh hands authority on", done)
        done = subprocess.run([os.path.join(ROOT, "examples", "tls.sh")], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * SLOW,
                              env={"PATH": os.environ["PATH"], "HOME": broker.home, "AMBITD": os.path.join(broker.build, "ambitd"),
                                   "AMBIT": os.path.join(broker.build, "ambit")})
        tap.ok(done.returncode == 0 and "a token over TLS, verified by our authority\na token over the Unix socket\n" in done.stdout
               and done.stdout.endswith("the broker shows: CN = second\n"), "tls.sh shows TLS, the Unix socket and a renewed certificate", done)
        client.stop("agent:remediator")
        for path, program in AGENTS:
            if shutil.which(program):
                done = run(broker, program, path, "staging/web-1")
                tap.ok(done.returncode == 1 and "stopped" in done.stderr, f"{path} does nothing when it is stopped", done)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
