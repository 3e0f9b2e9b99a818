/* SPDX-License-Identifier: Apache-2.0 */
/* Who reads, in this process and in others: a reader keeps the pages of its moment from being used
 * again, and one whose process was killed would do so for ever. */
#include "store/internal.h"

#include "base/encode.h"

/* The last word of the line, and the first; LMDB pads with blanks. */
static struct ambit_str word_at(const char *line, bool is_last)
{
    size_t len = strlen(line);
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == ' '))
        len--;
    size_t from = 0;
    if (is_last)
        for (from = len; from > 0 && line[from - 1] != ' ';)
            from--;
    else
        while (from < len && line[from] == ' ')
            from++;
    size_t to = from;
    while (to < len && line[to] != ' ')
        to++;
    return (struct ambit_str){line + from, to - from};
}

/* "pid thread txnid" of the reader table; a dash for one that reads nothing now. */
static int note_line(const char *line, void *ctx)
{
    struct store_readers *readers = ctx;
    uint64_t moment = 0, pid = 0;
    if (parse_u64(word_at(line, true), &moment) != AMBIT_OK ||
        parse_u64(word_at(line, false), &pid) != AMBIT_OK)
        return 0;
    if (readers->n == 0 || moment < readers->oldest) {
        readers->oldest = moment;
        readers->pid = (int64_t)pid;
    }
    readers->n++;
    return 0;
}

enum ambit_err store_readers(struct store *store, bool clears_dead, struct store_readers *ret)
{
    MDB_envinfo info;
    int dead = 0;
    *ret = (struct store_readers){.n = 0};
    int rc = clears_dead ? mdb_reader_check(store->env, &dead) : 0;
    if (rc == 0)
        rc = mdb_env_info(store->env, &info);
    if (rc == 0 && mdb_reader_list(store->env, note_line, ret) < 0)
        return AMBIT_ERR_IO;
    if (rc != 0)
        return store_code(rc);
    ret->dead = (size_t)dead;
    ret->lag =
        ret->n > 0 && ret->oldest < info.me_last_txnid ? info.me_last_txnid - ret->oldest : 0;
    return AMBIT_OK;
}

bool store_is_live(const struct store *store)
{
    return store->is_live;
}
