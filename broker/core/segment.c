/* SPDX-License-Identifier: Apache-2.0 */
/* Reading segments: see segment.h. */
#include "core/segment.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ambit/limits.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/file.h"
#include "ledger/tiles.h"
#include "store/store.h"

enum { BLOCK = 512, BUNDLE_MAX = AMBIT_TILE_HASHES * (AMBIT_EVENT_BYTES + 2), SIZE_AT = 124 };
enum { FILES_MAX = 64 /* that have the same event, looked at */ };
static const char suffix[] = ".tar";

struct segments {
    struct buf folder;
    pthread_mutex_t mutex; /* guards the rest: the file that was opened last */
    int fd;
    uint64_t first, next;
    uint64_t *at;    /* owned: where each bundle begins in the file, with its size; 0: nowhere */
    uint64_t *bytes; /* owned */
    struct buf bundle;
    uint64_t bundle_index;
    bool has_bundle;
    bool is_one; /* no other file is looked at */
};

/* ---- names --------------------------------------------------------------------------------- */

void segment_name(uint64_t first, uint64_t next, char dst[SEGMENT_NAME_MAX])
{
    int n = snprintf(dst, SEGMENT_NAME_MAX, "%llu-%llu%s", (unsigned long long)first,
                     (unsigned long long)next, suffix);
    AMBIT_ASSERT(n > 0 && n < SEGMENT_NAME_MAX);
}

static bool name_read(struct ambit_str name, uint64_t *ret_first, uint64_t *ret_next)
{
    size_t end = sizeof suffix - 1;
    if (name.len <= end || memcmp(name.p + name.len - end, suffix, end) != 0)
        return false;
    struct ambit_str text = {name.p, name.len - end};
    const char *dash = memchr(text.p, '-', text.len);
    if (!dash)
        return false;
    struct ambit_str first = {text.p, (size_t)(dash - text.p)};
    struct ambit_str next = {dash + 1, text.len - first.len - 1};
    return parse_u64(first, ret_first) == AMBIT_OK && parse_u64(next, ret_next) == AMBIT_OK &&
           *ret_first < *ret_next;
}

void segment_tile_path(const char *level, uint64_t index, size_t width, char dst[SEGMENT_PATH_MAX])
{
    struct buf text;
    unsigned part[7];
    size_t n = 0;
    buf_init_fixed(&text, dst, SEGMENT_PATH_MAX);
    do {
        part[n++] = (unsigned)(index % 1000);
        index /= 1000;
    } while (index > 0);
    buf_printf(&text, "tile/%s", level);
    while (n > 0) {
        n--;
        buf_printf(&text, n > 0 ? "/x%03u" : "/%03u", part[n]);
    }
    if (width < AMBIT_TILE_HASHES)
        buf_printf(&text, ".p/%u", (unsigned)width);
    buf_put_char(&text, '\0');
    AMBIT_ASSERT(buf_check(&text) == AMBIT_OK);
}

static int by_first(const void *a, const void *b)
{
    const struct segment_listed *x = a, *y = b;
    int order = (x->first > y->first) - (x->first < y->first);
    return order != 0 ? order : (x->next > y->next) - (x->next < y->next);
}

enum ambit_err segments_list(const char *folder, struct arena *arena, struct segment_listed **ret,
                             size_t *ret_n)
{
    FD_AUTO fd = -1;
    struct ambit_str *names = NULL;
    size_t n = 0;
    *ret_n = 0;
    enum ambit_err err = dir_open_list(folder, arena, &fd, &names, &n);
    if (err != AMBIT_OK || n == 0)
        return err;
    struct segment_listed *listed = arena_array(arena, n + 1, sizeof *listed);
    if (!listed)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct segment_listed *one = &listed[*ret_n];
        struct stat st;
        if (!name_read(names[i], &one->first, &one->next) || fstatat(fd, names[i].p, &st, 0) != 0)
            continue;
        one->bytes = (uint64_t)st.st_size;
        ++*ret_n;
    }
    qsort(listed, *ret_n, sizeof *listed, by_first);
    *ret = listed;
    return AMBIT_OK;
}

