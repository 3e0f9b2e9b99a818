#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: every verb of the command line does its work against a running broker, with the published
exit codes, JSON that is the broker's answer, and secrets in files alone."""
import json
import os
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import BUILD, SLOW, Broker, Tap, claims  # noqa: E402


class Cli:
    def __init__(self, tap, broker):
        self.tap, self.broker = tap, broker
        self.credentials = os.path.join(broker.state, "credentials")

    def run(self, *words, who=None, code=0, name=None):
        """Runs a verb and checks its exit code."""
        options = ["--state", self.broker.state]
        if who:
            options += ["--token-file", os.path.join(self.credentials, who + ".token")]
        done = self.broker.ambit(*options, *words, text=True)
        self.tap.ok(done.returncode == code, name or f"ambit {' '.join(words)[:60]}: {code}", f"{done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *words, **options):
        done = self.run(*words, "--json", **options)
        try:
            return json.loads(done.stdout)
        except ValueError:
            self.tap.ok(False, f"{words[0]} --json prints JSON", done.stdout)
            return {}

    def token(self, agent, *words, **options):
        return self.run("token", "--agent", agent, "--key", os.path.join(self.credentials, agent + ".jwk"), *words, **options)


def tokens(tap, cli, home):
    token = cli.token("remediator", "--scope", "service.restart[svc:staging/web-1]", "--for", "2m", "--purpose", "why not").stdout
    tap.ok(token.count("\n") == 1 and token.count(".") == 2, "token prints the token alone", token)
    tap.ok(claims(token)["exp"] - claims(token)["iat"] <= 120, "for the time asked")

    out = os.path.join(home, "out.token")
    done = cli.token("remediator", "--scope", "ticket.read[ticket:**]", "--out", out)
    tap.ok(done.stdout == "" and done.stderr == "", "--out prints nothing", done)
    tap.ok(stat.S_IMODE(os.stat(out).st_mode) == 0o600, "and the file is private")
    with open(out, encoding="ascii") as f:
        written = f.read()
    tap.ok(claims(written)["sub"] == "remediator" and "\n" not in written, "and holds the token alone")

    done = cli.token("remediator", "--scope", "ticket.read[ticket:**]", "--out", out, "--json")
    with open(out, encoding="ascii") as f:
        secret = f.read()
    tap.ok(secret not in done.stdout and json.loads(done.stdout)["token_type"] == "Bearer", "--out --json keeps the token off the screen", done.stdout)

    details = os.path.join(home, "details.json")
    with open(details, "w", encoding="utf-8") as f:
        json.dump([{"type": "ambit", "actions": ["ticket.read"], "resources": ["ticket:INC-7"]}], f)
    done = cli.token("remediator", "--details", details, "--resource", "https://payments.example.gov")
    tap.ok(claims(done.stdout)["aud"] == "https://payments.example.gov", "details and audience are sent")

    done = cli.token("remediator", "--scope", "service.restart[svc:**]", code=1)
    tap.ok("out_of_scope" in done.stderr and "what would pass" in done.stderr and done.stdout == "", "a refusal has its reason and its remedy", done.stderr)
    done = cli.token("remediator", "--scope", "service.restart[svc:**]", "--json", code=1, name="refused as JSON: 1")
    tap.ok(json.loads(done.stdout)["ambit_reason"] == "out_of_scope", "with the broker's own answer", done.stdout)
    cli.token("reporter", "--scope", "ticket.read[ticket:**]", "--key", os.path.join(cli.credentials, "remediator.jwk"), code=2,
              name="a key given twice: 2")
    done = cli.run("token", "--agent", "reporter", "--key", os.path.join(cli.credentials, "remediator.jwk"), "--scope", "ticket.read[ticket:**]",
                   code=1, name="another agent's key: 1")
    tap.ok("invalid_client" in done.stderr, "is not that agent", done.stderr)
    cli.run("token", "--agent", "reporter", "--key", details, "--scope", "x", code=2, name="no key in the key file: 2")
    return out


def people(tap, cli, token_file):
    who = cli.json("whoami", who="lee")
    tap.ok(who.get("kind") == "person" and who.get("name") == "lee" and "oncall" in who.get("roles", []), "whoami: a person", who)
    done = cli.run("--token-file", token_file, "whoami", name="whoami with an agent's access token: 0")
    tap.ok("remediator" in done.stdout and "dana" in done.stdout, "whoami: an agent and its owner", done.stdout)
    cli.run("whoami", "--token-file", "/etc/passwd", code=2, name="a token file that holds none: 2")
    cli.run("whoami", code=2, name="nobody: 2")

    cli.run("reload", who="lee")
    cli.run("reload", who="sam", code=1, name="reload without the role: 1")
    cli.run("time", "acknowledge", "--reason", "a test", who="lee")
    cli.run("time", "acknowledge", "--reason", "a test", who="dana", code=1, name="time by an owner: 1")


def stops(tap, cli, token_file, client):
    grants = cli.json("grants", "--agent", "remediator", who="dana")["grants"]
    tap.ok(grants and all(g["agent"] == "remediator" and g["state"] == "live" for g in grants), "grants of one agent", grants)
    table = cli.run("grants", who="dana").stdout.split("\n")
    tap.ok(table[0].split() == ["GRANT", "AGENT", "OWNER", "STATE", "EXPIRES", "AUDIENCE", "POLICY", "PURPOSE"], "grants as a table", table[0])

    dry = cli.json("stop", "agent:remediator", "--reason", "only asking", "--dry-run", who="lee")
    tap.ok(dry.get("dry_run") is True and dry.get("live_grants") == len(grants), "a dry run counts and stops nothing", dry)
    stop = cli.json("stop", "agent:remediator", "--reason", "it is a test", who="lee")
    tap.ok(stop.get("state") == "in_force" and stop.get("by") == "lee" and "stop" in stop, "a stop is in force when it returns", stop)
    with open(token_file, encoding="ascii") as f:
        token = f.read()
    tap.ok(client.introspect(token).json == {"active": False}, "and the agent's token is dead")
    cli.run("grants", "--agent", "remediator", "--all", who="dana")
    cli.run("stop", "agent:nobody", "--reason", "x", who="lee", code=1, name="stop of an unknown agent: 1")
    cli.run("stop", "agent:reporter", "--reason", "x", who="kim-is-no-file", code=2, name="no such token file: 2")
    done = cli.run("clear", stop["stop"], "--reason", "the test is over", who="lee")
    tap.ok("cleared" in done.stdout, "cleared in words", done.stdout)
    cli.run("clear", stop["stop"], "--reason", "again", who="lee", code=1, name="clear twice: 1")


def audit(tap, cli, token_file, broker):
    trace = cli.json("trace", "--of-token", token_file, who="dana")
    with open(token_file, encoding="ascii") as f:
        jti = claims(f.read())["jti"]
    tap.ok(trace.get("owner", {}).get("person") == "dana" and trace["grants"][0]["grant"] == jti, "trace of a token finds its grant", trace)
    done = cli.run("trace", "agent:remediator", who="dana")
    for word in ("dana", "sha256:", "it is a test", "lee", "ticket.read"):
        tap.ok(word in done.stdout, f"trace says {word}", done.stdout)
    cli.run("trace", "AAAAAAAAAAAAAAAAAAAAAA", who="dana", code=1, name="trace of nothing: 1")

    events = cli.json("events", "--type", "stop.raised", who="dana")["events"]
    tap.ok(len(events) == 1 and events[0]["words"] == "it is a test", "events of one type", events)
    after = cli.json("events", "--after", str(events[0]["seq"]), who="dana")["events"]
    tap.ok(after and min(e["seq"] for e in after) > events[0]["seq"], "events after a sequence")

    follow = subprocess.Popen([os.path.join(BUILD, "ambit"), "events", "--follow", "--json", "--type", "grant.issued", "--after",
                               str(after[-1]["seq"]), "--state", broker.state, "--token-file", os.path.join(cli.credentials, "dana.token")],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=broker.env)
    try:
        time.sleep(0.3 * SLOW)
        cli.token("reporter", "--scope", "ticket.read[ticket:live]")
        line = follow.stdout.readline()
        tap.ok(json.loads(line)["agent"] == "reporter", "--follow shows what happens as it happens", line)
        broker.stop()
        tap.ok(follow.wait(20 * SLOW) == 3, "a stream that ends is 3")
        tap.ok(b"what happens now is not shown" in follow.stderr.read(), "and says so")
    finally:
        if follow.poll() is None:
            follow.kill()
        follow.wait()


def offline(tap, cli, broker):
    status, answer = broker.verify()
    tap.ok(status == 0 and answer["ok"] and answer["events"] > 10, "the record verifies", answer)
    done = cli.run("verify", broker.state)
    tap.ok("the record holds" in done.stdout, "in words", done.stdout)
    cli.run("verify", broker.home, code=2, name="verify of no store: 2")
    cli.run("policy", "check", os.path.join(broker.state, "documents"))
    cli.run("whoami", who="lee", code=3, name="a broker that is gone: 3")
    cli.run("stop", "all", "--reason", "x", "--json", who="lee", code=3, name="and for a stop: 3")


def main():
    tap = Tap()
    with Broker() as broker, broker.client() as client:
        cli = Cli(tap, broker)
        token_file = tokens(tap, cli, broker.home)
        people(tap, cli, token_file)
        stops(tap, cli, token_file, client)
        audit(tap, cli, token_file, broker)
        offline(tap, cli, broker)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
