# SPDX-License-Identifier: Apache-2.0
"""Rules about what C code may say: banned calls, switches, globals, typedefs, lengths."""
import os
import re

from tree import block_end, functions, line_of, room_of

BANNED = re.compile(r"(?<![.>\w])(strtol|strtoul|strtoll|strtoull|strtod|atoi|atol|atoll|atof|sprintf|vsprintf|strcpy|strcat|strncpy|"
                    r"strncat|gets|system|popen|strtok|strtok_r|gmtime|gmtime_r|localtime|localtime_r|alloca|rand|srand|"
                    r"random|mktemp|tmpnam|scanf|sscanf)\s*\(")
TIME = re.compile(r"(?<![.>\w])(time|gettimeofday|clock_gettime)\s*\(")
GETENV = re.compile(r"\b(getenv|secure_getenv)\s*\(")
ERRNO = re.compile(r"\berrno\b")
GETENV_ROOMS = {"cli", "config", "main"}
ERRNO_ROOMS = {"base", "config", "store", "cli", "http", "main"}

FILE_LINES = 600      # the aim is 200, the rule of thumb 400: what is above that is noted
FILE_LINES_NOTED = 400
FUNCTION_LINES = 70
TEST_FUNCTION_LINES = 120  # a test is often one table


def each_line(tree, paths):
    for path in paths:
        for number, line in enumerate(tree.bare(path).split("\n"), 1):
            if not line.lstrip().startswith("#"):
                yield path, number, line


def banned_calls(tree):
    """Calls that parse loosely, overflow, or read the world behind our back."""
    for path, number, line in each_line(tree, tree.c_files("broker/", "policy/", "include/", "tests/")):
        for m in BANNED.finditer(line):
            yield path, number, f"{m[1]} is banned"


def one_clock(tree):
    """Time is read in one place: base/clock.c."""
    for path, number, line in each_line(tree, tree.c_files()):
        if path != "broker/base/clock.c" and (m := TIME.search(line)):
            yield path, number, f"{m[1]} outside base/clock.c"


def environment(tree):
    """The environment is read by the command line, the configuration and main."""
    for path, number, line in each_line(tree, tree.c_files()):
        if room_of(path) not in GETENV_ROOMS and (m := GETENV.search(line)):
            yield path, number, f"{m[1]} in {room_of(path)}"


def errno_rooms(tree):
    """errno is turned into ours where the system is called."""
    for path, number, line in each_line(tree, tree.c_files()):
        if room_of(path) not in ERRNO_ROOMS and ERRNO.search(line):
            yield path, number, f"errno in {room_of(path)}"


def typedef_struct(tree):
    """A struct is called a struct."""
    for path, number, line in each_line(tree, tree.c_files("broker/", "policy/", "include/", "tests/")):
        if re.search(r"\btypedef\s+(struct|union|enum)\b", line):
            yield path, number, "no typedef of structs, unions or enums"


def lengths(tree):
    """Files and functions that one can read at a sitting."""
    for path in tree.c_files("broker/", "policy/", "include/", "tests/"):
        lines = tree.text(path).count("\n")
        if lines > FILE_LINES:
            yield path, FILE_LINES, f"{lines} lines in one file"
        limit = TEST_FUNCTION_LINES if path.startswith("tests/") else FUNCTION_LINES
        for name, first, last in functions(tree.bare(path)):
            if last - first - 1 > limit:
                yield path, first, f"{name} has {last - first - 1} lines"


def our_enumerators(tree):
    names = set()
    for path in tree.c_files():
        for m in re.finditer(r"\benum\s+\w+\s*\{", tree.bare(path)):
            body = tree.bare(path)[m.end():block_end(tree.bare(path), m.end() - 1) - 1]
            names.update(re.findall(r"(?:^|,)\s*([A-Z][A-Z0-9_]+)\b", re.sub(r"^\s*#.*$", "", body, flags=re.M)))
    return names


def without_inner_switches(body):
    while m := re.search(r"\bswitch\s*\([^{;]*\)\s*\{", body):
        end = block_end(body, m.end() - 1)
        body = body[:m.start()] + re.sub(r"[^\n]", " ", body[m.start():end]) + body[end:]
    return body


def switch_default(tree):
    """A switch over one of our enums lists every value, so that a new one does not compile."""
    ours = our_enumerators(tree)
    for path in tree.c_files():
        bare = tree.bare(path)
        for m in re.finditer(r"\bswitch\s*\([^{;]*\)\s*\{", bare):
            own = without_inner_switches(bare[m.end():block_end(bare, m.end() - 1)])
            fallback = re.search(r"\bdefault\s*:", own)
            labels = re.findall(r"\bcase\s+([A-Za-z_]\w*)", own)
            if fallback and any(label in ours or label.startswith("AMBIT_") for label in labels):
                yield path, line_of(bare, m.end() + fallback.start()), "default in a switch over our enum"


def declarations(bare):
    """(line, text) of what stands at file scope, bodies cut out."""
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), bare, flags=re.M)
    begun, i = 0, 0
    while i < len(text):
        if text[i] == "{":
            head = text[begun:i].strip()
            end = block_end(text, i)
            if "=" not in head and not re.match(r"(static\s+|const\s+)*(struct|union|enum)\b[^()]*$", head):
                begun = end  # a function
            i = end
            continue
        if text[i] == ";":
            whole = text[begun:i]
            yield line_of(text, begun + len(whole) - len(whole.lstrip())), whole.strip()
            begun = i + 1
        i += 1


def allowed_globals(tree):
    path = "tests/lint/globals.txt"
    rows = tree.lines(path) if path in tree.paths else []
    return {tuple(row.split()[:2]) for row in rows if row.strip() and not row.startswith("#")}


def is_constant(declarator):
    """`const char *x` is a variable, `const char *const x` is not."""
    return re.search(r"\bconst\b", declarator.rsplit("*", 1)[-1]) is not None


def mutable_globals(tree):
    """State lives in the store or in what main made; what is listed in globals.txt has its reason there.
    A function may have scratch memory a thread (`static _Thread_local` inside it)."""
    allowed = allowed_globals(tree)
    for path in tree.c_files():
        bare = tree.bare(path)
        found = []
        for number, text in declarations(bare):
            head = re.sub(r"\{.*\}", "{}", text, flags=re.S).split("=")[0].strip()
            head = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", head, flags=re.S).strip()
            if "(" in head or head.startswith(("extern", "typedef", "_Static_assert", "static_assert")) or not head:
                continue
            if re.fullmatch(r"(struct|union|enum)\s*\w*\s*(\{\})?", head):
                continue
            if path.endswith(".h") and "=" not in text and "static" not in head.split():
                continue  # a function declared through its type
            found.append((number, head))
        for number, line in enumerate(bare.split("\n"), 1):
            m = re.match(r"^\s+static\s+(?!const\b.*[^*]\b|inline\b|_Thread_local\b)([^=;(]*)[=;]", line)
            if m:
                found.append((number, "static " + m[1].strip()))
        for number, head in found:
            name = re.findall(r"(\w+)\s*(?:\[[^\]]*\]\s*)*$", head)
            if not is_constant(head) and (path, name[0] if name else "") not in allowed:
                yield path, number, f"a variable that outlives its function: {name[0] if name else head}"


RULES = [banned_calls, one_clock, environment, errno_rooms, typedef_struct, lengths, switch_default, mutable_globals]
