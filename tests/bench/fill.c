/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the store of a broker that is down with events like its own last grant and action: one
 * grant and nine actions with it, over and over, half of them the agent's own, half of a thousand
 * others'. They go through ledger_append() and apply_event(), as the writer's do, in large batches.
 * bench_fill STORE EVENTS       Prints the ids of a grant and an action from the middle. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "core/apply.h"
#include "ledger/ledger.h"
#include "store/store.h"

enum { BATCH = 5000, ACTIONS = 9, OTHERS = 1000, PER_MS = 1000, LIFE_MS = 300000 };

struct fill {
    struct store *store;
    struct head head;
    struct event grant, action; /* like these */
    uint64_t n;                 /* done */
    int64_t from_ms;
    struct ambit_id current; /* grant */
    struct ambit_str agent;
    char name[32];
};

static void need(enum ambit_err err)
{
    if (err == AMBIT_OK)
        return;
    (void)fprintf(stderr, "bench_fill: %s\n", ambit_err_text(err));
    exit(1);
}

/* The last event of that type; its texts in the arena, which stays. */
static void load_like(struct fill *fill, struct store_txn *txn, enum event_type type,
                      struct arena *arena, struct event *ret)
{
    BUF_AUTO memory;
    buf_init(&memory, 0);
    for (uint64_t seq = fill->head.edge.size; seq-- > 0;) {
        struct ledger_row row;
        need(ledger_get(txn, seq, &memory, &row));
        need(
            event_decode(arena_copy(arena, row.bytes), arena_copy(arena, row.opening), arena, ret));
        if (ret->type == type)
            return;
    }
    need(AMBIT_ERR_NOT_FOUND);
}

/* In order of time, as the broker's own. */
static struct ambit_id next_id(const struct fill *fill, int64_t now_ms)
{
    struct ambit_id id;
    uint64_t mixed = (fill->n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    put_be64(id.b, (uint64_t)now_ms << 16 | (fill->n & 0xffff));
    put_be64(id.b + 8, mixed ^ mixed >> 29);
    return id;
}

static void write_one(struct fill *fill, struct store_txn *txn)
{
    char txn_text[33];
    struct event_seed seed = {.b = {1}};
    int64_t now_ms = fill->from_ms + (int64_t)(fill->n / PER_MS);
    bool is_grant = fill->n % (1 + ACTIONS) == 0;
    struct event event = is_grant ? fill->grant : fill->action;
    put_be64(seed.b + 8, fill->n);
    event.time_ms = now_ms;
    event.id = next_id(fill, now_ms);
    if (is_grant) {
        uint64_t group = fill->n / (1 + ACTIONS);
        int len = snprintf(fill->name, sizeof fill->name, "filler-%u", (unsigned)(group % OTHERS));
        fill->agent =
            group % 2 == 0 ? fill->grant.agent : (struct ambit_str){fill->name, (size_t)len};
        fill->current = event.id;
        event.lineage = event.id;
        event.expires_ms = now_ms + LIFE_MS;
        memcpy(event.token.b, event.id.b, sizeof event.id.b);
    } else {
        event.lineage = fill->current;
    }
    event.grant = fill->current;
    event.agent = fill->agent;
    (void)snprintf(txn_text, sizeof txn_text, "%032llx", (unsigned long long)(fill->n + 1));
    event.txn = (struct ambit_str){txn_text, 32};
    need(ledger_append(&fill->head.edge, txn, &event, &seed));
    need(apply_event(txn, &fill->head, &event));
    fill->n++;
}

static void plain(struct event *event)
{
    static const struct ambit_digest none = {{0}};
    event->n_counts = event->n_once_also = event->n_trips = 0;
    event->once = none;
    event->once_until_ms = event->outcome_due_ms = 0;
    event->replaces = (struct ambit_id){{0}};
}

static void print_id(const char *what, struct ambit_id id)
{
    char text[ID_TEXT_LEN];
    id_encode(id, text);
    printf("%s %.*s\n", what, (int)sizeof text, text);
}

int main(int argc, char **argv)
{
    uint64_t events = 0;
    static struct fill fill;
    struct store_txn *txn = NULL;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    if (argc != 3 || parse_u64(ambit_str_of(argv[2]), &events) != AMBIT_OK)
        return 2;
    need(store_open(&(struct store_options){.folder = argv[1]}, &fill.store));
    need(store_read_begin(fill.store, &txn));
    need(head_load(txn, &fill.head));
    load_like(&fill, txn, EVENT_GRANT_ISSUED, &arena, &fill.grant);
    load_like(&fill, txn, EVENT_ACTION_ALLOWED, &arena, &fill.action);
    store_read_end(txn);
    plain(&fill.grant);
    plain(&fill.action);
    fill.from_ms = fill.head.last_now_ms;
    while (fill.n < events) {
        need(store_write_begin(fill.store, &txn));
        for (int i = 0; i < BATCH && fill.n < events; i++) {
            bool is_middle = fill.n == events / 2 / (1 + ACTIONS) * (1 + ACTIONS) + 1;
            write_one(&fill, txn);
            if (is_middle)
                print_id("grant", fill.current);
        }
        fill.head.last_now_ms = fill.from_ms + (int64_t)(fill.n / PER_MS);
        need(head_store(txn, &fill.head));
        need(store_write_commit(txn));
    }
    store_close(fill.store);
    return 0;
}
