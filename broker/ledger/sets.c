/* SPDX-License-Identifier: Apache-2.0 */
/* Reading sets by their digests. */
#include "ledger/sets.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "crypto/digest.h"

enum { SETS_KEPT = 4, DIGEST = sizeof(struct ambit_digest) };

struct kept {
    struct ambit_digest digest;
    uint64_t used;
    enum ambit_err err; /* what was found */
    const char *problem;
    bool has_zones; /* some rules of time zones are kept with it */
    struct ambit_digest of;
    struct redecide_set set;
    struct ambit_policy_set *owned;
};
struct sets {
    struct sets_source source;
    uint64_t tick;
    struct kept kept[SETS_KEPT];
    const struct kept *last;
};

enum ambit_err sets_new(const struct sets_source *source, struct sets **ret)
{
    struct sets *sets = calloc(1, sizeof *sets);
    if (sets == NULL)
        return AMBIT_ERR_NO_MEMORY;
    sets->source = *source;
    *ret = sets;
    return AMBIT_OK;
}

void sets_free(struct sets *sets)
{
    for (size_t i = 0; sets != NULL && i < SETS_KEPT; i++)
        ambit_policy_set_free(sets->kept[i].owned);
    free(sets);
}

/* ---- reading -------------------------------------------------------------------------------- */

struct reading {
    struct sets *sets;
    struct kept *kept;
    struct arena arena;
    struct sets_list list;
    struct ambit_str *zones; /* bytes, in the order of the list */
    struct ambit_file *files;
    struct buf named; /* what the set's digest is over */
};

static AMBIT_CHECKED enum ambit_err refuse(struct reading *reading, enum ambit_err err,
                                           const char *what, const struct ambit_digest *of)
{
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    reading->kept->problem = what;
    reading->kept->of = *of;
    return err;
}

/* An erasure takes name and address of a person and puts these in their place; nothing else may
 * stand under a digest that it does not have. */
static AMBIT_CHECKED enum ambit_err judge_erased(struct arena *arena, struct ambit_str bytes)
{
    const struct ambit_read_env env = {.sha256 = crypto_sha256};
    const struct json_value *object = NULL;
    struct json_problem unused;
    struct ambit_identity identity;
    enum ambit_err err = ambit_document_identify(bytes, &env, &identity);
    if (err == AMBIT_OK)
        err = json_read(bytes, (struct json_limits){.depth = AMBIT_DOCUMENT_DEPTH}, arena, &object,
                        &unused);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err != AMBIT_OK || identity.kind != AMBIT_KIND_PERSON)
        return AMBIT_ERR_DAMAGED;
    bool has_signers_only =
        json_get(object, "email") == NULL && json_get(object, "ssh_signers") != NULL;
    bool is_erased = has_signers_only || ambit_str_is(json_get_str(object, "name"), "erased") ||
                     ambit_str_is(json_get_str(object, "email"), "erased@erased.invalid");
    return is_erased ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

static AMBIT_CHECKED enum ambit_err get(struct reading *reading, const struct ambit_digest *digest,
                                        bool is_zone, struct ambit_str *ret)
{
    const struct sets_source *source = &reading->sets->source;
    struct ambit_digest actual;
    enum ambit_err err = source->bytes(source->ctx, digest, is_zone, &reading->arena, ret);
    if (err == AMBIT_ERR_NOT_FOUND)
        return refuse(reading, err,
                      is_zone ? "the rules of a time zone are not there"
                              : "a document of the set is not there",
                      digest);
    if (err != AMBIT_OK)
        return refuse(reading, err, "a document of the set cannot be read", digest);
    crypto_sha256(ret->p, ret->len, &actual);
    if (ambit_digest_eq(actual, *digest))
        return AMBIT_OK;
    err = is_zone ? AMBIT_ERR_DAMAGED : judge_erased(&reading->arena, *ret);
    if (err == AMBIT_OK)
        err = source->replaced(source->ctx, digest, &actual);
    return err == AMBIT_OK
               ? err
               : refuse(reading, err, "the document's bytes do not have this digest", digest);
}

static void put_named(struct buf *named, int kind, struct ambit_str name,
                      const struct ambit_digest *digest)
{
    uint8_t len[4];
    put_be32(len, (uint32_t)name.len);
    buf_put_char(named, (char)kind);
    buf_put(named, len, sizeof len);
    buf_put_str(named, name);
    buf_put(named, digest->b, DIGEST);
}

