/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of the parts share. Every text from the record goes through page_text(). */
#pragma once

#include "cli/evidence_page.h"
#include "cli/report.h"
#include "config/folder.h"

/* A table. Its first rows stand in index.html; where there are more, all of them stand in
 * NAME-1.html and so on. */
struct page_part {
    struct buf first, page;
    uint64_t n, n_linked, n_pages, n_on_page;
};
enum { PAGE_FIRST_ROWS = 200, PAGE_ROWS = 500 };
enum page_parts {
    PART_GRANTED,
    PART_NOT_GRANTED,
    PART_ALLOWED,
    PART_DENIED,
    PART_OUTCOMES,
    PART_APPROVALS,
    PART_STOPS,
    PART_CHANGES,
    PART_RECORD,
    PART_OTHER,
    PAGE_PARTS
};
struct page_part_form {
    const char *name, *title, *about, *none, *columns;
};
extern const struct page_part_form page_forms[PAGE_PARTS];

enum {
    DID_OWN = 1,
    DID_BACK = 2,
    DID_WRITE = 4,
    DID_ACCEPT = 8,
    DID_REVIEW = 16,
    DID_CONFIRM = 32,
    DID_APPROVE = 64,
    DID_STOP = 128,
    DID_CLEAR = 256,
    DID_ANSWER = 512,
    DID_CHANGE = 1024,
    DID_READ = 2048,
    DID_OWN_POLICY = 4096,
};
struct page_person {
    struct page_person *next;
    struct ambit_str name, full, team; /* as the last document says that is here */
    unsigned did;
};
struct page_agent {
    struct page_agent *next;
    struct ambit_str name, owner, backup, team, about, made_of;
    uint64_t granted, not_granted, allowed, denied;
};
struct page_version { /* of a policy */
    struct page_version *next;
    struct ambit_str policy;
    struct ambit_digest digest, set; /* a set that it is in */
    uint64_t decisions;
    bool has_activation, has_end;
    bool has_gap; /* it went, and came back */
    uint64_t activated_seq, ended_seq;
    int64_t activated_ms, ended_ms;
    struct ambit_str activated_by, path; /* of its page */
    struct ambit_str review;             /* HTML: who it says wrote, accepted and reviewed it */
    size_t n_tests, n_passed;
    bool has_tests;
};
struct page_confirmation {
    struct page_confirmation *next;
    struct ambit_digest digest;
    uint64_t seq;
    struct buf told; /* what, as HTML */
};
struct page_activation {
    struct page_activation *next;
    struct ambit_digest set;
    uint64_t seq;
    int64_t time_ms;
    struct ambit_str person;
};
struct page_set {
    struct page_set *next;
    struct ambit_digest digest;
};
struct page_stop {
    struct page_stop *next;
    struct ambit_id id, incident;
    bool is_linked;
    int64_t raised_ms;
    struct buf what, answers; /* HTML */
    uint64_t refused;         /* chosen decisions that it refused */
    uint64_t first_seq;
    int64_t first_ms;
};
struct page_question { /* an approval */
    struct page_question *next;
    struct ambit_id id;
    int64_t asked_ms;
    struct buf what, answers;
    bool is_answered, is_linked;
};

struct evidence_page {
    struct evidence_page_ask ask;
    struct arena memory;
    struct buf html, row; /* of the page, and of the row that is made */
    const char *up;       /* "", "../": from the file that is written to the archive's root */
    struct page_part part[PAGE_PARTS];
    struct page_person *people;
    struct page_agent *agents;
    struct page_version *versions;
    struct page_confirmation *confirmations, **last_confirmation;
    struct page_activation *activations, **last_activation;
    struct page_set *sets, **last_set;
    struct page_stop *stops; /* newest first, as questions are: they are mostly answered soon */
    struct page_question *questions;
    uint64_t n_erased;
    bool is_linked; /* the event that is told: what belongs leads to it */
    struct folder tests;
    struct ambit_problems problems;
    bool has_tests;
};

/* ---- evidence_page.c ---- */
struct buf *page_row(struct evidence_page *page, uint64_t seq, int64_t time_ms); /* begins one */
AMBIT_CHECKED enum ambit_err page_row_end(struct evidence_page *page, enum page_parts part);
void page_head(struct evidence_page *page, const char *title, struct ambit_str about);
AMBIT_CHECKED enum ambit_err page_put(struct evidence_page *page, const char *path);

/* ---- evidence_words.c ---- */
void page_text(struct buf *out, struct ambit_str text);
void page_time(struct buf *out, int64_t ms);
void page_span(struct buf *out, int64_t ms); /* "3.2 s", "15 min" */
void page_link(struct evidence_page *page, struct buf *out, uint64_t seq);
/* “TEXT”, or that it is erased, or nothing where nothing was said. */
void page_words(struct evidence_page *page, struct buf *out, const struct event *event,
                unsigned bit);
void page_digest(struct buf *out, const struct ambit_digest *digest); /* the first of it */
void page_version_link(struct evidence_page *page, struct buf *out, struct ambit_str policy,
                       const struct ambit_digest *digest, struct ambit_str rule);
void page_strs(struct buf *out, const struct ambit_strs *list);
/* "A stop was raised" */
const char *page_type(enum event_type type);

/* ---- evidence_rows.c ---- */
AMBIT_CHECKED enum ambit_err page_event(struct evidence_page *page, const struct event *event);
/* ---- evidence_joined.c: stops, approvals, confirmations ---- */
AMBIT_CHECKED enum ambit_err page_join(struct evidence_page *page, const struct event *event);
AMBIT_CHECKED enum ambit_err page_joined(struct evidence_page *page);

/* ---- evidence_people.c ---- */
AMBIT_CHECKED enum ambit_err page_mention(struct evidence_page *page, struct ambit_str name,
                                          unsigned did);
AMBIT_CHECKED enum ambit_err page_note(struct evidence_page *page, const struct event *event);
/* From the documents, at the end. */
AMBIT_CHECKED enum ambit_err page_resolve(struct evidence_page *page);

/* ---- evidence_policy.c: the pages of versions, and their table ---- */
AMBIT_CHECKED enum ambit_err page_policies(struct evidence_page *page);
void page_put_policies(struct evidence_page *page, struct buf *out);
/* evidence_rules.c: what a policy permits, in words */
void page_rules(struct buf *out, const struct ambit_policy *policy);
/* evidence_tests.c */
AMBIT_CHECKED enum ambit_err page_tests(struct evidence_page *page, struct page_version *version,
                                        const struct ambit_policy_set *set);

/* ---- evidence_index.c ---- */
AMBIT_CHECKED enum ambit_err page_index(struct evidence_page *page);
