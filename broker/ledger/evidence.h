/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: the events of a log that belong to one agent, owner or policy, or to a period, with
 * everything they lead back to, chosen by one walk over the log and written so that
 * ledger/log_verify.h judges them alone (an export of kind "evidence"). All of it is of one
 * checkpoint, the one that is read first. Nothing is judged here. Pure: bytes come and go through
 * callbacks.
 *
 * Chosen is, up to the checkpoint:
 *  - what belongs to the target, in the period (EVIDENCE_BELONGS);
 *  - what that leads to, at any time (EVIDENCE_LINKED): the grants, stops, incidents, approvals and
 *    causes that a chosen event names; what answers one that is chosen (the outcome of an action,
 *    the answers to a question, what became of a stop and its incident, a revocation); the
 *    activation of the documents it was decided under; confirmations of those versions of
 *    policies; erasures that took texts from it;
 *  - of the period, what the record says about itself (EVIDENCE_RECORD): documents that came in
 *    force, keys, the clock, starts and ends of the broker.
 * That nothing else belongs to the target cannot be seen by it: only the whole log shows that. */
#pragma once

#include "ledger/log_copy.h"

enum evidence_kind { EVIDENCE_PERIOD, EVIDENCE_AGENT, EVIDENCE_OWNER, EVIDENCE_POLICY };
struct evidence_ask {
    enum evidence_kind kind;
    struct ambit_str name;  /* absent for a period */
    int64_t from_ms, to_ms; /* from <= time < to; INT64_MIN, INT64_MAX: open */
};
enum evidence_why { EVIDENCE_NOT, EVIDENCE_BELONGS, EVIDENCE_LINKED, EVIDENCE_RECORD };
enum { EVIDENCE_WHYS = EVIDENCE_RECORD + 1 };
enum { EVIDENCE_EVENTS_MAX = 1 << 17 };

struct evidence_summary {
    struct ambit_str origin, checkpoint, key; /* of the log; the signed note; log.vkey, whole */
    uint64_t size;
    uint64_t n, by[EVIDENCE_WHYS];
    uint64_t unread;    /* entries that could not be read: pruned, or no events */
    bool is_known;      /* some event of any time belongs to the target */
    int64_t last_ms;    /* of the last event of the log */
    uint64_t documents; /* that were written, with sets and zones */
};
struct evidence_item {
    const struct event *event;       /* its texts opened */
    struct ambit_str entry, opening; /* as they are in the log */
    enum evidence_why why;
};

struct evidence;
/* Of the options `first` and `next` are not looked at. Borrowed are the source and the options.
 * Errors as of log_copy(). */
AMBIT_CHECKED enum ambit_err evidence_open(const struct log_source *source,
                                           const struct log_copy_options *options,
                                           char reterr_path[LOG_PATH_MAX], struct evidence **ret);
void evidence_close(struct evidence *evidence);
/* Once. TOO_LARGE: more than EVIDENCE_EVENTS_MAX. */
AMBIT_CHECKED enum ambit_err evidence_choose(struct evidence *evidence,
                                             const struct evidence_ask *ask);
const struct evidence_summary *evidence_summary(const struct evidence *evidence);
/* Everything that was chosen, in the order of the record. What `one` says other than OK ends it. */
AMBIT_CHECKED enum ambit_err evidence_each(struct evidence *evidence,
                                           enum ambit_err (*one)(void *ctx,
                                                                 const struct evidence_item *item),
                                           void *ctx);
bool evidence_has(const struct evidence *evidence, uint64_t seq);
/* A set of documents of the record; borrowed until the next call. NOT_FOUND, DAMAGED. */
AMBIT_CHECKED enum ambit_err evidence_set(struct evidence *evidence,
                                          const struct ambit_digest *digest,
                                          struct redecide_set *ret);
/* The set that was in force when the log ended; all zero: none that is known. */
struct ambit_digest evidence_last_set(const struct evidence *evidence);
/* export.json, checkpoint, log.vkey, receipts/, documents/, sets/, zones/; `one`, unless NULL, sees
 * each event as it is written. */
AMBIT_CHECKED enum ambit_err evidence_write(struct evidence *evidence, const struct log_sink *sink,
                                            enum ambit_err (*one)(void *ctx,
                                                                  const struct evidence_item *item),
                                            void *ctx);
