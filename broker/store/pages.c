/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over pages: see pages.h. The layout is that of LMDB 0.9 on a 64-bit little-endian
 * machine. */
#include "store/pages.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#if __BYTE_ORDER != __LITTLE_ENDIAN
#error "the layout of LMDB's nodes is written down for little-endian machines"
#endif

enum {
    HEADER = 16,
    NODE = 8,
    DEPTH_MAX = 32,
    TABLE_BYTES = 48,
    KEY_MAX = 511,
    TABLE_INTEGER_KEYS = 8
};
_Static_assert(sizeof(struct store_meta_table) == TABLE_BYTES, "a table's row");
enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_WAS_DIRTY = 0x10 };
enum { NODE_BIG = 1, NODE_TABLE = 2 };

struct page { /* the first bytes of every page */
    uint64_t number;
    uint16_t pad, flags, lower,
        upper; /* of an overflow page lower and upper are its count of pages */
};

struct node {
    uint16_t low, high, flags, key_len;
};

struct walk {
    int fd;
    size_t page_bytes;
    uint64_t last_page;
    uint8_t *seen;   /* one bit a page */
    uint8_t *memory; /* a page for each level, twice: the table of tables is being read meanwhile */
    struct store_damage *damage;

    /* of the table that is walked */
    const char *table;
    bool is_free_list, has_tables, is_deep, is_shallow;
    unsigned base, depth; /* where in `memory` its pages go; levels it says it has */
    uint64_t branch_pages, leaf_pages, overflow_pages, entries;
    uint8_t last_key[KEY_MAX];
    size_t last_key_len;
    bool has_last_key, is_last_separator;
};

static enum ambit_err damaged(struct walk *walk, uint64_t page, const char *what)
{
    if (walk->damage) {
        walk->damage->page = page;
        walk->damage->what = what;
        (void)snprintf(walk->damage->table, sizeof walk->damage->table, "%s", walk->table);
    }
    return AMBIT_ERR_DAMAGED;
}

static enum ambit_err read_page(struct walk *walk, uint64_t number, void *dst, size_t len)
{
    ssize_t n = pread(walk->fd, dst, len, (off_t)(number * walk->page_bytes));
    if (n < 0)
        return store_code(errno);
    return (size_t)n == len ? AMBIT_OK : damaged(walk, number, "the file ends inside the page");
}

/* Marks pages as reached; false when one is outside the file or was reached before. */
static bool reach(struct walk *walk, uint64_t first, uint64_t n)
{
    if (first < 2 || n == 0 || first > walk->last_page || n > walk->last_page - first + 1)
        return false;
    for (uint64_t page = first; page < first + n; page++) {
        uint8_t bit = (uint8_t)(1U << (page & 7));
        if (walk->seen[page >> 3] & bit)
            return false;
        walk->seen[page >> 3] |= bit;
    }
    return true;
}

static int key_cmp(const struct walk *walk, const uint8_t *key, size_t len)
{
    if (walk->is_free_list) {
        uint64_t a = 0, b = 0;
        memcpy(&a, walk->last_key, sizeof a);
        memcpy(&b, key, sizeof b);
        return (a > b) - (a < b);
    }
    return ambit_str_cmp((struct ambit_str){(const char *)walk->last_key, walk->last_key_len},
                         (struct ambit_str){(const char *)key, len});
}

/* Keys grow strictly through the whole table, which a walk in order sees. The separators of branch
 * pages stand between them: above what is left of them, not above what is right. */
static bool key_follows(struct walk *walk, const uint8_t *key, size_t len, bool is_separator)
{
    if (len == 0 || len > KEY_MAX || (walk->is_free_list && len != sizeof(uint64_t)))
        return false;
    int c = walk->has_last_key ? key_cmp(walk, key, len) : -1;
    bool may_equal = walk->is_last_separator && !is_separator;
    memcpy(walk->last_key, key, len);
    walk->last_key_len = len;
    walk->has_last_key = true;
    walk->is_last_separator = is_separator;
    return c < 0 || (c == 0 && may_equal);
}

/* The value of a free list row: a count, then that many pages, which nothing else may reach. */
static bool free_row_is_sound(struct walk *walk, const uint8_t *value, size_t len)
{
    uint64_t n = 0;
    if (len < sizeof n || len % sizeof n != 0)
        return false;
    memcpy(&n, value, sizeof n);
    if (n > len / sizeof n - 1)
        return false;
    for (uint64_t i = 0, page = 0; i < n; i++) {
        memcpy(&page, value + (i + 1) * sizeof page, sizeof page);
        if (!reach(walk, page, 1))
            return false;
    }
    return true;
}