enum ambit_err segments_gap(const struct segments *segments, uint64_t seq, uint64_t *ret_from,
                            uint64_t *ret_to)
{
    ARENA_AUTO arena;
    struct segment_listed *listed = NULL;
    size_t n = 0;
    uint64_t from = 0, to = UINT64_MAX;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = segments_list(segments->folder.p, &arena, &listed, &n);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        bool is_before = listed[i].next <= seq, is_behind = listed[i].first > seq;
        if (is_before && listed[i].next > from)
            from = listed[i].next;
        if (is_behind && listed[i].first < to)
            to = listed[i].first;
        if (is_before || is_behind)
            continue;
        /* One that should have it, and is not the record's: its neighbours may be another's. */
        from = seq - seq % AMBIT_TILE_HASHES;
        to = from + AMBIT_TILE_HASHES;
        break;
    }
    if (err != AMBIT_OK)
        return err;
    *ret_from = from;
    *ret_to = to;
    return AMBIT_OK;
}

/* ---- the file ------------------------------------------------------------------------------ */

enum ambit_err segments_new(const char *folder, struct segments **ret)
{
    struct segments *segments = calloc(1, sizeof *segments);
    if (!segments)
        return AMBIT_ERR_NO_MEMORY;
    (void)pthread_mutex_init(&segments->mutex, NULL);
    segments->fd = -1;
    buf_init(&segments->folder, 0);
    buf_init(&segments->bundle, 0);
    buf_put_text(&segments->folder, folder);
    buf_put_char(&segments->folder, '\0');
    if (buf_check(&segments->folder) != AMBIT_OK) {
        segments_free(segments);
        return AMBIT_ERR_NO_MEMORY;
    }
    *ret = segments;
    return AMBIT_OK;
}

static void forget(struct segments *segments)
{
    fd_closep(&segments->fd);
    free(TAKE(segments->at));
    free(TAKE(segments->bytes));
    segments->first = segments->next = 0;
    segments->has_bundle = false;
}

void segments_free(struct segments *segments)
{
    if (!segments)
        return;
    forget(segments);
    buf_done(&segments->folder);
    buf_done(&segments->bundle);
    (void)pthread_mutex_destroy(&segments->mutex);
    free(segments);
}

const char *segments_folder(const struct segments *segments)
{
    return segments->folder.p;
}

/* Eleven octal digits. */
static bool octal(const char *text, uint64_t *ret)
{
    *ret = 0;
    for (int i = 0; i < 11; i++) {
        if (text[i] < '0' || text[i] > '7')
            return false;
        *ret = *ret * 8 + (uint64_t)(text[i] - '0');
    }
    return text[11] == '\0' || text[11] == ' ';
}

/* The places of the bundles, from the headers. They come in order; others are passed over. */
static enum ambit_err find_bundles(struct segments *segments)
{
    char header[BLOCK], path[SEGMENT_PATH_MAX];
    uint64_t first = segments->first / AMBIT_TILE_HASHES;
    size_t n = (size_t)(segments->next / AMBIT_TILE_HASHES - first), found = 0;
    segments->at = calloc(n, sizeof *segments->at);
    segments->bytes = calloc(n, sizeof *segments->bytes);
    if (!segments->at || !segments->bytes)
        return AMBIT_ERR_NO_MEMORY;
    for (uint64_t at = 0; found < n;) {
        uint64_t size = 0;
        if (pread(segments->fd, header, sizeof header, (off_t)at) != (ssize_t)sizeof header ||
            header[0] == '\0' || !octal(header + SIZE_AT, &size) || size > (uint64_t)1 << 40)
            return AMBIT_ERR_DAMAGED;
        segment_tile_path("entries", first + found, AMBIT_TILE_HASHES, path);
        if (strncmp(header, path, 100) == 0) {
            segments->at[found] = at + BLOCK;
            segments->bytes[found] = size;
            found++;
        }
        at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
    }
    return AMBIT_OK;
}

