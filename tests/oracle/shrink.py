# SPDX-License-Identifier: Apache-2.0
"""Makes a failing case small: leaves out members and elements, one after another, while it still fails."""
import copy
import time


def _paths(value, path=()):
    """Every place in a JSON value that may be left out, outermost first."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _paths(child, (*path, key))


def _is_kept(value, path):
    """What a case would mean something else without, and a list's last element."""
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    return path[-1] in ("policy", "actions", "resources", "items", "grant_items", "audience", "rule") or (
        isinstance(inner, list) and len(inner) == 1 and path[-2] not in ("history", "stops", "hard_stops", "never"))


def _without(value, path):
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return value


def smallest(value, still_fails, seconds=20):
    """A value from which nothing more can be left out (or what was reached in time)."""
    ends, has_shrunk = time.monotonic() + seconds, True
    while has_shrunk:
        has_shrunk = False
        for path in sorted(_paths(value), key=len):
            if time.monotonic() > ends:
                return value
            try:
                if _is_kept(value, path):
                    continue
                smaller = _without(value, path)
            except (KeyError, IndexError, TypeError):
                continue  # it went with an earlier one
            if still_fails(smaller):
                value, has_shrunk = smaller, True
    return value