static enum ambit_err walk_table(struct walk *walk, const uint8_t row[TABLE_BYTES],
                                 const char *name);

/* A value too large for its page: a run of pages of its own. */
static enum ambit_err check_big(struct walk *walk, uint64_t page, const uint8_t *data, size_t len)
{
    uint64_t first = 0, need = (HEADER + (uint64_t)len + walk->page_bytes - 1) / walk->page_bytes;
    struct page head;
    uint32_t n = 0;
    memcpy(&first, data, sizeof first);
    if (first < 2 || first > walk->last_page)
        return damaged(walk, page, "a large value outside the file");
    enum ambit_err err = read_page(walk, first, &head, sizeof head);
    if (err != AMBIT_OK)
        return err;
    memcpy(&n, &head.lower, sizeof n);
    if (head.number != first || (head.flags & ~(unsigned)PAGE_WAS_DIRTY) != PAGE_OVERFLOW ||
        n < need)
        return damaged(walk, first, "no page of a large value");
    if (!reach(walk, first, n))
        return damaged(walk, first, "a large value in another's pages");
    walk->overflow_pages += n;
    if (!walk->is_free_list)
        return AMBIT_OK;
    AMBIT_AUTO_FREE uint8_t *value = malloc(HEADER + len);
    if (!value)
        return AMBIT_ERR_NO_MEMORY;
    err = read_page(walk, first, value, HEADER + len);
    if (err != AMBIT_OK)
        return err;
    return free_row_is_sound(walk, value + HEADER, len) ? AMBIT_OK
                                                        : damaged(walk, first, "the free list");
}

/* A row of the table of tables. The walk over its table has a state of its own and comes back. */
static enum ambit_err check_subtable(struct walk *walk, uint64_t page, const uint8_t *key,
                                     size_t key_len, const uint8_t *data, size_t len)
{
    struct walk sub = *walk;
    char name[sizeof walk->damage->table];
    if (len != TABLE_BYTES || key_len >= sizeof name)
        return damaged(walk, page, "no row of a table");
    memcpy(name, key, key_len);
    name[key_len] = 0;
    sub.has_tables = false;
    sub.is_shallow = !walk->is_deep;
    sub.base = DEPTH_MAX;
    return walk_table(&sub, data, name);
}

static enum ambit_err check_row(struct walk *walk, uint64_t page, const uint8_t *at, size_t room)
{
    struct node node;
    memcpy(&node, at, sizeof node);
    const uint8_t *data = at + NODE + node.key_len;
    size_t len = (size_t)node.low | (size_t)node.high << 16;
    bool is_big = node.flags & NODE_BIG;
    size_t stands = is_big ? sizeof(uint64_t) : len;
    if (node.key_len > room - NODE || stands > room - NODE - node.key_len)
        return damaged(walk, page, "a row leaves its page");
    if (!key_follows(walk, at + NODE, node.key_len, false))
        return damaged(walk, page, "keys are out of order");
    if ((node.flags & ~(unsigned)NODE_BIG) != (walk->has_tables ? NODE_TABLE : 0))
        return damaged(walk, page, "a row of a strange kind");
    walk->entries++;
    if (is_big && walk->is_shallow)
        return AMBIT_OK;
    if (is_big)
        return walk->has_tables ? damaged(walk, page, "no row of a table")
                                : check_big(walk, page, data, len);
    if (walk->has_tables)
        return check_subtable(walk, page, at + NODE, node.key_len, data, len);
    if (walk->is_free_list && !free_row_is_sound(walk, data, len))
        return damaged(walk, page, "the free list");
    return AMBIT_OK;
}

static enum ambit_err walk_page(struct walk *walk, uint64_t number, unsigned level);

/* The first key of a branch page means "from the beginning" and is not looked at. */
static enum ambit_err check_child(struct walk *walk, uint64_t page, const uint8_t *at, size_t room,
                                  bool is_first, unsigned level)
{
    struct node node;
    memcpy(&node, at, sizeof node);
    if (node.key_len > room - NODE)
        return damaged(walk, page, "a key leaves its page");
    if (!is_first && !key_follows(walk, at + NODE, node.key_len, true))
        return damaged(walk, page, "keys are out of order");
    if (walk->is_shallow)
        return AMBIT_OK;
    return walk_page(
        walk, (uint64_t)node.low | (uint64_t)node.high << 16 | (uint64_t)node.flags << 32, level);
}

