/* SPDX-License-Identifier: Apache-2.0 */
/* The unused bytes of pages in use. The layout is that of pages.c. */
#include "store/scrub.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    HEADER = 16,
    NODE = 8,
    DEPTH_MAX = 32,
    TABLES_MAX = 64,
    TABLE_BYTES = 48,
    CHUNK = 65536,
    DISK_PAGE = 4096,
    LEAVES_LEAST = 16
};
enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_WAS_DIRTY = 0x10 };
enum { NODE_BIG = 1, NODE_TABLE = 2 };

struct page {
    uint64_t number;
    uint16_t pad, flags, lower, upper;
};
struct node {
    uint16_t low, high, flags, key_len;
};
struct scrub_walk {
    struct scrub_file *file;
    uint64_t page_bytes, last_page;
    uint8_t *memory; /* a page for each level */
    unsigned depth;
    struct scrub_place *place;
    int64_t until_us;
    unsigned leaves;                 /* of this step: it gets on, however slow the disk */
    bool goes_on, is_late;           /* behind place->key; the time is over */
    struct store_meta_table *tables; /* of the table of tables: filled by walking it */
    size_t n_tables;
    bool has_tables;
};

static enum ambit_err read_at(int fd, void *dst, size_t len, uint64_t at)
{
    ssize_t n = pread(fd, dst, len, (off_t)at);
    if (n < 0)
        return store_code(errno);
    return (size_t)n == len ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

static bool is_zero(const uint8_t *p, size_t len)
{
    return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

void scrub_file_flush(struct scrub_file *file)
{
    if (file->to > file->from)
        (void)sync_file_range(file->fd, (off_t)file->from, (off_t)(file->to - file->from),
                              SYNC_FILE_RANGE_WRITE);
    file->from = file->to = 0;
}

/* Neighbours go to the disk together. */
static void dirtied(struct scrub_file *file, uint64_t at, size_t len)
{
    uint64_t from = at / DISK_PAGE * DISK_PAGE;
    uint64_t to = (at + len + DISK_PAGE - 1) / DISK_PAGE * DISK_PAGE;
    file->dirtied += to - from;
    if (from != file->to)
        scrub_file_flush(file);
    file->from = file->to == from && file->to != 0 ? file->from : from;
    file->to = to;
}

static enum ambit_err write_zeros(struct scrub_file *file, uint64_t at, size_t len)
{
    static const uint8_t zeros[CHUNK];
    while (len > 0) {
        ssize_t n = pwrite(file->fd, zeros, len < CHUNK ? len : CHUNK, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? store_code(errno) : AMBIT_ERR_IO;
        dirtied(file, at, (size_t)n);
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return AMBIT_OK;
}

enum ambit_err scrub_zero(struct scrub_file *file, uint64_t from, uint64_t to)
{
    uint8_t chunk[CHUNK];
    while (from < to) {
        size_t len = to - from < CHUNK ? (size_t)(to - from) : CHUNK;
        ssize_t n = pread(file->fd, chunk, len, (off_t)from);
        if (n < 0)
            return store_code(errno);
        if (n == 0)
            return AMBIT_OK; /* behind the end of the file */
        enum ambit_err err =
            is_zero(chunk, (size_t)n) ? AMBIT_OK : write_zeros(file, from, (size_t)n);
        if (err != AMBIT_OK)
            return err;
        from += (uint64_t)n;
    }
    return AMBIT_OK;
}

/* The first bytes of a page that is one of these; bounds are looked at before they are used. */
static enum ambit_err page_look(const struct scrub_walk *walk, uint64_t number,
                                const uint8_t *memory, struct page *ret)
{
    memcpy(ret, memory, sizeof *ret);
    unsigned kind = ret->flags & ~(unsigned)PAGE_WAS_DIRTY;
    bool is_fine = ret->number == number && (kind == PAGE_BRANCH || kind == PAGE_LEAF) &&
                   ret->lower >= HEADER && ret->lower % 2 == 0 && ret->lower <= ret->upper &&
                   ret->upper <= walk->page_bytes;
    return is_fine ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

static const uint8_t *node_at(const struct scrub_walk *walk, const uint8_t *memory, size_t i,
                              struct node *ret)
{
    uint16_t at = 0;
    memcpy(&at, memory + HEADER + i * sizeof at, sizeof at);
    if (at < HEADER || at > walk->page_bytes - NODE)
        return NULL;
    memcpy(ret, memory + at, sizeof *ret);
    return ret->key_len <= walk->page_bytes - NODE - at ? memory + at : NULL;
}

/* Is all that comes before this key behind us? */
static bool is_behind(const struct scrub_walk *walk, const uint8_t *key, size_t len)
{
    return walk->goes_on && ambit_str_cmp((struct ambit_str){(const char *)key, len},
                                          (struct ambit_str){(const char *)walk->place->key,
                                                             walk->place->key_len}) <= 0;
}

/* What is behind a large value in its last page. */
static enum ambit_err clean_large(const struct scrub_walk *walk, const uint8_t *data, uint64_t len)
{
    uint64_t first = 0;
    uint32_t n = 0;
    struct page head;
    memcpy(&first, data, sizeof first);
    if (first < 2 || first > walk->last_page)
        return AMBIT_ERR_DAMAGED;
    enum ambit_err err = read_at(walk->file->fd, &head, sizeof head, first * walk->page_bytes);
    if (err != AMBIT_OK)
        return err;
    memcpy(&n, &head.lower, sizeof n); /* of such a page these are its count of pages */
    bool is_fine = head.number == first &&
                   (head.flags & ~(unsigned)PAGE_WAS_DIRTY) == PAGE_OVERFLOW && n > 0 &&
                   n <= walk->last_page - first + 1 && HEADER + len <= n * walk->page_bytes;
    return is_fine ? scrub_zero(walk->file, first * walk->page_bytes + HEADER + len,
                                (first + n) * walk->page_bytes)
                   : AMBIT_ERR_DAMAGED;
}

static enum ambit_err clean_leaf(struct scrub_walk *walk, const uint8_t *memory, size_t n)
{
    struct node node = {0};
    const uint8_t *at = NULL;
    for (size_t i = 0; i < n; i++) {
        at = node_at(walk, memory, i, &node);
        if (at == NULL)
            return AMBIT_ERR_DAMAGED;
        const uint8_t *data = at + NODE + node.key_len;
        uint64_t len = (uint64_t)node.low | (uint64_t)node.high << 16;
        size_t room = (size_t)(memory + walk->page_bytes - data);
        if (walk->has_tables && (node.flags & NODE_TABLE)) {
            if (len != TABLE_BYTES || room < TABLE_BYTES || walk->n_tables == TABLES_MAX)
                return AMBIT_ERR_DAMAGED;
            memcpy(&walk->tables[walk->n_tables++], data, TABLE_BYTES);
        }
        if ((node.flags & NODE_BIG) && room < sizeof(uint64_t))
            return AMBIT_ERR_DAMAGED;
        enum ambit_err err = node.flags & NODE_BIG ? clean_large(walk, data, len) : AMBIT_OK;
        if (err != AMBIT_OK)
            return err;
    }
    if (walk->until_us == 0 || ++walk->leaves < LEAVES_LEAST || clock_mono_us() < walk->until_us ||
        at == NULL || node.key_len > sizeof walk->place->key)
        return AMBIT_OK;
    walk->is_late = true;
    memcpy(walk->place->key, at + NODE, node.key_len);
    walk->place->key_len = node.key_len;
    return AMBIT_OK;
}

static enum ambit_err clean_page(struct scrub_walk *walk, uint64_t number, unsigned level);

static enum ambit_err clean_children(struct scrub_walk *walk, const uint8_t *memory, size_t n,
                                     unsigned level)
{
    for (size_t i = 0; i < n && !walk->is_late; i++) {
        struct node node, next;
        const uint8_t *at = node_at(walk, memory, i, &node);
        const uint8_t *after = i + 1 < n ? node_at(walk, memory, i + 1, &next) : NULL;
        if (at == NULL || (i + 1 < n && after == NULL))
            return AMBIT_ERR_DAMAGED;
        if (after != NULL && is_behind(walk, after + NODE, next.key_len))
            continue;
        uint64_t child =
            (uint64_t)node.low | (uint64_t)node.high << 16 | (uint64_t)node.flags << 32;
        enum ambit_err err = clean_page(walk, child, level + 1);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err clean_page(struct scrub_walk *walk, uint64_t number, unsigned level)
{
    struct page page;
    if (level >= walk->depth || number < 2 || number > walk->last_page)
        return AMBIT_ERR_DAMAGED;
    uint8_t *memory = walk->memory + level * walk->page_bytes;
    uint64_t at = number * walk->page_bytes;
    enum ambit_err err = read_at(walk->file->fd, memory, walk->page_bytes, at);
    if (err == AMBIT_OK)
        err = page_look(walk, number, memory, &page);
    if (err == AMBIT_OK && !is_zero(memory + page.lower, page.upper - page.lower))
        err = write_zeros(walk->file, at + page.lower, page.upper - page.lower);
    if (err != AMBIT_OK)
        return err;
    size_t n = (size_t)(page.lower - HEADER) / sizeof(uint16_t);
    bool is_leaf = (page.flags & PAGE_LEAF) != 0;
    if (is_leaf != (level + 1 == walk->depth))
        return AMBIT_ERR_DAMAGED;
    return is_leaf ? clean_leaf(walk, memory, n) : clean_children(walk, memory, n, level);
}

/* One table, from where we are in it. */
static enum ambit_err clean_table(struct scrub_walk *walk, const struct store_meta_table *table)
{
    walk->depth = table->depth;
    walk->goes_on = walk->place->key_len > 0;
    if (table->root == STORE_NO_PAGE)
        return AMBIT_OK;
    if (table->depth == 0 || table->depth > DEPTH_MAX)
        return AMBIT_ERR_DAMAGED;
    return clean_page(walk, table->root, 0);
}

/* The table of tables is short, and gone through each time; the free list as the walk begins. */
static enum ambit_err clean_all(struct scrub_walk *walk, const struct store_header *header)
{
    struct scrub_place *place = walk->place, none = {.table = 0};
    int64_t until_us = walk->until_us;
    walk->place = &none;
    walk->until_us = 0;
    bool begins = place->table == 0 && place->key_len == 0;
    enum ambit_err err = begins ? clean_table(walk, &header->free_list) : AMBIT_OK;
    walk->has_tables = true;
    if (err == AMBIT_OK)
        err = clean_table(walk, &header->tables);
    walk->has_tables = false;
    walk->place = place;
    walk->until_us = until_us;
    for (; err == AMBIT_OK && !walk->is_late && place->table < walk->n_tables;) {
        err = clean_table(walk, &walk->tables[place->table]);
        if (err == AMBIT_OK && !walk->is_late) {
            place->table++;
            place->key_len = 0;
        }
    }
    return err;
}

enum ambit_err scrub_pages(struct scrub_file *file, struct scrub_place *place, int64_t until_us,
                           bool *ret_is_over, uint64_t *ret_txn)
{
    struct store_header header;
    struct store_meta_table tables[TABLES_MAX];
    enum ambit_err err = store_header_read(file->fd, &header);
    if (err != AMBIT_OK || header.is_new)
        return err != AMBIT_OK ? err : AMBIT_ERR_DAMAGED;
    AMBIT_AUTO_FREE uint8_t *memory = malloc((size_t)DEPTH_MAX * header.page_bytes);
    if (memory == NULL)
        return AMBIT_ERR_NO_MEMORY;
    struct scrub_walk walk = {.file = file,
                              .page_bytes = header.page_bytes,
                              .last_page = header.last_page,
                              .memory = memory,
                              .place = place,
                              .until_us = until_us,
                              .tables = tables};
    err = clean_all(&walk, &header);
    *ret_is_over = err == AMBIT_OK && !walk.is_late;
    *ret_txn = header.txn;
    return err;
}
