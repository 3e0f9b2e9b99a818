/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a log is verified, decisions apart: events a second on one core,
 * against SHA-256 of the same bytes in the same run; and the memory it takes.
 * The log is generated: a grant, then nine actions under it, about 900 bytes
 * each. bench_verify [EVENTS [ROUNDS]] */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "ledger/log_verify.h"
#include "ledger/tile_path.h"
#include "ledger/tree.h"

enum { START_MS = 1763632800, LEVELS = 4 };

struct log {
    uint64_t size;
    struct buf *bundles;
    size_t n_bundles;
    struct buf tiles[LEVELS];
    struct buf export, note;
    uint64_t bytes;
};

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "bench_verify: %s\n", what);
        exit(1);
    }
}

/* ---- making
 * ---------------------------------------------------------------------------------
 */

static struct ambit_id id_of(uint64_t kind, uint64_t n)
{
    struct ambit_id id;
    put_be64(id.b, kind << 40 | n);
    put_be64(id.b + 8, n * 0x9e3779b97f4a7c15U);
    return id;
}

static void put_event(uint64_t seq, struct buf *bundle, struct ambit_digest *ret_leaf)
{
    static const struct ambit_given items[] = {{.action = AMBIT_STR("service.restart"),
                                                .resource = AMBIT_STR("svc:staging/**"),
                                                .policy = AMBIT_STR("restart-services"),
                                                .rule = AMBIT_STR("restart"),
                                                .digest = {{1}}}};
    static const int64_t figures[] = {3, 0};
    static const struct event_seed seed = {{7}};
    struct event event = {
        .seq = seq,
        .time_ms = (int64_t)START_MS * 1000 + (int64_t)seq,
        .type = seq % 10 == 0 ? EVENT_GRANT_ISSUED : EVENT_ACTION_ALLOWED,
        .id = id_of(1, seq),
        .agent = AMBIT_STR("remediator"),
        .owner = AMBIT_STR("dana"),
        .team = AMBIT_STR("platform"),
        .grant = id_of(2, seq / 10),
        .lineage = id_of(2, seq / 10),
        .policy = AMBIT_STR("restart-services"),
        .rule = AMBIT_STR("restart"),
        .digest = {{1}},
        .documents = {{2}},
        .decision = AMBIT_ALLOW,
        .reason = AMBIT_REASON_ALLOWED,
        .audience = AMBIT_STR("https://payments.example.gov"),
        .source = AMBIT_STR("10.20.30.40"),
        .txn = AMBIT_STR("0af7651916cd43dd8448eb211c80319c"),
        .figures = figures,
        .n_figures = AMBIT_LEN(figures),
        .has_proof = true,
    };
    struct buf opening = {.p = NULL};
    if (event.type == EVENT_GRANT_ISSUED) {
        event.items = items;
        event.n_items = AMBIT_LEN(items);
        event.lifetime_s = 300;
        event.expires_ms = event.time_ms / 1000 * 1000 + 300000;
    } else {
        event.service = AMBIT_STR("payments-api");
        event.action = AMBIT_STR("service.restart");
        event.resource = AMBIT_STR("svc:staging/payments/api-7");
        event.arguments_digest =
            AMBIT_STR("sha256:"
                      "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    }
    size_t at = bundle->len;
    buf_put(bundle, "\0\0", 2);
    must(event_encode(&event, &seed, bundle, &opening) == AMBIT_OK, "encode");
    size_t len = bundle->len - at - 2;
    bundle->p[at] = (char)(len >> 8);
    bundle->p[at + 1] = (char)len;
    *ret_leaf = tree_leaf((struct ambit_str){bundle->p + at + 2, len});
}

static void put_head(struct log *log, const struct ambit_digest *root)
{
    struct ambit_str none = AMBIT_STR("bench/log");
    const struct checkpoint checkpoint = {.origin = none, .size = log->size, .root = *root};
    checkpoint_put(&checkpoint, &log->note);
    buf_put_text(&log->note, "\n\u2014 bench/log AAAAAAAA\n"); /* nobody's */
    buf_printf(&log->export,
               "{\"first\":0,\"kind\":\"log\",\"next\":%" PRIu64
               ",\"openings\":false,\"origin\":\"bench/log\",\"size\":%" PRIu64 ",\"v\":1}",
               log->size, log->size);
}

static void make(struct log *log)
{
    struct tree_edge *edge = calloc(1, sizeof *edge);
    log->n_bundles = (log->size + LOG_TILE_WIDTH - 1) / LOG_TILE_WIDTH;
    log->bundles = calloc(log->n_bundles, sizeof *log->bundles);
    must(edge != NULL && log->bundles != NULL, "memory");
    for (uint64_t seq = 0; seq < log->size; seq++) {
        struct ambit_digest leaf;
        struct buf *bundle = &log->bundles[seq / LOG_TILE_WIDTH];
        put_event(seq, bundle, &leaf);
        buf_put(&log->tiles[0], leaf.b, sizeof leaf.b);
        tree_edge_add(edge, leaf);
        for (unsigned l = 1; l < LEVELS && edge->size % ((uint64_t)1 << (8 * l)) == 0; l++)
            buf_put(&log->tiles[l], edge->node[8 * l].b, sizeof leaf.b);
    }
    for (size_t i = 0; i < log->n_bundles; i++)
        log->bytes += log->bundles[i].len;
    struct ambit_digest root = tree_root(edge);
    put_head(log, &root);
    free(edge);
}

static enum ambit_err get(void *ctx, const char *path, size_t max, struct buf *ret)
{
    const struct log *log = ctx;
    struct tile_path tile;
    (void)max;
    if (strcmp(path, "export.json") == 0)
        buf_put_str(ret, buf_str(&log->export));
    else if (strcmp(path, "checkpoint") == 0)
        buf_put_str(ret, buf_str(&log->note));
    else if (tile_path_read(ambit_str_of(path), &tile) != AMBIT_OK)
        return AMBIT_ERR_NOT_FOUND;
    else if (tile.is_entries)
        buf_put_str(ret, buf_str(&log->bundles[tile.index]));
    else
        buf_put(ret, log->tiles[tile.level].p + tile.index * LOG_TILE_WIDTH * 32, tile.width * 32);
    return buf_check(ret);
}

/* ---- measuring
 * ------------------------------------------------------------------------------
 */

/* Processor time: who else is at work does not count. */
static int64_t cpu_us(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0, "clock");
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double hash_s(const struct log *log)
{
    struct ambit_digest digest;
    int64_t begun = cpu_us();
    for (size_t i = 0; i < log->n_bundles; i++) {
        struct ambit_str left = buf_str(&log->bundles[i]);
        while (left.len > 2) {
            size_t len = (size_t)(uint8_t)left.p[0] << 8 | (uint8_t)left.p[1];
            crypto_sha256(left.p + 2, len, &digest);
            left.p += 2 + len;
            left.len -= 2 + len;
        }
    }
    return (double)(cpu_us() - begun) / 1e6;
}

static double verify_s(struct log *log)
{
    const struct log_source source = {.ctx = log, .get = get};
    const struct note_verifier nobody = {.name = "bench/log", .name_len = 9};
    const struct log_verify_options options = {
        .key = &nobody, .hash_key = {11, 13}, .no_redecide = true};
    struct log_report report;
    int64_t begun = cpu_us();
    must(log_verify(&source, &options, &report) == AMBIT_OK, "verify");
    double took_s = (double)(cpu_us() - begun) / 1e6;
    for (size_t i = 0; i < report.n; i++) /* the signature is nobody's, and nothing else is wrong */
        must(report.n == 1 && !report.is_signed, report.problems[i].what.p);
    must(report.events == log->size, "all of it");
    log_report_done(&report);
    return took_s;
}

static long peak_kib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

int main(int argc, char **argv)
{
    uint64_t size = 200000, rounds = 3;
    if (argc > 1)
        must(parse_u64(ambit_str_of(argv[1]), &size) == AMBIT_OK && size > 0, "how many events?");
    if (argc > 2)
        must(parse_u64(ambit_str_of(argv[2]), &rounds) == AMBIT_OK && rounds > 0, "rounds?");
    struct log log = {.size = size};
    make(&log);
    long before = peak_kib();
    double best_hash = 1e9, best = 1e9;
    for (uint64_t i = 0; i < rounds; i++) {
        double hashed = hash_s(&log), verified = verify_s(&log);
        best_hash = hashed < best_hash ? hashed : best_hash;
        best = verified < best ? verified : best;
    }
    printf("verify %" PRIu64 " events of %" PRIu64 " bytes: %.0f events/s, %.2f of SHA-256 of the "
           "same bytes (%.0f MB/s), %ld KiB beside the log\n",
           size, log.bytes / size, (double)size / best, best / best_hash,
           (double)log.bytes / best_hash / 1e6, peak_kib() - before);
    for (size_t i = 0; i < log.n_bundles; i++)
        buf_done(&log.bundles[i]);
    free(log.bundles);
    for (size_t l = 0; l < LEVELS; l++)
        buf_done(&log.tiles[l]);
    buf_done(&log.export);
    buf_done(&log.note);
    return 0;
}
