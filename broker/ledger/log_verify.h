/* SPDX-License-Identifier: Apache-2.0 */
/* A log verified from its files and a public key, by whoever has them: the checkpoint's signature,
 * every entry against its hash, every tile against the one above it, the root against the
 * checkpoint; then every event by what it says itself (ledger/follow.h). Streaming: a bundle of 256
 * entries at a time, and 16 to 32 bytes for each id that later events may name. Pure: bytes come
 * through ledger/source.h, chance and progress from the caller. */
#pragma once

#include "ledger/checkpoint.h"
#include "ledger/follow.h"
#include "ledger/source.h"

enum log_kind {
    LOG_WHOLE,    /* "log": the log's own beginning, all of it */
    LOG_SEGMENT,  /* "segment": the events from `first` to before `next` */
    LOG_EVIDENCE, /* "evidence": chosen events, each with its own proof */
};
struct log_export { /* export.json; a URL has none and is a whole log */
    enum log_kind kind;
    uint64_t first, next, size;
    bool has_openings;
    struct ambit_str origin, made_at;
    uint64_t events; /* of evidence: how many were chosen */
    /* and how many of the log could not be read for it; what was made before has no such member */
    bool has_unread;
    uint64_t unread;
};

struct log_verify_options {
    const struct note_verifier
        *key;             /* of the log, from who is trusted; NULL: the one found there */
    uint64_t hash_key[2]; /* drawn at random */
    bool no_redecide;
    bool is_live; /* a URL: the log goes on while it is read */
    void (*progress)(void *ctx, uint64_t done, uint64_t of);
    void *ctx;
};

enum { LOG_PROBLEMS_MAX = 200 /* listed; all are counted */ };
struct log_problem {
    bool has_seq;
    uint64_t seq;
    struct ambit_str path; /* of the file; may be absent */
    struct ambit_str what;
};
struct log_report {
    struct log_export export;
    struct ambit_str origin; /* of the checkpoint */
    struct ambit_digest root;
    uint64_t size;     /* of the checkpoint */
    uint64_t events;   /* that were looked at */
    bool is_key_given; /* else nothing proves who signed */
    bool is_signed;    /* by that key */
    struct follow_counts counts;
    uint64_t n_others; /* files that are no part of the log, nor on the list of evidence */
    uint64_t n_listed; /* of evidence: files that were held against SHA256SUMS */
    struct ambit_digest manifest; /* of evidence: of SHA256SUMS; all zero: it is not there */
    size_t n_problems;            /* found */
    size_t n;                     /* listed */
    struct log_problem problems[LOG_PROBLEMS_MAX];
    struct arena *memory; /* owned */
};
void log_report_done(struct log_report *report);

/* OK with a report (look at n_problems). NOT_FOUND: there is no log; IO and NO_MEMORY: it could not
 * be read. */
AMBIT_CHECKED enum ambit_err log_verify(const struct log_source *source,
                                        const struct log_verify_options *options,
                                        struct log_report *ret);
struct json_out;
/* The members of {"ok","events","root","problems":[{"seq","path","what"}]}, and more beside them.
 */
void log_report_write(const struct log_report *report, struct json_out *out);
