/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the event codec share: one table of members, in canonical order, that both
 * directions walk, and the commitments that stand in the leaf for personal text. */
#pragma once

#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "ledger/event.h"

enum { EVENT_DEPTH = 24 };

/* Personal members, in canonical order. */
enum personal { PERSONAL_PURPOSE, PERSONAL_STATED_REASON, PERSONAL_WORDS, PERSONALS };

struct event_commitments {
    bool has[PERSONALS];
    struct ambit_digest digest[PERSONALS];
};

/* An event as it stands in the leaf. */
struct event_leaf {
    struct event *event;
    struct event_commitments *commitments;
    struct arena *arena; /* reading */
};

enum member_kind {
    MEMBER_STR,      /* absent: p == NULL */
    MEMBER_ID,       /* absent: none */
    MEMBER_DIGEST,   /* absent: all zero */
    MEMBER_COUNT,    /* int64_t, absent: 0 */
    MEMBER_TIME,     /* int64_t ms as RFC 3339 text, absent: 0 */
    MEMBER_TRUE,     /* bool, absent: false */
    MEMBER_PERSONAL, /* `at` is the enum personal */
    MEMBER_OWN,      /* by its functions */
};

struct event_member {
    const char *name;
    enum member_kind kind;
    size_t at;                                                      /* offset in struct event */
    void (*write)(struct json_out *out, const struct event *event); /* key and value, or nothing */
    enum ambit_err (*read)(struct event_leaf *leaf, const struct json_value *value);
};
extern const struct event_member event_members[];
extern const size_t event_n_members;

struct event_personal {
    const char *name;
    size_t at; /* of its text in struct event */
};
extern const struct event_personal event_personals[PERSONALS];

/* Writes the leaf with these commitments in the place of personal text. */
AMBIT_CHECKED enum ambit_err event_write(const struct event *event,
                                         const struct event_commitments *commitments,
                                         struct buf *leaf);
/* The inverse: fills everything but the personal members; OK only if event_write gives `leaf`
 * again. */
AMBIT_CHECKED enum ambit_err event_read(struct ambit_str leaf, struct arena *arena,
                                        struct event *ret,
                                        struct event_commitments *ret_commitments);

/* event_lists.c: the members that are arrays. */
extern const char event_figure_full[]; /* AMBIT_FIGURE_FULL among the figures */
void event_write_also(struct json_out *out, const struct event *event);
void event_write_approvers(struct json_out *out, const struct event *event);
void event_write_asked(struct json_out *out, const struct event *event);
void event_write_counts(struct json_out *out, const struct event *event);
void event_write_except(struct json_out *out, const struct event *event);
void event_write_expired(struct json_out *out, const struct event *event);
void event_write_expired_outcomes(struct json_out *out, const struct event *event);
void event_write_figures(struct json_out *out, const struct event *event);
void event_write_items(struct json_out *out, const struct event *event);
void event_write_once_also(struct json_out *out, const struct event *event);
void event_write_trips(struct json_out *out, const struct event *event);
void event_write_used_stops(struct json_out *out, const struct event *event);

/* event_lists_read.c */
enum ambit_err event_read_also(struct event_leaf *leaf, const struct json_value *value);
enum ambit_err event_read_asked(struct event_leaf *leaf, const struct json_value *value);
enum ambit_err event_read_counts(struct event_leaf *leaf, const struct json_value *value);
enum ambit_err event_read_except(struct event_leaf *leaf, const struct json_value *value);
enum ambit_err event_read_expired(struct event_leaf *leaf, const struct json_value *value);
AMBIT_CHECKED enum ambit_err event_read_expired_outcomes(struct event_leaf *leaf,
                                                         const struct json_value *value);
enum ambit_err event_read_figures(struct event_leaf *leaf, const struct json_value *value);
enum ambit_err event_read_items(struct event_leaf *leaf, const struct json_value *value);
enum ambit_err event_read_once_also(struct event_leaf *leaf, const struct json_value *value);
AMBIT_CHECKED enum ambit_err event_read_approvers(struct event_leaf *leaf,
                                                  const struct json_value *value);
enum ambit_err event_read_trips(struct event_leaf *leaf, const struct json_value *value);
enum ambit_err event_read_used_stops(struct event_leaf *leaf, const struct json_value *value);

/* commitment.c: SHA-256 over length-framed parts behind a type tag. */
struct event_salt {
    uint8_t b[16];
};
struct event_salt commitment_salt(const struct event_seed *seed, const char *member);
struct ambit_digest commitment_of(const char *member, const struct event_salt *salt,
                                  struct ambit_str text);