static AMBIT_CHECKED enum ambit_err read_document(struct reading *reading, size_t i)
{
    const struct ambit_read_env env = {.sha256 = crypto_sha256};
    const struct ambit_digest *digest = &reading->list.documents[i];
    struct ambit_identity identity;
    struct ambit_str bytes;
    enum ambit_err err = get(reading, digest, false, &bytes);
    if (err != AMBIT_OK)
        return err;
    err = ambit_document_identify(bytes, &env, &identity);
    if (err != AMBIT_OK)
        return refuse(reading, err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_DAMAGED,
                      "a document of the set is none", digest);
    struct ambit_str name = arena_copy(
        &reading->arena, (struct ambit_str){.p = identity.name, .len = identity.name_len});
    if (name.p == NULL)
        return AMBIT_ERR_NO_MEMORY;
    reading->files[i] =
        (struct ambit_file){.kind = identity.kind, .path = name, .name = name, .bytes = bytes};
    put_named(&reading->named, (int)identity.kind, name, digest);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err read_files(struct reading *reading)
{
    static const char tag[] = "ambit documents v1"; /* its NUL belongs to it */
    const struct sets_list *list = &reading->list;
    enum ambit_err err = AMBIT_OK;
    reading->files = arena_array(&reading->arena, list->n + 1, sizeof *reading->files);
    reading->zones = arena_array(&reading->arena, list->n_zones + 1, sizeof *reading->zones);
    if (reading->files == NULL || reading->zones == NULL)
        return AMBIT_ERR_NO_MEMORY;
    buf_put(&reading->named, tag, sizeof tag);
    for (size_t i = 0; err == AMBIT_OK && i < list->n; i++)
        err = read_document(reading, i);
    for (size_t i = 0; err == AMBIT_OK && i < list->n_zones; i++) {
        err = get(reading, &list->zones[i].digest, true, &reading->zones[i]);
        put_named(&reading->named, AMBIT_KIND_ZONE, list->zones[i].name, &list->zones[i].digest);
    }
    return err == AMBIT_OK ? buf_check(&reading->named) : err;
}

static enum ambit_err find_zone(void *ctx, struct ambit_str name, struct ambit_str *ret)
{
    const struct reading *reading = ctx;
    for (size_t i = 0; i < reading->list.n_zones; i++) {
        if (ambit_str_eq(reading->list.zones[i].name, name)) {
            *ret = reading->zones[i];
            return AMBIT_OK;
        }
    }
    return AMBIT_ERR_NOT_FOUND;
}

static bool uses_hours(const struct ambit_documents *documents)
{
    for (size_t i = 0; i < documents->n_policies; i++)
        for (size_t k = 0; k < documents->policies[i].n_rules; k++)
            if (documents->policies[i].rules[k].when.n_hours > 0)
                return true;
    return false;
}

static AMBIT_CHECKED enum ambit_err compile(struct reading *reading)
{
    struct kept *kept = reading->kept;
    struct ambit_documents *documents = NULL;
    struct ambit_problems problems = {0};
    bool has_zones = reading->list.has_zones;
    kept->has_zones = reading->list.n_zones > 0;
    const struct ambit_read_env env = {
        .sha256 = crypto_sha256, .zone = has_zones ? find_zone : NULL, .ctx = reading};
    enum ambit_err err =
        ambit_documents_read(reading->files, reading->list.n, &env, &problems, &documents);
    ambit_problems_done(&problems);
    if (err != AMBIT_OK)
        return refuse(reading, err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_DAMAGED,
                      "the set's documents cannot be read together", &kept->digest);
    kept->set.reads_purpose = redecide_reads_purpose(documents);
    kept->set.lacks_zones = !has_zones && uses_hours(documents);
    err = ambit_policy_compile(documents, &kept->owned);
    kept->set.set = kept->owned;
    return err;
}

static AMBIT_CHECKED enum ambit_err read_set(struct reading *reading)
{
    const struct sets_source *source = &reading->sets->source;
    struct kept *kept = reading->kept;
    struct ambit_digest actual;
    enum ambit_err err = source->list(source->ctx, &kept->digest, &reading->arena, &reading->list);
    if (err != AMBIT_OK)
        return refuse(reading, err,
                      err == AMBIT_ERR_NOT_FOUND ? "the set of documents is not there"
                                                 : "the set of documents cannot be read",
                      &kept->digest);
    err = read_files(reading);
    if (err != AMBIT_OK)
        return err;
    crypto_sha256(reading->named.p, reading->named.len, &actual);
    if (!ambit_digest_eq(actual, kept->digest))
        return refuse(reading, AMBIT_ERR_DAMAGED, "the set's documents do not give this digest",
                      &kept->digest);
    return compile(reading);
}

/* ---- keeping -------------------------------------------------------------------------------- */

static struct kept *find(struct sets *sets, const struct ambit_digest *digest)
{
    struct kept *oldest = &sets->kept[0];
    for (size_t i = 0; i < SETS_KEPT; i++) {
        struct kept *kept = &sets->kept[i];
        if (kept->used > 0 && ambit_digest_eq(kept->digest, *digest))
            return kept;
        if (kept->used < oldest->used)
            oldest = kept;
    }
    ambit_policy_set_free(oldest->owned);
    *oldest = (struct kept){.digest = *digest};
    return oldest;
}

enum ambit_err sets_get(struct sets *sets, const struct ambit_digest *digest,
                        struct redecide_set *ret)
{
    struct kept *kept = find(sets, digest);
    bool is_new = kept->used == 0;
    kept->used = ++sets->tick;
    sets->last = kept;
    if (is_new) {
        struct reading reading = {.sets = sets, .kept = kept};
        arena_init(&reading.arena, NULL, 0, 0);
        buf_init(&reading.named, 0);
        kept->err = read_set(&reading);
        buf_done(&reading.named);
        arena_done(&reading.arena);
        if (kept->err == AMBIT_ERR_NO_MEMORY)
            kept->used = 0;
    }
    if (kept->err == AMBIT_OK)
        *ret = kept->set;
    return kept->err;
}

const char *sets_problem(const struct sets *sets, struct ambit_digest *ret_of)
{
    *ret_of = sets->last->of;
    return sets->last->problem;
}

bool sets_have_zones(const struct sets *sets)
{
    return sets->last->err == AMBIT_OK && sets->last->has_zones;
}
