/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's configuration: one strict JSON file read through one table (config.c: a row per key
 * with its type, range and default). A flag goes over AMBIT_* in the environment, that over the
 * file, that over the default. Unknown keys, values out of range and everything this version cannot
 * do yet refuse to start, in words, all at once, each with line and column: nothing is ignored.
 * Read once at start; a reload takes up documents, never the configuration. */
#pragma once

#include <sys/types.h>

#include "base/addr.h"
#include "ambit/document.h"
#include "base/arena.h"
#include "base/buf.h"
#include "config/forward_map.h"

#define CONFIG_PATH_DEFAULT "/etc/ambit/ambit.json"

enum {
    CONFIG_LISTENERS_MAX = 8,
    CONFIG_PROXIES_MAX = 32,
    CONFIG_ISSUERS_MAX = 16,
    CONFIG_BLOCKS_MAX = 16,
    CONFIG_WITNESSES_MAX = 16,
    CONFIG_ORIGIN_MAX = 200,  /* a name that is continued gets longer */
    CONFIG_MAX_AGE_S = 86400, /* of a federated token */
};

/* Which routes a listener serves (design 7). */
enum config_listener_kind {
    CONFIG_LISTENER_ALL,       /* no name: everything */
    CONFIG_LISTENER_AGENTS,    /* OAuth, AuthZEN, discovery, and what of /v1 agents and services may
                                  call */
    CONFIG_LISTENER_LOCAL,     /* the same, for callers on this machine */
    CONFIG_LISTENER_OPERATORS, /* /v1 */
    CONFIG_LISTENER_OPS,       /* health, metrics */
};
const char *config_listener_text(enum config_listener_kind kind);

/* Files, absolute or from the folder of the configuration file, NUL-terminated. */
struct config_tls {
    struct ambit_str certificate, key; /* PEM; {NULL,0}: no TLS */
    struct ambit_str client_ca; /* {NULL,0} or PEM certificates that identity/ verifies clients'
                                   chains by; nothing is verified in the handshake */
};

struct config_listener {
    enum config_listener_kind kind;
    struct addr address; /* loopback without TLS (HTP-1); family 0: a Unix socket */
    uint16_t port;       /* 0: any free one */
    struct config_tls tls;
    struct ambit_str unix_path; /* absolute or from the folder of the file; {NULL,0}: an address */
    unsigned unix_mode;
    uid_t unix_owner; /* (uid_t)-1, (gid_t)-1: as it is made */
    gid_t unix_group;
};

/* An issuer of tokens that agents may prove themselves with (WIF-1). */
enum config_profile {
    CONFIG_PROFILE_OIDC,
    CONFIG_PROFILE_KUBERNETES, /* tokens are shown many times (ASG-4) */
    CONFIG_PROFILE_GITHUB,     /* pull requests only where they are named (GHA-2) */
    CONFIG_PROFILE_SPIFFE      /* a trust domain: its bundle, JWT-SVIDs and X.509-SVIDs */
};
struct config_issuer {
    struct ambit_str issuer;
    struct ambit_str jwks; /* a file, NUL-terminated, or an https URL; {NULL,0}: by discovery */
    bool is_file;
    unsigned algorithms; /* CRYPTO_ALG_BIT */
    int64_t max_age_s;   /* of a token, however long it says it lives */
    enum config_profile profile;
    bool is_assertion; /* its tokens may also stand as client_assertion (WIF-4 b, SPF-3) */
};
/* How keys behind URLs are fetched (CIM-4). */
struct config_fetch {
    struct ambit_str ca; /* PEM, beside the machine's own authorities; {NULL,0}: none */
    struct cidr allow[CONFIG_BLOCKS_MAX]; /* addresses allowed that are otherwise refused */
    size_t n_allow;
    int64_t stale_s; /* how long keys are used past their time while fetching fails */
};

/* Who cosigns the log's checkpoints (COS-2). */
struct config_witness {
    struct ambit_str name, vkey, url;
};
struct config_log {
    struct ambit_str origin;       /* {NULL,0}: the issuer's name and "/log" */
    bool is_public;                /* tiles and entries for everybody */
    struct ambit_str witness_file; /* a second place for the checkpoint, NUL-terminated; or
                                      {NULL,0} */
    struct config_witness witnesses[CONFIG_WITNESSES_MAX];
    size_t n_witnesses;
    int64_t receipts_wait_ms; /* how long a receipt waits for its checkpoint */
};

