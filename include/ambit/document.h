/* SPDX-License-Identifier: Apache-2.0 */
/* The four kinds of document as plain values, and the reading and checking of a whole set.
 * Meaning of every field: policy-language.md, "Fields". All memory belongs to the
 * `struct ambit_documents` they hang from and lives until ambit_documents_free().
 * Absent text is {NULL, 0}; absent lists have n == 0; absent numbers are 0 unless said. */
#pragma once

#include "ambit/limits.h"
#include "ambit/model.h"

enum ambit_kind { AMBIT_KIND_PERSON, AMBIT_KIND_AGENT, AMBIT_KIND_SERVICE, AMBIT_KIND_POLICY };
enum {
    AMBIT_KIND_ZONE = AMBIT_KIND_POLICY + 1
};                                                   /* no document: kept beside them (struct
                                                         ambit_zone) */
const char *ambit_kind_text(enum ambit_kind kind);   /* "person" */
const char *ambit_kind_folder(enum ambit_kind kind); /* "people" */

struct ambit_strs {
    const struct ambit_str *v;
    size_t n;
};

/* One way to authenticate. Which members are set follows from `method`. */
enum ambit_method {
    AMBIT_METHOD_TOKEN,               /* person: digest, expires_ms */
    AMBIT_METHOD_MTLS,                /* person: digest = x5t#S256 */
    AMBIT_METHOD_OIDC,                /* person: issuer, subject */
    AMBIT_METHOD_PRIVATE_KEY_JWT,     /* agent, service: jwks or jwks_uri */
    AMBIT_METHOD_SELF_SIGNED_TLS,     /* digest = x5t#S256 */
    AMBIT_METHOD_TLS,                 /* tls_kind, tls_value */
    AMBIT_METHOD_FEDERATED_JWT,       /* agent: issuer, subject, claims */
    AMBIT_METHOD_UNIX_PEER,           /* agent: uid, gid */
    AMBIT_METHOD_CLIENT_SECRET_BASIC, /* digest, expires_ms */
};
const char *ambit_method_text(enum ambit_method method);
enum ambit_tls_kind {
    AMBIT_TLS_SUBJECT_DN,
    AMBIT_TLS_SAN_DNS,
    AMBIT_TLS_SAN_URI,
    AMBIT_TLS_SAN_IP,
    AMBIT_TLS_SAN_EMAIL
};

/* A JSON scalar of a document. */
struct ambit_scalar {
    enum { AMBIT_SCALAR_STRING, AMBIT_SCALAR_INTEGER, AMBIT_SCALAR_BOOLEAN } kind;
    struct ambit_str text;
    int64_t integer;
    bool boolean;
};
/* The same kind and the same value; texts byte for byte. */
static inline bool ambit_scalar_eq(const struct ambit_scalar *a, const struct ambit_scalar *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case AMBIT_SCALAR_STRING:
        return ambit_str_eq(a->text, b->text);
    case AMBIT_SCALAR_INTEGER:
        return a->integer == b->integer;
    case AMBIT_SCALAR_BOOLEAN:
        break;
    }
    return a->boolean == b->boolean;
}
struct ambit_claim {
    struct ambit_str name;
    struct ambit_scalar value;
};

struct ambit_credential {
    enum ambit_method method;
    struct ambit_digest digest;
    int64_t expires_ms;
    struct ambit_str issuer, subject;
    struct ambit_str jwks; /* canonical JSON text of the JWK set */
    struct ambit_str jwks_uri;
    enum ambit_tls_kind tls_kind;
    struct ambit_str tls_value;
    const struct ambit_claim *claims;
    size_t n_claims;
    int64_t uid, gid; /* gid -1 = any */
};

struct ambit_document { /* what every kind has */
    enum ambit_kind kind;
    struct ambit_str name;
    struct ambit_str canonical; /* RFC 8785 bytes */
    struct ambit_digest digest; /* SHA-256 of canonical */
};

struct ambit_person {
    struct ambit_document doc;
    struct ambit_str name, email, team;
    bool is_active;
    unsigned roles; /* enum ambit_role bits */
    const struct ambit_credential *credentials;
    size_t n_credentials;
    struct ambit_strs ssh_signers;
};

struct ambit_agent {
    struct ambit_document doc;
    struct ambit_str description, owner, backup;
    struct ambit_strs escalation;
    struct ambit_str tool, version, model, composition;
    const struct ambit_credential *credentials;
    size_t n_credentials;
    struct ambit_strs policies, delegates_to;
    enum ambit_tier tier; /* derived: the highest of its policies' */
};