/* `memory` holds the page; every offset in it is bounded before it is used. */
static enum ambit_err check_nodes(struct walk *walk, uint64_t number, const uint8_t *memory,
                                  unsigned level)
{
    struct page page;
    memcpy(&page, memory, sizeof page);
    bool is_branch = page.flags & PAGE_BRANCH;
    size_t n = (size_t)(page.lower - HEADER) / sizeof(uint16_t);
    if (n < (is_branch ? 2U : 1U))
        return damaged(walk, number, "too few rows in the page");
    for (size_t i = 0; i < n; i++) {
        uint16_t at = 0;
        memcpy(&at, memory + HEADER + i * sizeof at, sizeof at);
        if (at < page.upper || at % 2 != 0 || at > walk->page_bytes - NODE)
            return damaged(walk, number, "a row leaves its page");
        size_t room = walk->page_bytes - at;
        enum ambit_err err = is_branch
                                 ? check_child(walk, number, memory + at, room, i == 0, level + 1)
                                 : check_row(walk, number, memory + at, room);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err walk_page(struct walk *walk, uint64_t number, unsigned level)
{
    struct page page;
    if (level >= walk->depth)
        return damaged(walk, number, "the tree is deeper than it says");
    if (!reach(walk, number, 1))
        return damaged(walk, number, "a page outside the file, or reached twice");
    uint8_t *memory = walk->memory + (walk->base + level) * walk->page_bytes;
    enum ambit_err err = read_page(walk, number, memory, walk->page_bytes);
    if (err != AMBIT_OK)
        return err;
    memcpy(&page, memory, sizeof page);
    bool is_last = level + 1 == walk->depth;
    if (page.number != number ||
        (page.flags & ~(unsigned)PAGE_WAS_DIRTY) != (is_last ? PAGE_LEAF : PAGE_BRANCH))
        return damaged(walk, number, "a page of another kind");
    if (page.lower < HEADER || page.lower % 2 != 0 || page.lower > page.upper ||
        page.upper > walk->page_bytes)
        return damaged(walk, number, "the bounds of the page");
    if (is_last)
        walk->leaf_pages++;
    else
        walk->branch_pages++;
    return check_nodes(walk, number, memory, level);
}

static enum ambit_err walk_table(struct walk *walk, const uint8_t row[TABLE_BYTES],
                                 const char *name)
{
    struct store_meta_table table;
    memcpy(&table, row, sizeof table);
    walk->table = name;
    walk->depth = table.depth;
    walk->has_last_key = walk->is_last_separator = false;
    walk->branch_pages = walk->leaf_pages = walk->overflow_pages = walk->entries = 0;
    if (table.flags != (walk->is_free_list ? TABLE_INTEGER_KEYS : 0))
        return damaged(walk, 0, "a table of a strange kind");
    if (table.root == STORE_NO_PAGE)
        return table.depth == 0 && table.entries == 0 ? AMBIT_OK
                                                      : damaged(walk, 0, "a table without a root");
    if (table.depth == 0 || table.depth > DEPTH_MAX)
        return damaged(walk, 0, "the depth of the table");
    enum ambit_err err = walk_page(walk, table.root, 0);
    if (err != AMBIT_OK || walk->is_shallow)
        return err;
    bool is_counted =
        table.branch_pages == walk->branch_pages && table.leaf_pages == walk->leaf_pages &&
        table.overflow_pages == walk->overflow_pages && table.entries == walk->entries;
    return is_counted ? AMBIT_OK
                      : damaged(walk, table.root, "not as many pages or rows as the table says");
}

static void walk_done(struct walk *walk)
{
    free(walk->seen);
    free(walk->memory);
}

enum ambit_err store_pages_check(int fd, const struct store_header *header, bool is_deep,
                                 struct store_damage *reterr_damage)
{
    AMBIT_CLEANUP(walk_done)
    struct walk walk = {.fd = fd,
                        .page_bytes = header->page_bytes,
                        .last_page = header->last_page,
                        .damage = reterr_damage};
    walk.seen = calloc(1, header->last_page / 8 + 1);
    walk.memory = malloc((size_t)2 * DEPTH_MAX * header->page_bytes);
    if (!walk.seen || !walk.memory)
        return AMBIT_ERR_NO_MEMORY;

    struct walk free_list = walk, tables = walk;
    free_list.is_free_list = true;
    tables.has_tables = true;
    tables.is_deep = is_deep;
    enum ambit_err err = walk_table(&free_list, (const uint8_t *)&header->free_list, "free list");
    return err != AMBIT_OK ? err : walk_table(&tables, (const uint8_t *)&header->tables, "tables");
}