static enum ambit_err open_file(struct segments *segments, const struct segment_listed *listed)
{
    FD_AUTO folder = -1;
    char name[SEGMENT_NAME_MAX];
    forget(segments);
    segment_name(listed->first, listed->next, name);
    enum ambit_err err = dir_open(AT_FDCWD, segments->folder.p, &folder);
    if (err == AMBIT_OK)
        err = file_open(folder, name, &segments->fd);
    if (err != AMBIT_OK)
        return err;
    segments->first = listed->first;
    segments->next = listed->next;
    bool is_whole = listed->first % AMBIT_TILE_HASHES == 0 &&
                    listed->next % AMBIT_TILE_HASHES == 0 &&
                    listed->next - listed->first <= (uint64_t)1 << 34;
    err = is_whole ? find_bundles(segments) : AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK)
        forget(segments);
    return err;
}

enum ambit_err segments_new_one(const char *folder, uint64_t first, uint64_t next,
                                struct segments **ret)
{
    const struct segment_listed one = {.first = first, .next = next};
    enum ambit_err err = segments_new(folder, ret);
    if (err != AMBIT_OK)
        return err;
    (*ret)->is_one = true;
    err = open_file(*ret, &one);
    if (err != AMBIT_OK)
        segments_free(TAKE(*ret));
    return err;
}

/* A file that has this event, opened. `nth` 0: the one that is open already, or the first; 1 and
 * on: one after the other of all that have it. */
static enum ambit_err find_file(struct segments *segments, uint64_t seq, size_t nth)
{
    ARENA_AUTO arena;
    struct segment_listed *listed = NULL;
    size_t n = 0;
    arena_init(&arena, NULL, 0, 0);
    if (nth == 0 && segments->fd >= 0 && seq >= segments->first && seq < segments->next)
        return AMBIT_OK;
    if (segments->is_one)
        return AMBIT_ERR_NOT_FOUND;
    enum ambit_err err = segments_list(segments->folder.p, &arena, &listed, &n);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++)
        if (seq >= listed[i].first && seq < listed[i].next && nth-- <= 1)
            return open_file(segments, &listed[i]);
    return err == AMBIT_OK ? AMBIT_ERR_NOT_FOUND : err;
}

static enum ambit_err load_bundle(struct segments *segments, uint64_t index, size_t nth)
{
    if (nth == 0 && segments->has_bundle && segments->bundle_index == index)
        return AMBIT_OK;
    enum ambit_err err = find_file(segments, index * AMBIT_TILE_HASHES, nth);
    if (err != AMBIT_OK)
        return err;
    size_t at = (size_t)(index - segments->first / AMBIT_TILE_HASHES);
    uint64_t bytes = segments->bytes[at];
    segments->has_bundle = false;
    buf_reset(&segments->bundle);
    char *p = bytes <= BUNDLE_MAX ? buf_reserve(&segments->bundle, (size_t)bytes) : NULL;
    if (!p)
        return bytes <= BUNDLE_MAX ? AMBIT_ERR_NO_MEMORY : AMBIT_ERR_DAMAGED;
    if (pread(segments->fd, p, (size_t)bytes, (off_t)segments->at[at]) != (ssize_t)bytes)
        return AMBIT_ERR_DAMAGED;
    segments->bundle.len = (size_t)bytes;
    segments->bundle_index = index;
    segments->has_bundle = true;
    return AMBIT_OK;
}

/* ---- asking -------------------------------------------------------------------------------- */

