/* SPDX-License-Identifier: Apache-2.0 */
/* What every verb of `ambit` is made of: a row in the verb table (verbs.c), the words it was given,
 * and one function that ends in an exit code. Verbs print to cli->out and complain to cli->errors,
 * never to standard output themselves, so that tests can read them. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* interfaces.md, "ambit". */
enum cli_exit {
    CLI_YES = 0,
    CLI_NO = 1,          /* refused, not in force, damage found, not permitted */
    CLI_USAGE = 2,       /* wrong usage; documents or files that are not valid */
    CLI_UNREACHABLE = 3, /* broker unreachable or answering 5xx */
};

struct cli_option {
    const char *name;  /* without the dashes */
    const char *value; /* what stands behind it, NULL for a plain flag */
    const char *help;
    bool is_repeated, is_required;
};

enum { CLI_OPTIONS_MAX = 40, CLI_VALUES_MAX = 64, CLI_ARGUMENTS_MAX = 1 };

struct cli;
struct cli_verb {
    const char *name;     /* "time acknowledge" */
    const char *argument; /* of the one positional argument, NULL: none; "[X]": may be absent */
    const char *summary;  /* one line */
    const char *text;     /* a paragraph for --help and the man page */
    const char *example;
    struct cli_option options[CLI_OPTIONS_MAX]; /* ends with name NULL */
    enum cli_exit (*run)(struct cli *cli);
};

/* One option as it was given. */
struct cli_given {
    const char *name, *value;
};

struct cli {
    const struct cli_verb *verb;
    const char *argument; /* NULL when not given */
    struct cli_given given[CLI_VALUES_MAX];
    size_t n_given;
    bool wants_json;
    const char *const *environment; /* NAME=VALUE, NULL-terminated */
    int64_t now_ms;
    size_t columns;     /* of the terminal that is written to; 0: none, or as wide as need be */
    struct arena arena; /* for the run of one verb */
    struct buf out, errors;
    /* Writes what stands in `out` at once and empties it; for streams and long lists. Does not come
     * back when nobody reads any more. NULL in tests. */
    void (*flush)(struct cli *cli);
};

/* The whole program but for writing its output. `argv` as main() has it. */
enum cli_exit cli_run(struct cli *cli, int argc, const char *const *argv);
void cli_done(struct cli *cli);

/* An option of the verb or a global one; NULL when not given. */
const char *cli_get(const struct cli *cli, const char *name);
bool cli_has(const struct cli *cli, const char *name);
/* The i-th value of a repeated option; NULL behind the last. */
const char *cli_nth(const struct cli *cli, const char *name, size_t i);
/* From the environment; NULL when absent or empty. */
const char *cli_env(const struct cli *cli, const char *name);

/* "ambit: …" to errors, and CLI_USAGE. The text is escaped. */
__attribute__((format(printf, 2, 3))) enum cli_exit cli_usage(struct cli *cli, const char *format,
                                                              ...);
/* The same with another exit code. */
__attribute__((format(printf, 3, 4))) enum cli_exit cli_fail(struct cli *cli, enum cli_exit code,
                                                             const char *format, ...);

/* verbs.c: the table, in the order of --help. */
extern const struct cli_verb *const cli_verbs[];
extern const size_t cli_n_verbs;
extern const struct cli_option cli_global_options[];
extern const size_t cli_n_global_options;

/* help.c */
void cli_help(struct buf *out);
void cli_help_verb(struct buf *out, const struct cli_verb *verb);
void cli_completion_bash(struct buf *out);
