/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that stand elsewhere: in a file, or behind an https URL. They are fetched by a thread of
 * their own, all at once, so that one that does not answer delays no other and no request ever
 * waits for a connection. What was fetched is kept as long as its sender says, between 300 s and a
 * day; while fetching fails it is used `stale_s` longer, and then no more. What is not there yet,
 * or not any more, refuses: BUSY, "ask again".
 *
 * Guarded (CIM-4): https alone, by verified TLS, to addresses that identity/guard.h allows, each
 * judged as it is connected to; no redirect, no proxy, no cookie, no credential; at most 256 KiB
 * and FETCH_S seconds. */
#pragma once

#include <stdatomic.h>

#include "config/config.h"
#include "crypto/jws.h"
#include "crypto/x509.h"

enum source_kind {
    SOURCE_JWKS,      /* a JWK set */
    SOURCE_DISCOVERY, /* an issuer, whose metadata says where its JWK set is (WIF-1) */
    SOURCE_BUNDLE,    /* a SPIFFE bundle (SPF-2) */
    SOURCE_ANCHORS,   /* a PEM file of authorities */
};
enum {
    SOURCE_BYTES_MAX = 256 * 1024,
    SOURCES_MAX = 4096,
    SOURCE_FRESH_S = 300,       /* at least this long */
    SOURCE_FRESH_MAX_S = 86400, /* and at most */
    SOURCE_AGE_FOR_NEWS_S = 60, /* an unknown kid fetches anew what is older */
    SOURCE_RETRY_MAX_S = 60,
    FETCH_S = 10,
    FETCHES_AT_ONCE = 64,
};

struct key_sources; /* with its thread */
AMBIT_CHECKED enum ambit_err key_sources_new(const struct config_fetch *config,
                                             struct key_sources **ret);
/* Every source was released. */
void key_sources_free(struct key_sources *sources);
/* Everything is read again now: SIGHUP. */
void key_sources_refresh(struct key_sources *sources);

struct key_source;
/* The source of that place, shared by all who ask for it. A URL is fetched at once, in the
 * background; a file is read here: its error is returned. */
AMBIT_CHECKED enum ambit_err key_source_take(struct key_sources *sources, enum source_kind kind,
                                             struct ambit_str place, bool is_file,
                                             struct key_source **ret);
void key_source_release(struct key_sources *sources, struct key_source *source);

/* What a source held at one moment; counted. */
struct key_snapshot {
    atomic_uint count;
    struct jwk_set *set;          /* NULL of SOURCE_ANCHORS */
    struct x509_anchors *anchors; /* NULL: none */
};
/* NULL: none now. */
struct key_snapshot *key_source_keys(struct key_sources *sources, struct key_source *source);
void key_snapshot_release(struct key_snapshot *snapshot);
void key_snapshot_freep(struct key_snapshot **snapshot);
#define KEY_SNAPSHOT_AUTO AMBIT_CLEANUP(key_snapshot_freep) struct key_snapshot
/* The key that was looked for is not among them: true when they are old enough to be fetched anew,
 * which now happens; false: it does not exist. */
bool key_source_news(struct key_sources *sources, struct key_source *source);

/* What was fetched or read, as keys; within the room, and for tests. MALFORMED. */
AMBIT_CHECKED enum ambit_err key_snapshot_read(enum source_kind kind, struct ambit_str bytes,
                                               struct key_snapshot **ret, int64_t *ret_hint_s);
/* The `jwks_uri` of an issuer's metadata, whose `issuer` must be `issuer`; in the arena. */
AMBIT_CHECKED enum ambit_err discovery_read(struct ambit_str bytes, struct ambit_str issuer,
                                            struct arena *arena, struct ambit_str *ret_uri);
/* Seconds of Cache-Control: max-age; 0 when nothing says. */
int64_t cache_control_age(struct ambit_str value);
