#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Goal: the units are valid, exposed 1.5 at most, and the broker keeps what they promise (notify)."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from broker import BUILD, Broker, ROOT, Tap  # noqa: E402

UNITS = os.path.join(ROOT, "systemd")
EXPOSURE_MAX = 1.5


def verify(folder):
    """systemd-analyze verify, with the built program and no manual installed."""
    for name in ("ambitd.service", "ambitd.socket"):
        with open(os.path.join(UNITS, name), encoding="utf-8") as f:
            text = f.read().replace("/usr/bin/ambitd", os.path.join(BUILD, "ambitd"))
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(re.sub(r"^Documentation=.*\n", "", text, flags=re.M))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", os.path.join(folder, "ambitd.service"), os.path.join(folder, "ambitd.socket")],
                          capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).strip()


def exposure():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", os.path.join(UNITS, "ambitd.service")],
                          capture_output=True, text=True, env={**os.environ, "SYSTEMD_COLORS": "0"})
    m = re.search(r"Overall exposure level for ambitd.service: ([0-9.]+)", done.stdout)
    return float(m[1]) if m else 10.0


def into(folder, program, name, *words):
    """A program of systemd with a file of ours, working on a root of its own."""
    with open(os.path.join(UNITS, name), "rb") as f:
        return subprocess.run([program, f"--root={folder}", *words, "-"], stdin=f, capture_output=True, text=True)


def notifications(tap):
    """The broker under a notify socket of ours: ready, watchdog, stopping."""
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(path)
        inbox.settimeout(20)
        said = ""
        with Broker(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}) as broker:
            try:
                while "WATCHDOG=1" not in said:
                    said += inbox.recv(4096).decode() + "\n"
            except TimeoutError:
                pass
            tap.ok("READY=1" in said, "the broker says when it is ready", said)
            tap.ok("WATCHDOG=1" in said, "and feeds the watchdog", said)
            broker.stop()
            try:
                while "STOPPING=1" not in said:
                    said += inbox.recv(4096).decode() + "\n"
            except TimeoutError:
                pass
            tap.ok("STOPPING=1" in said, "and says that it is stopping", said)
    shutil.rmtree(folder)


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    status, text = verify(folder)
    tap.ok(status == 0 and not text, "systemd-analyze verify has nothing to say", text)
    level = exposure()
    tap.note(f"exposure {level}")
    tap.ok(level <= EXPOSURE_MAX, f"exposure is {EXPOSURE_MAX} at most", level)
    os.mkdir(os.path.join(folder, "etc"))
    made = into(folder, "systemd-sysusers", "ambit.sysusers")
    passwd = os.path.join(folder, "etc", "passwd")
    tap.ok(made.returncode == 0 and os.path.exists(passwd) and "ambit:" in open(passwd, encoding="utf-8").read(),
           "systemd-sysusers makes the account", made)
    made = into(folder, "systemd-tmpfiles", "ambit.tmpfiles", "--create")
    state = os.path.join(folder, "var/lib/ambit")
    tap.ok(made.returncode == 0 and os.path.isdir(state) and os.stat(state).st_mode & 0o777 == 0o700,
           "systemd-tmpfiles makes the folders", made)
    shutil.rmtree(folder)
    notifications(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
