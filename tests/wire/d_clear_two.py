#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: what takes two people to clear holds until the second one, whatever happens between them:
the first gets 202, a killed broker forgets nobody, and the record names both."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import Broker, Tap  # noqa: E402


def first_and_second(tap, broker):
    with broker.client() as client:
        stop = client.stop("all", "everything looks wrong").json["stop"]
        first = client.clear(stop, "a false alarm, I think")
        body = first.json
        tap.ok(first.status == 202 and body["state"] == "in_force" and body["clear_asked_by"] == "lee"
               and body["clear_asked_reason"] == "a false alarm, I think" and body["clear_lapses_at"] > body["clear_asked_at"],
               "the first gets 202, and the stop holds", first)
        tap.ok(client.token().json["ambit_reason"] == "stopped", "nothing is given")
    broker.kill()
    broker.start()
    with broker.client() as client:
        tap.ok(client.token().json["ambit_reason"] == "stopped", "killed between the two: it holds")
        again = client.clear(stop)
        tap.ok(again.status == 409 and "second person" in again.json["detail"], "the first is not the second", again)
        for who in ("dana", "sam"):
            tap.ok(client.clear(stop, who=who).status == 403, f"{who} owns or backs up what was stopped, and is not on call")
        said = broker.ambit("clear", stop, "--reason", "seen too", "--url", f"http://127.0.0.1:{broker.port}",
                            "--token-file", os.path.join(broker.state, "credentials", "kim.token"))
        tap.ok(said.returncode == 0 and b"cleared" in said.stdout, "the second clears it", said)
        body = client.person("lee", "GET", f"/v1/stops/{stop}").json
        tap.ok(body["state"] == "cleared" and body["cleared_by"] == "kim" and body["clear_asked_by"] == "lee"
               and "clear_lapses_at" not in body, "and both stand in it", body)
        tap.ok(client.token().status == 200, "and there are tokens again")
        tap.ok(client.clear(stop).status == 409, "once")
        asked = list(client.events(type="stop.clear_asked"))
        cleared = list(client.events(type="stop.cleared"))
        tap.ok(len(asked) == 1 and asked[0]["person"] == "lee" and asked[0]["words"] == "a false alarm, I think"
               and asked[0]["stop"] == stop and asked[0]["expires_at"], "the record tells the first", asked)
        tap.ok(len(cleared) == 1 and cleared[0]["person"] == "kim" and cleared[0]["detail"] == {"first": "lee", "first_seq": asked[0]["seq"]},
               "and the second", cleared)


def by_command(tap, broker):
    with broker.client() as client:
        stop = client.stop("team:payments").json["stop"]
        words = ["--reason", "all is well", "--url", f"http://127.0.0.1:{broker.port}", "--token-file"]
        said = broker.ambit("clear", stop, *words, os.path.join(broker.state, "credentials", "kim.token"))
        tap.ok(said.returncode == 0 and b"in_force" in said.stdout and b"another on-call person" in said.stdout,
               "ambit clear says that another person must", said)
        said = broker.ambit("clear", stop, *words, os.path.join(broker.state, "credentials", "kim.token"))
        tap.ok(said.returncode == 1, "and not the same one", said)
        tap.ok(client.clear(stop).status == 200, "the other does")
        one = client.stop("agent:reporter").json["stop"]
        tap.ok(client.clear(one).status == 200, "what takes one still takes one")
        story = client.person("lee", "GET", "/v1/trace/" + stop).json["text"]
        tap.ok("kim asked for a second person to clear" in story, "the story tells it", story)


def main():
    tap = Tap()
    with Broker() as broker:
        broker.give_token("kim")
        with broker.client() as client:
            tap.ok(client.person("lee", "POST", "/v1/documents/reload").status == 200, "kim has a token")
        first_and_second(tap, broker)
        by_command(tap, broker)
        broker.stop()
        status, answer = broker.verify()
        tap.ok(status == 0 and answer["ok"], "and the record holds", answer)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