/* The entry at `at`, each behind its length in two bytes. */
static enum ambit_err entry_of(struct ambit_str bundle, size_t at, struct ambit_str *ret)
{
    for (size_t i = 0;; i++) {
        if (bundle.len < 2)
            return AMBIT_ERR_DAMAGED;
        size_t len = (size_t)(uint8_t)bundle.p[0] << 8 | (uint8_t)bundle.p[1];
        if (len > bundle.len - 2 || len > AMBIT_EVENT_BYTES)
            return AMBIT_ERR_DAMAGED;
        *ret = (struct ambit_str){bundle.p + 2, len};
        if (i == at)
            return AMBIT_OK;
        bundle = (struct ambit_str){bundle.p + 2 + len, bundle.len - 2 - len};
    }
}

static enum ambit_err read_entry(struct segments *segments, uint64_t seq, size_t nth,
                                 struct buf *memory)
{
    struct ambit_str entry = {0};
    (void)pthread_mutex_lock(&segments->mutex);
    enum ambit_err err = load_bundle(segments, seq / AMBIT_TILE_HASHES, nth);
    if (err == AMBIT_OK)
        err = entry_of(buf_str(&segments->bundle), seq % AMBIT_TILE_HASHES, &entry);
    if (err == AMBIT_OK)
        buf_put_str(memory, entry);
    (void)pthread_mutex_unlock(&segments->mutex);
    return err == AMBIT_OK ? buf_check(memory) : err;
}

enum ambit_err segments_entry(struct segments *segments, uint64_t seq, struct buf *memory)
{
    return read_entry(segments, seq, 0, memory);
}

/* The bytes that the tree has; where no file has them, those of the first, and how it was read. */
static enum ambit_err find_entry(struct segments *segments, struct store_txn *txn, uint64_t seq,
                                 struct buf *memory)
{
    struct tile tile;
    enum ambit_err err = tile_get(txn, 0, seq / AMBIT_TILE_HASHES, &tile);
    if (err != AMBIT_OK || seq % AMBIT_TILE_HASHES >= tile.n)
        return segments_entry(segments, seq, memory);
    for (size_t nth = 0; nth < FILES_MAX; nth++) {
        buf_reset(memory);
        err = read_entry(segments, seq, nth, memory);
        if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_NO_MEMORY)
            break;
        if (err == AMBIT_OK &&
            ambit_digest_eq(tree_leaf(buf_str(memory)), tile.hash[seq % AMBIT_TILE_HASHES]))
            return AMBIT_OK;
    }
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    buf_reset(memory);
    return segments->is_one ? segments_entry(segments, seq, memory)
                            : read_entry(segments, seq, 1, memory);
}

enum ambit_err segments_get(struct segments *segments, struct store_txn *txn, uint64_t seq,
                            struct buf *memory, struct ledger_row *ret)
{
    buf_reset(memory);
    char *room = buf_reserve(memory, 2 * AMBIT_EVENT_BYTES); /* so that nothing moves */
    if (!room)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = find_entry(segments, txn, seq, memory);
    if (err != AMBIT_OK)
        return err;
    uint8_t key[8];
    size_t len = memory->len, opening = 0;
    put_be64(key, seq);
    err = store_get(txn, STORE_OPENINGS, (struct store_key){key, sizeof key}, memory->p + len,
                    AMBIT_EVENT_BYTES, &opening);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_DAMAGED : err;
    memory->len = len + opening;
    ret->bytes = (struct ambit_str){memory->p, len};
    ret->opening = (struct ambit_str){memory->p + len, opening};
    ret->leaf = tree_leaf(ret->bytes);
    return AMBIT_OK;
}

enum ambit_err segments_bundle(struct segments *segments, uint64_t index, struct buf *ret)
{
    (void)pthread_mutex_lock(&segments->mutex);
    enum ambit_err err = load_bundle(segments, index, 0);
    if (err == AMBIT_OK)
        buf_put_str(ret, buf_str(&segments->bundle));
    (void)pthread_mutex_unlock(&segments->mutex);
    return err == AMBIT_OK ? buf_check(ret) : err;
}
