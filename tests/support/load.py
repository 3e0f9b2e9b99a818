# SPDX-License-Identifier: Apache-2.0
"""Writers for the crash rigs: each asks for tokens, decisions, revocations and now and then a stop,
and remembers what it saw answered. What was answered must be in the record, whatever happened."""
import random
import re
import select
import socket
import threading
import time

from broker import GONE, Threads, claims


class Seen:
    """What clients saw answered: (event type, id) pairs."""

    def __init__(self):
        self.facts, self.lock, self.refusals = [], threading.Lock(), {}

    def add(self, kind, ident):
        with self.lock:
            self.facts.append((kind, ident))

    def refused(self, answer):
        with self.lock:
            self.refusals[answer.status] = self.refusals.get(answer.status, 0) + 1

    def missing(self, events):
        """The facts that the record does not hold."""
        held = set()
        for event in events:
            kind = event["type"]
            for member in ("grant", "id", "stop"):
                if member in event:
                    held.add((kind, event[member]))
        return [fact for fact in self.facts if fact not in held]


def writer(broker, seen, is_over, seed, pause=0.0):
    """Until told or until the broker is gone. Errors of a dying broker end it, wrong answers do not pass."""
    dice = random.Random(seed)
    try:
        with broker.client() as client:
            while not is_over.is_set():
                granted = client.token()
                if granted.status != 200:
                    seen.refused(granted)
                    time.sleep(0.001)
                    continue
                token = granted.json["access_token"]
                seen.add("grant.issued", claims(token)["jti"])
                for _ in range(dice.randint(1, 4)):
                    answer = client.evaluate(token)
                    if answer.status != 200:
                        seen.refused(answer)
                    elif answer.json["decision"]:
                        seen.add("action.allowed", answer.json["context"]["id"])
                    else:
                        seen.add("action.denied", answer.json["context"]["id"])
                if dice.random() < 0.3:
                    answer = client.revoke(token)
                    if answer.status == 200:
                        seen.add("grant.revoked", claims(token)["jti"])
                if dice.random() < 0.05:
                    answer = client.stop(f"grant:{claims(token)['jti']}")
                    if answer.status == 201 and answer.json["recorded"] == "yes":
                        seen.add("stop.raised", answer.json["stop"])
                if pause:
                    time.sleep(pause)
    except GONE:
        pass


class Load:
    """`writers` threads at once, until stop()."""

    def __init__(self, broker, writers=8, seed=1, pause=0.0):
        self.seen, self.over = Seen(), threading.Event()
        self.threads = Threads([lambda k=k: writer(broker, self.seen, self.over, seed * 1000 + k, pause) for k in range(writers)])

    def stop(self):
        self.over.set()
        self.threads.join()
        return self.seen


def request_of(path, body, headers):
    """The bytes of a POST, to be sent as often as wanted."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items()), f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def token_request(broker, scope="ticket.read%5Bticket%3A**%5D"):
    return request_of("/token", f"grant_type=client_credentials&scope={scope}",
                      {"Authorization": broker.basic("remediator"), "Content-Type": "application/x-www-form-urlencoded"})


class Lane:
    """One connection of blast(): one request under way at a time."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.text = b""

    def read(self):
        """The status of a whole reply, or None as long as it is not."""
        piece = self.socket.recv(65536)
        if not piece:
            raise OSError("closed by the broker")
        self.text += piece
        head, gap, body = self.text.partition(b"\r\n\r\n")
        if not gap:
            return None
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if len(body) < int(length[1]):
            return None
        self.text = body[int(length[1]):]
        return int(head[9:12])


def blast(broker, request, connections, total):
    """`total` times the same request over so many connections at once, as fast as they are answered,
    from one thread without waiting for any one of them; how often each status came back."""
    lanes, statuses, sent = {}, {}, 0
    poller = select.epoll()
    for _ in range(connections):
        lane = Lane(broker.port)
        lanes[lane.socket.fileno()] = lane
        poller.register(lane.socket.fileno(), select.EPOLLIN)
    for lane in lanes.values():
        lane.socket.sendall(request)
        sent += 1
    answered = 0
    while answered < sent:
        ready = poller.poll(60)
        if not ready:
            raise TimeoutError(f"{sent - answered} requests are not answered")
        for number, _ in ready:
            status = lanes[number].read()
            if status is None:
                continue
            statuses[status] = statuses.get(status, 0) + 1
            answered += 1
            if sent < total:
                lanes[number].socket.sendall(request)
                sent += 1
    for lane in lanes.values():
        lane.socket.close()
    poller.close()
    return statuses
