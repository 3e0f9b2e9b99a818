/* SPDX-License-Identifier: Apache-2.0 */
/* The two meta pages of an LMDB file, read and bounded before LMDB maps the file: LMDB trusts them,
 * so a file cut short or overwritten would otherwise be a crash instead of an answer. */
#include "store/internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* A meta page of LMDB 0.9 on a 64-bit machine: a page header of 16 bytes, then this. */
struct meta {
    uint32_t magic, version;
    uint64_t address, map_bytes;
    struct store_meta_table table[2]; /* the free list, the table of tables */
    uint64_t last_page, txn;
};

enum {
    PAGE_HEADER = 16,
    PAGE_FLAGS_AT = 10,
    PAGE_IS_META = 8,
    META_MAGIC = (int)0xBEEFC0DE,
    META_VERSION = 1
};
#define MAP_LIMIT ((uint64_t)1 << 46)

static enum ambit_err meta_read(int fd, uint64_t at, struct meta *ret)
{
    uint8_t page[PAGE_HEADER + sizeof(struct meta)];
    ssize_t n = pread(fd, page, sizeof page, (off_t)at);
    if (n < 0)
        return store_code(errno);
    uint16_t flags = 0;
    memcpy(&flags, page + PAGE_FLAGS_AT, sizeof flags);
    if ((size_t)n < sizeof page || !(flags & PAGE_IS_META))
        return AMBIT_ERR_DAMAGED;
    memcpy(ret, page + PAGE_HEADER, sizeof *ret);
    if (ret->magic != (uint32_t)META_MAGIC)
        return AMBIT_ERR_DAMAGED;
    return ret->version == META_VERSION ? AMBIT_OK : AMBIT_ERR_NEWER;
}

static bool meta_is_sound(const struct meta *meta, uint64_t page_bytes, uint64_t file_bytes)
{
    uint64_t end = 0;
    if (meta->table[0].pad != page_bytes || meta->last_page >= MAP_LIMIT / page_bytes)
        return false;
    end = (meta->last_page + 1) * page_bytes;
    if (meta->map_bytes > MAP_LIMIT || meta->map_bytes < end || file_bytes < end)
        return false;
    return true;
}

static bool roots_are_inside(const struct meta *meta)
{
    for (size_t i = 0; i < AMBIT_LEN(meta->table); i++)
        if (meta->table[i].root != STORE_NO_PAGE &&
            (meta->table[i].root > meta->last_page || meta->table[i].root < 2))
            return false;
    return true;
}

enum ambit_err store_header_read(int fd, struct store_header *ret)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return store_code(errno);
    if (!S_ISREG(st.st_mode) || st.st_size < 0)
        return AMBIT_ERR_DAMAGED;
    if (st.st_size == 0) {
        *ret = (struct store_header){.is_new = true};
        return AMBIT_OK;
    }
    struct meta meta[2];
    enum ambit_err err = meta_read(fd, 0, &meta[0]);
    if (err != AMBIT_OK)
        return err;

    uint64_t page_bytes = meta[0].table[0].pad;
    if (page_bytes < 512 || page_bytes > 65536 || (page_bytes & (page_bytes - 1)))
        return AMBIT_ERR_DAMAGED;
    err = meta_read(fd, page_bytes, &meta[1]);
    if (err != AMBIT_OK)
        return err;

    /* The older one may describe a file that has been shorter, never a longer one. Where it could
     * not be written, LMDB gives it its old number and last page back, beside the new roots: nobody
     * reads those. */
    const struct meta *newer = meta[0].txn < meta[1].txn ? &meta[1] : &meta[0];
    if (!meta_is_sound(&meta[0], page_bytes, (uint64_t)st.st_size) ||
        !meta_is_sound(&meta[1], page_bytes, (uint64_t)st.st_size) || !roots_are_inside(newer))
        return AMBIT_ERR_DAMAGED;
    *ret = (struct store_header){.map_bytes = newer->map_bytes,
                                 .page_bytes = page_bytes,
                                 .last_page = newer->last_page,
                                 .txn = newer->txn,
                                 .free_list = newer->table[0],
                                 .tables = newer->table[1]};
    return AMBIT_OK;
}