struct ambit_service {
    struct ambit_document doc;
    struct ambit_str owner;
    enum ambit_tier tier;
    struct ambit_strs audiences, resources;
    const struct ambit_credential *credentials;
    size_t n_credentials;
    const struct ambit_claim *subjects; /* name = subject type, value.text = prefix */
    size_t n_subjects;
    int64_t max_stale_s;
};

struct ambit_hours {
    uint8_t days;             /* bit 0 = Monday */
    int16_t from_min, to_min; /* minutes of the day; to 1440 = "24:00" */
    struct ambit_str zone;
};
struct ambit_context_test {
    struct ambit_str member;
    bool has_equals, has_min, has_max;
    struct ambit_scalar equals;
    const struct ambit_scalar *in;
    size_t n_in;
    int64_t min, max;
    struct ambit_str matches; /* text pattern */
};
struct ambit_after {
    struct ambit_strs actions, resources; /* resources n == 0: all */
    int64_t within_s;
    struct ambit_str history; /* names what it looks for, whatever the order of the patterns: 22
                                 characters over a digest of them */
};
struct ambit_when {
    const struct ambit_hours *hours;
    size_t n_hours;
    struct ambit_strs source; /* CIDRs */
    struct ambit_str purpose; /* text pattern */
    bool composition, reason;
    const struct ambit_context_test *context;
    size_t n_context;
    const struct ambit_after *after;
    size_t n_after;
};
struct ambit_approval {
    bool at_grant; /* else at action */
    struct ambit_strs roles, teams;
    int64_t count, timeout_s, envelope_uses, envelope_for_s; /* 0 = no envelope */
};
struct ambit_limit {
    enum ambit_limit_kind kind;
    int64_t max;            /* the number that still passes */
    int64_t within_s;       /* 0 for live_grants and uses */
    struct ambit_str field; /* sum: the context member */
    bool distinct_action;   /* distinct: "action", else "resource" */
    enum ambit_by by;
};
struct ambit_rule {
    struct ambit_str id;
    struct ambit_strs actions, resources;
    int64_t ttl_max_s, ttl_default_s; /* default: max when not given */
    bool bind_dpop, bind_mtls;
    int64_t delegation_depth;
    int64_t outcome_within_s;
    struct ambit_when when;
    const struct ambit_approval *approval; /* NULL = none */
    const struct ambit_limit *limits;
    size_t n_limits;
};
struct ambit_never {
    struct ambit_str id;
    struct ambit_strs actions, resources;
};
struct ambit_hard_stop {
    struct ambit_str id;
    enum ambit_stop_on on;
    enum ambit_stop_then then;
    enum ambit_by by;
    struct ambit_strs actions, resources; /* n == 0: all */
    bool at_once;                         /* no count, sum, distinct */
    enum ambit_limit_kind kind;           /* COUNT, SUM or DISTINCT when !at_once */
    int64_t max; /* COUNT: the number that fires; else what may not be passed */
    int64_t within_s;
    struct ambit_str field;
    bool distinct_action;
    const struct ambit_after *after; /* NULL = none */
    struct ambit_str signal;
    struct ambit_strs from;
};
struct ambit_review {
    struct ambit_str authored_by, accepted_by, ticket, generated_tool, generated_model;
    struct ambit_strs reviewed_by;
    bool has_replaces;
    struct ambit_digest replaces;
};
struct ambit_policy {
    struct ambit_document doc;
    struct ambit_str description, owner;
    enum ambit_tier tier;
    struct ambit_strs audiences;
    bool is_shadow;
    int64_t not_before_ms, not_after_ms; /* 0 = open */
    struct ambit_review review;
    const struct ambit_rule *rules;
    size_t n_rules;
    const struct ambit_never *never;
    size_t n_never;
    const struct ambit_hard_stop *hard_stops;
    size_t n_hard_stops;
};

struct zone;
/* A time zone that some `hours` name: its rules as they are kept beside the documents. */
struct ambit_zone {
    struct ambit_str name;
    struct ambit_str tzif;      /* the bytes as handed in */
    struct ambit_digest digest; /* SHA-256 of them */
    const struct zone *rules;   /* base/zone.h */
};

struct ambit_documents {
    const struct ambit_person *people;
    const struct ambit_agent *agents;
    const struct ambit_service *services;
    const struct ambit_policy *policies;
    size_t n_people, n_agents, n_services, n_policies; /* each list sorted by name, byte-wise */
    const struct ambit_zone *zones;                    /* that are used, sorted by name */
    size_t n_zones;
    struct ambit_str zone_data; /* the version of the zone data, or absent */
    /* SHA-256 over, for every document in order of (kind, name): kind byte, name length (u32 BE),
     * name, digest; then for every zone the same with AMBIT_KIND_ZONE. Behind the tag "ambit
     * documents v1\0". */
    struct ambit_digest digest;
    struct ambit_documents_memory *memory; /* owned */
};
void ambit_documents_free(struct ambit_documents *documents);

