/* SPDX-License-Identifier: Apache-2.0 */
/* Looking after the search index: see searching.h. */
#include "core/searching.h"

#include "core/internal.h"
#include "core/prune.h"
#include "core/pruned.h"
#include "core/segment.h"
#include "core/segment_look.h"
#include "ledger/indexer.h"
#include "store/search.h"

enum {
    TELL_EVERY_MS = 60000,
    LOOK_EVERY_MS = 3600000,
    GONE_MS = 86400000,
    KEEP_RESERVES = 4, /* of the disk: the record's own reserve stays, and as much for others */
    RESERVE_DEFAULT = 16 << 20,
};

static AMBIT_CHECKED enum ambit_err open_index(struct broker *broker)
{
    BUF_AUTO folder;
    buf_init(&folder, 0);
    buf_put_str(&folder, buf_str(&broker->state_folder));
    buf_put_text(&folder, "/search");
    buf_put_char(&folder, '\0');
    enum ambit_err err = buf_check(&folder);
    return err == AMBIT_OK ? search_open(folder.p, search_map_bytes(broker->limits.store_bytes),
                                         &broker->search)
                           : err;
}

static void tell_damage(void)
{
    LOG(LOG_ERROR, "the search index was damaged: it is built again");
}

enum ambit_err searching_start(struct broker *broker)
{
    uint64_t reserve = broker->limits.store_reserve_bytes;
    enum ambit_err err = open_index(broker);
    if (err == AMBIT_OK)
        err =
            indexer_start(broker->store, broker->search,
                          KEEP_RESERVES * (reserve ? reserve : RESERVE_DEFAULT), &broker->indexer);
    if (err == AMBIT_OK && search_was_damaged(broker->search))
        tell_damage();
    return err;
}

uint64_t searching_behind(const struct broker *broker)
{
    uint64_t to = indexer_complete_to(broker->indexer), size = atomic_load(&broker->size);
    return to < size ? size - to : 0;
}

static void tell(struct broker *broker, int64_t now_ms)
{
    struct searching *searching = &broker->searching;
    enum ambit_err err = indexer_problem(broker->indexer);
    struct indexer_counts counts;
    indexer_count(broker->indexer, &counts);
    if (counts.rebuilt != searching->rebuilt)
        tell_damage();
    searching->rebuilt = counts.rebuilt;
    if (err == AMBIT_OK && searching->told_ms != 0) {
        LOG(LOG_NOTICE, "the search index follows the record again");
        searching->told_ms = 0;
    }
    bool is_due = searching->told_ms == 0 || now_ms - searching->told_ms >= TELL_EVERY_MS ||
                  now_ms < searching->told_ms;
    if (err == AMBIT_OK || !is_due)
        return;
    searching->told_ms = now_ms;
    LOG(LOG_ERROR,
        err == AMBIT_ERR_NO_SPACE
            ? "the search index does not follow the record: its map is full, or the disk is short"
            : "the search index does not follow the record",
        LOG_TEXT("error", ambit_str_of(ambit_err_text(err))),
        LOG_NUMBER("behind", (int64_t)searching_behind(broker)));
}

/* ---- pruned events --------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err pruned_to(struct broker *broker, uint64_t *ret)
{
    struct store_txn *txn = NULL;
    struct pruned pruned;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = pruned_load(txn, &pruned);
    store_read_end(txn);
    *ret = pruned.done;
    return err;
}

/* A folder that is not mounted for an hour is no reason to forget. */
uint64_t searching_forgets(struct searching *searching, uint64_t gone, int64_t now_ms)
{
    bool is_new = gone < searching->gone_to || searching->gone_to == 0;
    bool is_due = !is_new && now_ms - searching->gone_at_ms >= GONE_MS;
    uint64_t ret = is_due ? searching->gone_to : 0;
    if (is_new || is_due || now_ms < searching->gone_at_ms) {
        searching->gone_to = gone;
        searching->gone_at_ms = now_ms;
    }
    return ret;
}

/* A folder that hangs holds up its look alone, and the next ones. */
static void look_begin(struct broker *broker, int64_t now_ms)
{
    struct searching *searching = &broker->searching;
    searching->looked_ms = now_ms;
    if (pruned_to(broker, &searching->pruned) == AMBIT_OK)
        searching->look = segment_look_begin(segments_folder(broker_segments(broker)));
}

/* What is pruned below the first segment that is here. */
static void look_end(struct broker *broker, int64_t now_ms)
{
    struct searching *searching = &broker->searching;
    uint64_t first = 0;
    enum ambit_err err = segment_look_end(&searching->look, &first);
    if (err != AMBIT_OK) /* at work yet; or another time */
        return;
    uint64_t gone = first < searching->pruned ? first : searching->pruned;
    indexer_forget(broker->indexer, searching_forgets(searching, gone, now_ms));
}

void searching_look(struct broker *broker)
{
    int64_t now_ms = broker_now_ms(broker);
    int64_t since_ms = now_ms - broker->searching.looked_ms;
    uint64_t pruned = 0;
    tell(broker, now_ms);
    if (broker->searching.look)
        look_end(broker, now_ms);
    else if (since_ms >= LOOK_EVERY_MS || since_ms < 0)
        look_begin(broker, now_ms);
    if (indexer_problem(broker->indexer) == AMBIT_ERR_NO_SPACE &&
        pruned_to(broker, &pruned) == AMBIT_OK)
        indexer_forget(broker->indexer, pruned);
}

void searching_stop(struct broker *broker)
{
    segment_look_leave(TAKE(broker->searching.look));
    indexer_stop(TAKE(broker->indexer));
    search_close(TAKE(broker->search));
}
