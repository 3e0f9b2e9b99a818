/* SPDX-License-Identifier: Apache-2.0 */
/* What the record costs by itself: nanoseconds to write one event of about 1 KB with its leaf hash,
 * and events a second through the writer, 64 of them always waiting, each batch flushed to the
 * disk. bench_ledger [FOLDER [SECONDS]]     (FOLDER must be on the disk to be measured) */
#include <ftw.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "ledger/ledger.h"
#include "store/store.h"
#include "store/writer.h"

enum { WAITING = 64, ENCODES = 200000 };

static const struct event_seed seed = {.b = {1}};

static struct event typical(void)
{
    static const struct ambit_item asked[] = {
        {.action = {"service.restart", 15}, .resource = {"svc:staging/**", 14}}};
    static struct ambit_given items[1];
    static const int64_t figures[] = {3, 0};
    static const struct event_count counts[] = {{.policy = {"restart-services", 16},
                                                 .id = {"staging", 7},
                                                 .amount = 1,
                                                 .kind = AMBIT_LIMIT_COUNT,
                                                 .by = AMBIT_BY_AGENT,
                                                 .key = {"remediator", 10},
                                                 .keep_ms = 600000}};
    items[0] = (struct ambit_given){.action = asked[0].action,
                                    .resource = asked[0].resource,
                                    .policy = counts[0].policy,
                                    .rule = counts[0].id,
                                    .digest = {.b = {1}}};
    return (struct event){
        .time_ms = 1795168800123,
        .type = EVENT_GRANT_ISSUED,
        .id = {.b = {1}},
        .agent = AMBIT_STR("remediator"),
        .owner = AMBIT_STR("dana"),
        .team = AMBIT_STR("payments"),
        .grant = {.b = {2}},
        .lineage = {.b = {2}},
        .policy = counts[0].policy,
        .rule = counts[0].id,
        .digest = {.b = {1}},
        .documents = {.b = {2}},
        .decision = AMBIT_ALLOW,
        .reason = AMBIT_REASON_ALLOWED,
        .asked = asked,
        .n_asked = 1,
        .items = items,
        .n_items = 1,
        .audience = AMBIT_STR("https://payments.example.gov"),
        .lifetime_s = 300,
        .expires_ms = 1795169100000,
        .source = AMBIT_STR("127.0.0.1"),
        .token = {.b = {3}},
        .txn = AMBIT_STR("0123456789abcdef0123456789abcdef"),
        .purpose = AMBIT_STR("restart after deployment"),
        .counts = counts,
        .n_counts = 1,
        .figures = figures,
        .n_figures = 2,
    };
}

static void measure_encode(void)
{
    struct event event = typical();
    static char leaf_memory[AMBIT_EVENT_BYTES], opening_memory[AMBIT_EVENT_BYTES];
    struct buf leaf, opening;
    struct ambit_digest digest = {{0}};
    int64_t began_us = clock_mono_us();
    for (int i = 0; i < ENCODES; i++) {
        buf_init_fixed(&leaf, leaf_memory, sizeof leaf_memory);
        buf_init_fixed(&opening, opening_memory, sizeof opening_memory);
        event.seq = (uint64_t)i;
        if (event_encode(&event, &seed, &leaf, &opening) != AMBIT_OK)
            abort();
        digest = tree_leaf(buf_str(&leaf));
    }
    int64_t took_us = clock_mono_us() - began_us;
    printf("encode_ns %.0f\nevent_bytes %zu\n", (double)took_us * 1000 / ENCODES, leaf.len);
    (void)digest;
}

struct bench {
    struct writer *writer;
    struct tree_edge edge;
    int64_t until_us;
    uint64_t n;
    int left;
    sem_t ended;
};

struct job {
    struct writer_job job;
    struct bench *bench;
    struct event event;
};

static enum ambit_err append(struct writer_job *base, struct store_txn *txn, int64_t now_ms)
{
    struct job *job = (struct job *)base;
    job->event.time_ms = now_ms;
    return ledger_append(&job->bench->edge, txn, &job->event, &seed);
}

/* Asks again at once, until time is up. On the writer thread, so nothing is shared. */
static void again(struct writer_job *base, enum ambit_err err)
{
    struct bench *bench = ((struct job *)base)->bench;
    if (err != AMBIT_OK)
        abort();
    bench->n++;
    if (clock_mono_us() < bench->until_us && writer_submit(bench->writer, base) == AMBIT_OK)
        return;
    if (--bench->left == 0)
        (void)sem_post(&bench->ended);
}

static void measure_writer(const char *folder, int seconds)
{
    struct store_options store_options = {.folder = folder, .create = true};
    struct writer_options options = {.wall_ms = clock_wall_ms, .boot_ms = clock_boot_ms};
    static struct job jobs[WAITING];
    static struct bench bench;
    struct writer_counts counts;
    struct store_space space;
    if (store_open(&store_options, &options.store) != AMBIT_OK ||
        writer_start(&options, &bench.writer) != AMBIT_OK || sem_init(&bench.ended, 0, 0) != 0)
        abort();
    int64_t began_us = clock_mono_us();
    bench.until_us = began_us + (int64_t)seconds * 1000000;
    bench.left = WAITING;
    for (int i = 0; i < WAITING; i++) {
        jobs[i] = (struct job){.job = {.class = WRITER_GIVES, .run = append, .done = again},
                               .bench = &bench,
                               .event = typical()};
        if (writer_submit(bench.writer, &jobs[i].job) != AMBIT_OK)
            abort();
    }
    (void)sem_wait(&bench.ended);
    double took_s = (double)(clock_mono_us() - began_us) / 1e6;
    writer_count(bench.writer, &counts);
    store_space(options.store, &space);
    printf("events_per_s %.0f\ncommits_per_s %.0f\nevents_per_commit %.1f\ncommit_ms "
           "%.3f\nstore_bytes_per_event %.0f\n",
           (double)bench.n / took_s, (double)counts.commits / took_s,
           (double)bench.n / (double)counts.commits,
           counts.commit_seconds_sum * 1000 / (double)counts.commits,
           (double)space.used_bytes / (double)bench.n);
    writer_stop(bench.writer);
    store_close(options.store);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

int main(int argc, char **argv)
{
    char folder[512];
    uint64_t seconds = 3;
    int n = snprintf(folder, sizeof folder, "%s/ambit-bench-XXXXXX", argc > 1 ? argv[1] : ".");
    if (n < 0 || n >= (int)sizeof folder || !mkdtemp(folder) ||
        (argc > 2 && parse_u64(ambit_str_of(argv[2]), &seconds) != AMBIT_OK))
        return 2;
    measure_encode();
    measure_writer(folder, (int)seconds);
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : 1;
}