/* A file offered as a document. Bytes are borrowed for the call. */
struct ambit_file {
    enum ambit_kind kind;
    struct ambit_str path;  /* as messages shall name it */
    struct ambit_str name;  /* document name the file name stands for ("__" already "/") */
    struct ambit_str bytes; /* {NULL, 0}: could not be read, and its problem is already listed;
                             * other files may name it all the same */
    /* The document it stands for, when that is not these bytes: one from which personal text was
     * erased keeps the digest it was activated by. NULL: these bytes. */
    const struct ambit_digest *digest;
};

/* One thing that is wrong. interfaces.md PROBLEM. Texts belong to the list. */
struct ambit_problem {
    struct ambit_str file;
    uint32_t line, column;    /* 0, 0: the file as a whole */
    struct ambit_str pointer; /* RFC 6901 */
    bool is_warning;
    struct ambit_str what, expected, nearest; /* nearest may be absent */
    struct ambit_str id;                      /* of a warning (ambit/check.h); absent: an error */
    struct ambit_str action, resource;        /* on which it shows; may be absent */
};
struct ambit_problems {
    struct ambit_problem *v;
    size_t n, n_errors;
    struct ambit_problems_memory *memory; /* owned; zero-initialise the whole struct */
};
void ambit_problems_done(struct ambit_problems *problems);
/* Adds a copy of one problem at the end of the list; for whoever finds something wrong before the
 * bytes are read (a link, a pipe, a file too large). NO_MEMORY: the list is not complete. */
AMBIT_CHECKED enum ambit_err ambit_problems_add(struct ambit_problems *problems,
                                                const struct ambit_problem *problem);

/* What reading needs from the world, handed in so that the engine does no I/O and no hashing
 * library. */
struct ambit_read_env {
    /* shared secrets expire at most 90 days after this; 0: not judged (a stored set) */
    int64_t now_ms;
    void (*sha256)(const void *bytes, size_t len, struct ambit_digest *ret);
    /* The TZif bytes of an IANA zone, borrowed for the call; NOT_FOUND: no such zone. */
    enum ambit_err (*zone)(void *ctx, struct ambit_str name, struct ambit_str *ret_tzif);
    void *ctx;
    struct ambit_str zone_data; /* the version of what `zone` hands out; absent: not known */
};

/* Reads and checks a whole set. OK with *ret set, or MALFORMED with every problem of every file
 * listed (sorted by file, line, column), or NO_MEMORY. Warnings may be listed with OK. */
AMBIT_CHECKED enum ambit_err ambit_documents_read(const struct ambit_file *files, size_t n,
                                                  const struct ambit_read_env *env,
                                                  struct ambit_problems *problems,
                                                  struct ambit_documents **ret);

/* The digest that names the set; without its zones, as it was taken before they belonged to it.
 * NO_MEMORY. */
AMBIT_CHECKED enum ambit_err ambit_documents_digest(const struct ambit_documents *documents,
                                                    bool with_zones,
                                                    const struct ambit_read_env *env,
                                                    struct ambit_digest *ret);

/* Of one document by itself: which one it is, and its version. Nothing else in it is looked at. */
struct ambit_identity {
    enum ambit_kind kind;
    struct ambit_digest digest;
    size_t name_len;
    char name[AMBIT_AGENT_NAME_MAX];
};
/* MALFORMED: no JSON object that names itself as one kind; TOO_LARGE; NO_MEMORY. */
AMBIT_CHECKED enum ambit_err ambit_document_identify(struct ambit_str bytes,
                                                     const struct ambit_read_env *env,
                                                     struct ambit_identity *ret);

/* Binary search by name; NULL when there is none. */
const struct ambit_person *ambit_person_find(const struct ambit_documents *documents,
                                             struct ambit_str name);
const struct ambit_agent *ambit_agent_find(const struct ambit_documents *documents,
                                           struct ambit_str name);
const struct ambit_service *ambit_service_find(const struct ambit_documents *documents,
                                               struct ambit_str name);
const struct ambit_policy *ambit_policy_find(const struct ambit_documents *documents,
                                             struct ambit_str name);
const struct ambit_zone *ambit_zone_find(const struct ambit_documents *documents,
                                         struct ambit_str name);
const struct ambit_service *ambit_service_of_audience(const struct ambit_documents *documents,
                                                      struct ambit_str audience);
