/* SPDX-License-Identifier: Apache-2.0 */
/* The running broker: the one thing the threads share. Opened by main, handed to every handler. The
 * wire rooms see this header, command.h and query.h and nothing else of core. */
#pragma once

#include "ambit/policy.h"
#include "base/buf.h"
#include "crypto/jws.h"
#include "identity/identity.h"
#include "store/writer.h"

struct broker;
struct config;
struct forward_map;
struct json_out;
struct tlog;

/* A set of documents in force, shared by count. */
struct documents_ref {
    struct ambit_policy_set *set;
    struct identity_keys *keys;
    const struct ambit_documents *documents; /* of the set */
    _Atomic int count;                       /* broker_documents_* only */
};
/* Never NULL. Each acquire needs one release. */
struct documents_ref *broker_documents_acquire(struct broker *broker);
void broker_documents_keep(struct documents_ref *ref);
void broker_documents_release(struct documents_ref *ref);

enum { WITNESSES_MAX = 16 };

struct broker_options {
    struct ambit_str issuer;      /* without trailing slash */
    struct identity_trust *trust; /* outlives the broker; NULL: the documents alone */
    const char *state_folder;
    const char *documents_folder;
    const char *credentials_folder; /* of the service manager (LoadCredential); NULL: none */
    struct ambit_limits_config {
        uint64_t store_bytes, store_reserve_bytes, store_grow_bytes;
        uint32_t queue, agent_per_s, agent_burst, service_per_s, service_burst, person_per_s,
            person_burst;
        uint32_t failed_burst, failed_per_minute; /* 0: failed proofs are not limited */
    } limits;
    bool is_enforcing;     /* review "enforce": what is not confirmed is refused, else recorded */
    bool is_deferring;     /* token responses may be deferred (DTR-1) */
    int64_t attestation_s; /* 0: 90 days */
    enum crypto_alg algorithm; /* of the keys that are made */
    int64_t status_ttl_s;      /* of token status lists; 0: none */
    int64_t status_size;       /* places of a list */
    const char *backup_folder; /* NULL: backups/ in the state folder */
    bool backup_keys;          /* private keys go into backups too */
    uint64_t backup_bytes_per_s;
    int64_t rotate_s; /* a signing key is changed when it is so old; 0: by hand alone */
    /* How the record is published (ledger/tlog.h); borrowed for the broker's life. */
    struct broker_log_config {
        struct ambit_str origin; /* absent: the issuer's name and "/log" */
        const char *witness_file;
        bool is_public; /* tiles and entries for everybody */
        int64_t receipts_wait_ms;
        struct broker_witness {
            struct ambit_str vkey, url;
        } witnesses[WITNESSES_MAX];
        size_t n_witnesses;
    } log;
    /* The store is not what was published, and that is to be accepted, for this reason; absent: it
     * is not. */
    struct ambit_str accept_rollback;
    /* The clock is not believed at the start, and that is to be accepted likewise. */
    struct ambit_str accept_time;
    const char *segments_folder; /* NULL: segments/ in the state folder */
    int64_t least_age_s, keep_s; /* nothing younger is pruned; prune by itself what is older */
    int64_t (*wall_ms)(void);
    int64_t (*boot_ms)(void);
    struct ambit_id boot; /* of the machine; zero: not known */
    void (*kick)(
        void *ctx); /* called on the writer thread after replies of a batch were released */
    void *kick_ctx;
    const struct forward_map *forward; /* borrowed for the broker's life; NULL: none */
    /* Any thread: takes up what stands in files beside the documents (certificates), all or
     * nothing; MALFORMED with problems. NULL: there is nothing of the kind. */
    enum ambit_err (*reload_files)(void *ctx, struct ambit_problems *problems);
    void *reload_ctx;
};
/* Locks the state, opens the store, holds it against what was published (CKP-2; CONFLICT), takes in
 * stops.journal, takes up the stored set (or activates the folder's at first start), makes or loads
 * the signing key, starts the writer and the indexer. `reterr_text` gets one sentence (and problems
 * of documents, when those are the reason: MALFORMED). */
AMBIT_CHECKED enum ambit_err broker_open(const struct broker_options *options,
                                         struct ambit_problems *problems, struct broker **ret,
                                         struct buf *reterr_text);
