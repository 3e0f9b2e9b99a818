# SPDX-License-Identifier: Apache-2.0
"""A broker under review "enforce": the documents of the development state with three admins, every
person with an SSH key, and what ssh-keygen makes of them."""
import json
import os
import shutil
import subprocess
import sys
import time

from broker import Broker, skip_all

FOLDERS = {"people": "person", "agents": "agent", "services": "service", "policies": "policy"}


class Signed(Broker):
    def __init__(self, **more):
        if not shutil.which("ssh-keygen"):
            skip_all("no ssh-keygen")
        super().__init__(**more)
        try:
            self.stop()
            for folder in ("store", "search", "log"):  # no record, and nothing that was published of it
                shutil.rmtree(os.path.join(self.state, folder))
            with open(os.path.join(self.state, "ambit.json"), encoding="utf-8") as f:
                self.config = {**json.load(f), "review": "enforce"}
            self.config.pop("issuer", None)
            self.config["state"], self.config["documents"] = self.state, os.path.join(self.state, "documents")
            self.config["listen"] = [{"address": "127.0.0.1:0"}]
            self.write_config()
            for admin in ("ann", "bob"):
                self.propose("people/" + admin, {"person": admin, "name": admin, "email": admin + "@example.gov",
                                                 "team": "platform", "active": True, "roles": ["admin"]})
            for person in ("dana", "sam", "lee", "kim", "ann", "bob"):
                self.make_key(person)
                self.give_token(person, ssh_signers=[self.public_key(person)])
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise

    def write_config(self, **members):
        self.config.update(members)
        with open(os.path.join(self.home, "ambit.json"), "w", encoding="utf-8") as f:
            json.dump(self.config, f)

    # ---- keys

    def make_key(self, person):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", self.key(person)], check=True,
                       stdin=subprocess.DEVNULL)

    def key(self, person):
        return os.path.join(self.home, person + ".key")

    def public_key(self, person):
        with open(self.key(person) + ".pub", encoding="utf-8") as f:
            return f.read().strip()

    def path(self, document):
        folder, name = document.split("/", 1)
        return os.path.join(self.state, "documents", folder, name.replace("/", "__") + ".json")

    def sign(self, document, *people, removal=None, space="ambit-policy"):
        """NAME.json.PERSON.sig, of the file or of the statement that it goes (removal: its digest)."""
        for person in people:
            path = self.path(document)
            if removal:
                folder, name = document.split("/", 1)
                path += ".removed"
                with open(path, "w", encoding="utf-8") as f:
                    f.write(f"ambit removal v1 {FOLDERS[folder]} {name} {removal}\n")
            if os.path.exists(path + ".sig"):
                os.unlink(path + ".sig")
            subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", self.key(person), "-n", space, path], check=True,
                           stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            os.rename(path + ".sig", f"{path}.{person}.sig")

    def sign_all(self):
        """Everything that the first set needs."""
        for document in os.listdir(os.path.join(self.state, "documents/people")):
            if document.endswith(".json"):
                person = document[:-5]
                self.sign("people/" + person, *[a for a in ("ann", "bob", "lee") if a != person][:2])
        for agent in ("remediator", "reporter"):
            self.sign("agents/" + agent, "dana", "sam")
        self.sign("services/payments-api", "dana", "ann")
        for policy in ("restart-services", "read-tickets"):
            self.sign("policies/" + policy, "dana", "lee")

    # ---- life

    def check(self):
        done = subprocess.run([os.path.join(self.build, "ambitd"), "--check", "--config", os.path.join(self.home, "ambit.json")],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=self.home, env=self.env)
        return done.returncode, done.stdout + done.stderr

    def serve(self):
        """Starts it by its configuration; its exit status when it does not serve, else None."""
        begun = os.path.getsize(self.log)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([os.path.join(self.build, "ambitd"), "--config", os.path.join(self.home, "ambit.json")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, cwd=self.home,
                                            start_new_session=True)
        until = time.monotonic() + 120
        while time.monotonic() < until and self.process.poll() is None:
            said = self.said(begun)
            if b"listening on http://127.0.0.1:" in said:
                self.port = int(said.split(b"listening on http://127.0.0.1:")[1].split()[0])
                return None
            time.sleep(0.01)
        return self.process.poll()
