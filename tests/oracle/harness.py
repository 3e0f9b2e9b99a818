# SPDX-License-Identifier: Apache-2.0
"""The engine behind its harness (one JSON document a line each way), and how two answers are compared."""
import json
import subprocess

COMPARED = ("decision", "reason", "policy", "rule", "digest", "trips", "checks")


class Harness:
    """A harness program, started anew when it died."""

    def __init__(self, command):
        self.command, self.process, self.loaded = command, None, None

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()
            self.process = None

    def say(self, line):
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.process.stdin.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer:
            process, self.process = self.process, None
            process.kill()
            status = process.wait()
            if self.loaded and "documents" not in line:  # the next question finds its documents again
                self.say({"documents": self.loaded})
            return {"crashed": status}
        return json.loads(answer)

    def load(self, documents):
        """None, or the problems that the engine has with the set."""
        answer, self.loaded = self.say({"documents": documents}), documents
        return None if answer.get("ok") else answer

    def ask(self, question):
        return self.say(question)


def normal(answer):
    """The compared part of an answer of the engine: what is derived or free text is left out."""
    if "checks" not in answer:  # of an event, or an error
        return {"trips": sorted(answer["trips"])} if "trips" in answer else {"error": answer.get("error", answer)}
    out = {m: answer[m] for m in COMPARED if m in answer}
    out["trips"] = sorted(set(out.get("trips", [])))
    out["checks"] = [[c["check"], c["result"]] for c in answer["checks"]]
    if out["decision"] in (True, False):
        out["decision"] = "allow" if out["decision"] else "deny"
    if out["decision"] == "allow" and "lifetime_s" in answer:
        out["lifetime_s"] = answer["lifetime_s"]
        out["except"] = sorted(answer.get("except", []), key=lambda r: json.dumps(r, sort_keys=True))
    return out


def differing(model, engine):
    """The members in which the two differ."""
    if "except" in model:
        model = {**model, "except": sorted(model["except"], key=lambda r: json.dumps(r, sort_keys=True))}
    engine = normal(engine)
    return sorted(m for m in {**model, **engine} if model.get(m) != engine.get(m))