/* The last time in the record of a state folder, which is only read; 0: there is none. */
int64_t broker_recorded_ms(const char *state_folder);
/* Records broker.stopped, stops the writer, closes. */
void broker_close(struct broker *broker);

/* How requests of reverse proxies map to actions (config/forward_map.h); NULL: they do not. */
const struct forward_map *broker_forward_map(const struct broker *broker);
struct ambit_str broker_issuer(const struct broker *broker);
struct identity_trust *broker_trust(const struct broker *broker);
/* The keys of now, shared by count: what signs, and the published set (KEY-1..5, JSON). Each
 * acquire needs one release; never NULL once the broker is open. */
struct broker_keys {
    struct jws_signer *signer;
    struct buf jwks;
    struct ambit_digest needed[4]; /* whose private halves these are and will be made with */
    size_t n_needed;
    _Atomic int count; /* broker_keys_* only */
};
struct broker_keys *broker_keys_acquire(struct broker *broker);
void broker_keys_release(struct broker_keys *keys);
static inline void broker_keys_releasep(struct broker_keys **keys)
{
    broker_keys_release(*keys);
}
#define BROKER_KEYS_AUTO AMBIT_CLEANUP(broker_keys_releasep) struct broker_keys
/* What is slow and due: the next signing key by age or by a changed algorithm, and files of keys
 * that are over. Every few seconds, always on one thread; may write to disk. */
void broker_tend(struct broker *broker);
bool broker_defers(const struct broker *broker);     /* DTR-1 */
int64_t broker_now_ms(const struct broker *broker);  /* the time as it is believed (writer.h) */
int64_t broker_wall_ms(const struct broker *broker); /* what the clock shows, believed or not */
struct store *broker_store(struct broker *broker);
struct search *broker_search(struct broker *broker);
struct segments *broker_segments(struct broker *broker); /* events that were pruned */

/* SIGHUP: takes up the folder, recorded either way; blocks. MALFORMED with problems: the old set
 * stays. */
AMBIT_CHECKED enum ambit_err broker_reload(struct broker *broker, struct ambit_problems *problems);

AMBIT_CHECKED enum ambit_err broker_reload_files(struct broker *broker,
                                                 struct ambit_problems *problems);

/* The log that publishes the record; never NULL once the broker is open. */
struct tlog *broker_log(struct broker *broker);
/* Before the HTTP edge is stopped: nobody waits for a checkpoint any more. */
void broker_end_waits(struct broker *broker);
/* The newest checkpoint that a witness cosigned (COS-1); NOT_FOUND: none did. */
AMBIT_CHECKED enum ambit_err broker_log_witnessed(struct broker *broker, struct buf *out);
const struct broker_log_config *broker_log_config(const struct broker *broker);
/* Whether this person's reading of the log was told within the last minute. If not, it is taken to
 * be told now: the caller records it. */
bool broker_log_read_is_told(struct broker *broker, struct ambit_str person);

/* Health: `ready`, `starting`, `full`, `clock`, `sealed`, `stopping`. */
const char *broker_status(const struct broker *broker);

/* Budgets (design "Records are not a weapon"): OK, or BUSY with seconds to wait. */
AMBIT_CHECKED enum ambit_err broker_budget(struct broker *broker, const struct caller *caller,
                                           uint32_t *ret_retry_after_s);
/* `n` more of the same: all or none. */
AMBIT_CHECKED enum ambit_err broker_budget_more(struct broker *broker, const struct caller *caller,
                                                size_t n, uint32_t *ret_retry_after_s);
/* Was this person offboarded, and does no later set say so itself? When it cannot be told, yes. */
bool broker_person_left(struct broker *broker, struct ambit_str person);
/* A caller that proved nothing: counted, never an event of its own. */
void broker_count_unproved(struct broker *broker, struct ambit_str source_text);
/* CLI-14: the secret of a client, as claimed, was none from there; an absent source (a Unix socket)
 * is not limited. */
void broker_note_failed(struct broker *broker, struct ambit_str client, struct ambit_str source);
/* Is anybody to be kept waiting, and this one: for how many seconds. */
bool broker_keeps_waiting(struct broker *broker);
uint32_t broker_failed_wait_s(struct broker *broker, struct ambit_str client,
                              struct ambit_str source);

/* Counters for /metrics; atomics inside. */
void broker_metrics(struct broker *broker, struct buf *out);