struct config_limits {
    int64_t store_bytes, store_reserve_bytes, store_grow_bytes;
    int64_t connections, connections_per_source, idle_s, request_s;
    int64_t queue;
    int64_t query_threads; /* 0: as many as processors */
    int64_t streams, streams_per_person;
    int64_t failed_burst, failed_per_minute; /* failed proofs of a client from one source */
    int64_t agent_per_s, agent_burst, service_per_s, service_burst, person_per_s, person_burst;
};

struct config {
    struct ambit_str issuer; /* {NULL,0}: the URL of the first listener, known once it is bound */
    struct ambit_str state;  /* folders, NUL-terminated; a relative one in the file is taken from */
    struct ambit_str documents; /* the folder of the file, elsewhere from the working directory */
    struct config_listener listen[CONFIG_LISTENERS_MAX];
    size_t n_listen;
    /* Peers that are believed about the caller: X-Forwarded-For, Forwarded, Client-Cert. */
    struct cidr trusted_proxies[CONFIG_PROXIES_MAX];
    size_t n_trusted_proxies;
    /* PEM: who signs the certificates of clients that came through a listed proxy; those of a TLS
     * listener's clients have listen[].tls.client_ca. {NULL,0}: none. */
    struct ambit_str proxy_client_ca;
    struct ambit_str algorithm; /* of tokens: "ES256" "EdDSA" "RS256" */
    bool is_deferring;          /* token responses may be deferred */
    int64_t status_ttl_s;       /* token status lists; 0: none */
    int64_t status_size;
    int64_t rotate_s;        /* a signing key is changed when it is so old; 0: by hand alone */
    struct ambit_str segments_folder; /* {NULL,0}: segments/ in the state folder */
    int64_t least_age_s, keep_s;      /* of events in the store; keep 0: not pruned by itself */
    struct ambit_str backup_folder; /* {NULL,0}: backups/ in the state folder */
    bool backup_keys;               /* private keys go into backups too */
    int64_t backup_bytes_per_s;
    struct ambit_str review; /* "enforce": what is not confirmed is refused; "record": recorded */
    int64_t attestation_s;
    struct forward_map forward; /* for GET /forward-auth; empty: nothing is answered there */
    struct config_limits limits;
    struct config_log log;
    struct config_issuer issuers[CONFIG_ISSUERS_MAX];
    size_t n_issuers;
    struct config_fetch fetch;
    struct ambit_str issuer_alias; /* also taken as our name in assertions (CLI-8); {NULL,0}: off */
    struct ambit_str scratch;      /* of the reader */
    struct arena arena;            /* owns the texts */
};

struct config_source {
    const char *path;               /* NULL: no file, defaults */
    const char *state, *listen;     /* flags; NULL when not given */
    const char *const *environment; /* NULL-terminated NAME=VALUE list; NULL: none */
};

/* OK with *ret whole, or MALFORMED with every problem, or NO_MEMORY; config_done() in each case. A
 * file that cannot be read is a problem too. */
AMBIT_CHECKED enum ambit_err config_load(const struct config_source *source, struct config *ret,
                                         struct ambit_problems *problems);
/* The same from bytes at hand; `folder` is what relative paths in the file start from. */
AMBIT_CHECKED enum ambit_err config_read(struct ambit_str bytes, const char *path,
                                         const char *folder, const struct config_source *source,
                                         struct config *ret, struct ambit_problems *problems);
void config_done(struct config *config);
#define CONFIG_AUTO AMBIT_CLEANUP(config_done) struct config

/* "ADDR:PORT", IPv6 in brackets, of a plain listener: loopback (REFUSED otherwise). */
AMBIT_CHECKED enum ambit_err config_listen_decode(struct ambit_str text,
                                                  struct config_listener *ret);
/* The URL of a bound listener: "http://127.0.0.1:8420", "https://[::1]:8443", "unix:/run/x.sock",
 * NUL-terminated. */
enum { CONFIG_URL_MAX = 128, CONFIG_UNIX_PATH_MAX = 107 };
void config_listener_url(const struct config_listener *listener, uint16_t port,
                         char dst[CONFIG_URL_MAX]);
