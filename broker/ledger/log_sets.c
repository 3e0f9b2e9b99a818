/* SPDX-License-Identifier: Apache-2.0 */
/* The sets of documents that lie in an archive of evidence, each held against its digest with every
 * document of it: one that no decision here hangs on as well. */
#include "base/arena.h"
#include "base/encode.h"
#include "ledger/log_verify_internal.h"

enum { SETS_MAX = 1 << 16 };

struct found {
    struct ambit_digest *v;
    size_t n, room;
    bool is_full;
};

static void take_path(void *ctx, const char *path)
{
    static const char folder[] = "sets/";
    struct found *found = ctx;
    struct ambit_digest digest;
    size_t n = sizeof folder - 1;
    bool is_set = strlen(path) == n + HEX_DIGEST_LEN + 5 && memcmp(path, folder, n) == 0 &&
                  strcmp(path + n + HEX_DIGEST_LEN, ".json") == 0 &&
                  hex_decode((struct ambit_str){path + n, HEX_DIGEST_LEN}, digest.b,
                             sizeof digest.b) == AMBIT_OK;
    if (!is_set || found->is_full)
        return;
    if (found->n == found->room) {
        size_t room = found->room ? 2 * found->room : 16;
        struct ambit_digest *v = room <= SETS_MAX ? realloc(found->v, room * sizeof *v) : NULL;
        found->is_full = v == NULL;
        if (v == NULL)
            return;
        found->v = v;
        found->room = room;
    }
    found->v[found->n++] = digest;
}

/* Whether an erasure accounts for it is told at the end of the walk. */
static enum ambit_err replaced(void *ctx, const struct ambit_digest *digest,
                               const struct ambit_digest *now)
{
    const struct log_verify *verify = ctx;
    return follow_replaced(verify->follow, digest, now);
}

static AMBIT_CHECKED enum ambit_err judge(struct log_verify *verify, struct sets *sets,
                                          const struct ambit_digest *digest)
{
    struct redecide_set unused;
    struct ambit_digest of;
    char path[LOG_PATH_MAX], hex[HEX_DIGEST_LEN];
    enum ambit_err err = sets_get(sets, digest, &unused);
    if (err == AMBIT_OK || log_is_ours(err))
        return err;
    log_named_path(LOG_SET, digest, path);
    const char *what = sets_problem(sets, &of);
    hex_encode(of.b, sizeof of.b, hex);
    log_problem(verify, NULL, path, "does not hold: %s (%.*s)", what, (int)sizeof hex, hex);
    return AMBIT_OK;
}

enum ambit_err log_verify_sets(struct log_verify *verify)
{
    struct found found = {.n = 0};
    struct sets *sets = NULL;
    struct sets_source source = log_follow_source(verify).sets;
    source.replaced = replaced;
    enum ambit_err err = verify->source->each(verify->source->ctx, take_path, &found);
    if (err == AMBIT_OK && found.is_full)
        err = AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK)
        err = sets_new(&source, &sets);
    for (size_t i = 0; err == AMBIT_OK && i < found.n; i++)
        err = judge(verify, sets, &found.v[i]);
    sets_free(sets);
    free(found.v);
    return err;
}
