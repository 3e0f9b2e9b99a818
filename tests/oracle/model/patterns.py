# SPDX-License-Identifier: Apache-2.0
"""Names, patterns, and what a pattern says: match, containment and overlap.

Containment and overlap walk the product of two automata over the letters that the two patterns
use and one letter that neither does; nothing is clever here, everything is remembered.
"""
import functools
import re

ACTION_SEPARATOR, RESOURCE_SEPARATOR = ".", "/"
TYPE = re.compile(r"[a-z0-9._-]{1,64}\Z")
FORBIDDEN = set('?"\\{}[]%')
VARIABLES = ("${agent}", "${team}", "${purpose}")


def is_segment(text, separator, is_pattern):
    """Non-empty printable ASCII without space and the forbidden; `*` in patterns, at most three."""
    if not text or text in (".", ".."):
        return False
    if is_pattern and text == "**":
        return True
    if any(not "!" <= c <= "~" or c in FORBIDDEN or c == separator for c in text):
        return False
    return text.count("*") <= 3 and "**" not in text if is_pattern else "*" not in text


def _segments(text, separator, is_pattern):
    parts = tuple(text.split(separator))
    if not all(is_segment(p, separator, is_pattern) for p in parts) or parts.count("**") > 2:
        return None
    return parts


@functools.lru_cache(None)
def read_action(text, is_pattern):
    """(kind, segments), or None when malformed. The kind keeps actions and types of resources apart."""
    if not isinstance(text, str) or len(text.encode("utf-8", "surrogatepass")) > 512:
        return None
    parts = _segments(text, ACTION_SEPARATOR, is_pattern)
    return parts and ("action", parts)


@functools.lru_cache(None)
def read_resource(text, is_pattern):
    if not isinstance(text, str) or len(text.encode("utf-8", "surrogatepass")) > 512 or ":" not in text:
        return None
    kind, rest = text.split(":", 1)
    parts = _segments(rest, RESOURCE_SEPARATOR, is_pattern)
    return (":" + kind, parts) if TYPE.match(kind) and parts else None


@functools.lru_cache(None)
def resolve(text, agent, team, purpose):
    """A resource pattern of an allow rule with its `${…}` put in, or None: it matches nothing."""
    values = dict(zip(VARIABLES, (agent, team, purpose)))
    kind, rest = text.split(":", 1)
    parts = []
    for part in rest.split(RESOURCE_SEPARATOR):
        if part in values:
            part = values[part]
            if part is None or not is_segment(part, RESOURCE_SEPARATOR, False):
                return None
        parts.append(part)
    return read_resource(kind + ":" + RESOURCE_SEPARATOR.join(parts), True)


# ---- the automaton of a pattern: a state is (segment, place in it); the place -1 is inside a `**`

def _closure(segments, states):
    seen, todo = set(states), list(states)
    while todo:
        i, j = todo.pop()
        if i < len(segments):
            segment, more = segments[i], None
            if segment == "**":
                more = (i + 1, 0) if j == 0 else None
            elif j < len(segment) and segment[j] == "*":
                more = (i, j + 1)
            if more and more not in seen:
                seen.add(more)
                todo.append(more)
    return frozenset(seen)


def _step(segments, states, letter):
    """The states after one letter; None is the end of a segment."""
    after = set()
    for i, j in states:
        if i == len(segments):
            continue
        segment = segments[i]
        if segment == "**":
            if letter is not None:
                after.add((i, -1))
            elif j == -1:
                after.add((i, 0))
        elif j == len(segment):
            if letter is None:
                after.add((i + 1, 0))
        elif letter is not None:
            if segment[j] == "*":
                after.add((i, j))
            elif segment[j] == letter:
                after.add((i, j + 1))
    return _closure(segments, after)


def _accepts(segments, states):
    return (len(segments), 0) in states


def _walk(a, b, is_found):
    """Is there a name, told by what both patterns say of it, for which is_found holds?"""
    (kind, one), (_, two) = a, b
    letters = {c for s in one + two for c in s if c != "*"} | {"\0", "."} - ({"."} if kind == "action" else set())
    start = (_closure(one, {(0, 0)}), _closure(two, {(0, 0)}), "")
    seen, todo = {start}, [start]
    while todo:
        x, y, segment = todo.pop()
        if not x:  # nothing that follows lies in the first
            continue
        nexts = [(_step(one, x, c), _step(two, y, c), (segment + c)[:3]) for c in letters]
        if segment not in ("", ".", ".."):
            ended = (_step(one, x, None), _step(two, y, None), "")
            if is_found(_accepts(one, ended[0]), _accepts(two, ended[1])):
                return True
            nexts.append(ended)
        for state in nexts:
            # Only what is said of `.` and `..` needs the segment's letters.
            state = (state[0], state[1], state[2] if set(state[2]) <= {"."} and len(state[2]) < 3 else "x")
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return False


@functools.lru_cache(None)
def contains(outer, inner):
    """Does every name in the inner lie in the outer?"""
    return outer[0] == inner[0] and not _walk(inner, outer, lambda i, o: i and not o)


@functools.lru_cache(None)
def overlaps(a, b):
    return a[0] == b[0] and _walk(a, b, lambda i, o: i and o)


@functools.lru_cache(None)
def matches(pattern, name):
    """A name inside a pattern, by trying every way to share out the stars."""
    return pattern[0] == name[0] and _match_segments(pattern[1], name[1])


def _match_segments(pattern, name):
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(_match_segments(pattern[1:], name[n:]) for n in range(len(name) + 1))
    return bool(name) and text_matches(pattern[0], name[0]) and _match_segments(pattern[1:], name[1:])


@functools.lru_cache(None)
def text_matches(pattern, text):
    """A text pattern: `*` is any run of bytes, nothing else is special."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.S) is not None
