/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing an environment: the file is judged, then mapped, then its tables and its
 * format are held against what this version knows. */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "store/pages.h"
#include "store/scrub.h"

static const size_t default_map_bytes = (size_t)8 << 30;
static const char *const table_names[STORE_TABLES] = {
    [STORE_META] = "meta",
    [STORE_EVENTS] = "events",
    [STORE_OPENINGS] = "openings",
    [STORE_TILES] = "tiles",
    [STORE_GRANTS] = "grants",
    [STORE_AGENT_GRANTS] = "agent_grants",
    [STORE_COUNTERS] = "counters",
    [STORE_WINDOWS] = "windows",
    [STORE_CUTOFFS] = "cutoffs",
    [STORE_STOPS] = "stops",
    [STORE_HOLDS] = "holds",
    [STORE_INCIDENTS] = "incidents",
    [STORE_ONCE] = "once",
    [STORE_DOCUMENTS] = "documents",
    [STORE_SETS] = "sets",
    [STORE_CONFIRMATIONS] = "confirmations",
    [STORE_OFFBOARDED] = "offboarded",
    [STORE_VALUES] = "values",
    [STORE_OUTCOMES] = "outcomes",
    [STORE_DUE] = "due",
    [STORE_OPEN_INCIDENTS] = "open_incidents",
    [STORE_APPROVALS] = "approvals",
    [STORE_APPROVAL_KEYS] = "approval_keys",
    [STORE_APPROVAL_AGENTS] = "approval_agents",
    [STORE_KEYS] = "keys",
    [STORE_AWAITED] = "awaited",
    [STORE_AWAITED_OF] = "awaited_of",
    [STORE_LOGS] = "logs",
};
static const char format_key[] = "format";

enum {
    FORMAT_BYTES = 13, /* version u32, map bytes u64, 1 for a search environment */
    LIVE_TRIES = 100,
    DEEP_BYTES_MAX = 64 << 20
};

const char *store_table_name(enum store_table table)
{
    return (size_t)table < STORE_TABLES ? table_names[table] : "?";
}

/* Whether a process has the environment open: LMDB keeps a shared record lock on its lock file. Not
 * to be asked by the process that has it open itself. */
static bool is_live(int dir_fd)
{
    int fd = openat(dir_fd, "lock.mdb", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    bool is_held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    (void)close(fd);
    return is_held;
}

static enum ambit_err folder_open(struct store *store, const struct store_options *options)
{
    if (options->create && !options->read_only && mkdir(options->folder, 0700) != 0 &&
        errno != EEXIST)
        return store_code(errno);
    store->dir_fd = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->dir_fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? AMBIT_ERR_NOT_FOUND : AMBIT_ERR_IO;
    if (store->is_read_only || flock(store->dir_fd, LOCK_EX | LOCK_NB) == 0)
        return AMBIT_OK;
    return errno == EWOULDBLOCK ? AMBIT_ERR_BUSY : store_code(errno);
}

/* Walking so many pages takes a tenth of a second at most. */
static bool is_small(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && about.st_size <= DEEP_BYTES_MAX;
}

/* A file that is not there and one that was never written are both new. Any other is walked: whole
 * when it is only read or small, its roots when the broker starts on a large one; not while another
 * process writes it. */
static enum ambit_err header_look(const struct store *store, struct store_damage *reterr_damage,
                                  struct store_header *ret)
{
    FD_AUTO fd = openat(store->dir_fd, "data.mdb", O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *ret = (struct store_header){.is_new = true};
        return AMBIT_OK;
    }
    if (fd < 0)
        return store_code(errno);
    enum ambit_err err = store_header_read(fd, ret);
    if (err != AMBIT_OK || ret->is_new || store->is_live)
        return err;
    return store_pages_check(fd, ret, store->is_read_only || is_small(fd), reterr_damage);
}

/* The same walk over a store that another process writes, inside a snapshot that it knows of: its
 * pages stay as they are. The meta page of the snapshot must be found before it is written over. */
static enum ambit_err look_live(struct store *store, struct store_damage *reterr_damage)
{
    enum ambit_err err = AMBIT_ERR_BUSY;
    FD_AUTO fd = openat(store->dir_fd, "data.mdb", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return store_code(errno);
    for (int tries = 0; tries < LIVE_TRIES && err == AMBIT_ERR_BUSY; tries++) {
        struct store_header header;
        struct store_txn *txn = NULL;
        err = store_read_begin(store, &txn);
        if (err != AMBIT_OK)
            return err;
        err = store_header_read(fd, &header);
        if (err == AMBIT_OK && header.txn != mdb_txn_id(txn->txn))
            err = AMBIT_ERR_BUSY;
        if (err == AMBIT_OK)
            err = store_pages_check(fd, &header, true, reterr_damage);
        store_read_end(txn);
    }
    return err;
}

/* LMDB found, in a file too large to walk at the start, what cannot be: it would abort. */
static void end_in_words(MDB_env *env, const char *what)
{
    const struct store *store = mdb_env_get_userctx(env);
    if (store->is_search && !store->is_read_only)
        store_index_damaged_end(what);
    store_damaged_end(what);
}

static enum ambit_err env_open(struct store *store, const struct store_options *options,
                               const struct store_header *header)
{
    size_t map_bytes = options->map_bytes ? options->map_bytes : default_map_bytes;
    bool is_ours = header->is_new || (store->is_search && !store->is_read_only);
    map_bytes = is_ours ? map_bytes / STORE_PAGE * STORE_PAGE : header->map_bytes;
    unsigned flags = MDB_NORDAHEAD;
    if (store->is_read_only)
        flags |= MDB_RDONLY | (store->is_live ? 0U : MDB_NOLOCK);
#ifdef AMBIT_UNSAFE_NOSYNC
    flags |= MDB_NOSYNC;
#endif
    int rc = mdb_env_create(&store->env);
    rc = rc ? rc : mdb_env_set_userctx(store->env, store);
    rc = rc ? rc : mdb_env_set_assert(store->env, end_in_words);
    rc = rc ? rc : mdb_env_set_maxdbs(store->env, STORE_TABLES);
    rc = rc ? rc : mdb_env_set_maxreaders(store->env, STORE_READERS);
    rc = rc ? rc : mdb_env_set_mapsize(store->env, map_bytes);
    rc = rc ? rc : mdb_env_open(store->env, options->folder, flags, 0600);
    int dead = 0;
    if (rc == 0)
        rc = mdb_reader_check(store->env, &dead); /* slots of processes that were killed */
    return store_code(rc);
}

static int format_get(MDB_txn *txn, MDB_dbi meta, uint8_t format[FORMAT_BYTES])
{
    char name[sizeof format_key];
    memcpy(name, format_key, sizeof name);
    MDB_val k = {.mv_data = name, .mv_size = sizeof name - 1}, v = {0};
    int rc = mdb_get(txn, meta, &k, &v);
    if (rc != 0)
        return rc;
    if (v.mv_size < sizeof(uint32_t))
        return MDB_CORRUPTED;
    memset(format, 0, FORMAT_BYTES);
    memcpy(format, v.mv_data, v.mv_size < FORMAT_BYTES ? v.mv_size : FORMAT_BYTES);
    return 0;
}

static int format_put(MDB_txn *txn, MDB_dbi meta, size_t map_bytes, bool is_search)
{
    char name[sizeof format_key];
    uint8_t format[FORMAT_BYTES];
    memcpy(name, format_key, sizeof name);
    put_be32(format, STORE_FORMAT);
    put_be64(format + 4, map_bytes);
    format[12] = is_search;
    MDB_val k = {.mv_data = name, .mv_size = sizeof name - 1},
            v = {.mv_data = format, .mv_size = sizeof format};
    return mdb_put(txn, meta, &k, &v, 0);
}

enum ambit_err store_format_touch(struct store_txn *txn)
{
    struct store *store = txn->store;
    return store_code(
        format_put(txn->txn, store->dbi[STORE_META], store->space.map_bytes, store->is_search));
}

static enum ambit_err format_judge(const uint8_t format[FORMAT_BYTES], size_t map_bytes,
                                   bool is_search)
{
    if (get_be32(format) > STORE_FORMAT)
        return AMBIT_ERR_NEWER;
    bool is_ours = get_be32(format) == STORE_FORMAT && format[12] == is_search &&
                   (is_search || get_be64(format + 4) == map_bytes);
    return is_ours ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

static int table_open(struct store *store, MDB_txn *txn, const char *name, MDB_dbi *ret,
                      bool is_new)
{
    (void)store;
    int rc = mdb_dbi_open(txn, name, is_new ? MDB_CREATE : 0, ret);
    return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
}

/* The index, and the facts (store/search.h). One that was built before there were facts is begun
 * anew, by whoever may write; who reads finds none. */
static enum ambit_err search_tables_open(struct store *store, MDB_txn *txn, bool is_new)
{
    int rc = table_open(store, txn, "index", &store->index, is_new);
    if (rc != 0)
        return store_code(rc);
    rc = mdb_dbi_open(txn, "facts", is_new ? MDB_CREATE : 0, &store->dbi[STORE_EVENTS]);
    store->is_absent[STORE_EVENTS] = rc == MDB_NOTFOUND;
    if (rc == MDB_NOTFOUND)
        return store->is_read_only ? AMBIT_OK : AMBIT_ERR_DAMAGED;
    return store_code(rc);
}

/* With `is_new` the tables and the format row are made in this one transaction; so a store has all
 * of them or none. */
static enum ambit_err tables_open(struct store *store, MDB_txn *txn, bool is_new)
{
    int rc = table_open(store, txn, table_names[STORE_META], &store->dbi[STORE_META], is_new);
    MDB_envinfo info = {0};
    rc = rc ? rc : mdb_env_info(store->env, &info);
    if (rc == 0 && is_new)
        rc = format_put(txn, store->dbi[STORE_META], info.me_mapsize, store->is_search);
    uint8_t format[FORMAT_BYTES];
    rc = rc ? rc : format_get(txn, store->dbi[STORE_META], format);
    if (rc != 0)
        return rc == MDB_NOTFOUND ? AMBIT_ERR_DAMAGED : store_code(rc);
    enum ambit_err err = format_judge(format, info.me_mapsize, store->is_search);
    if (err != AMBIT_OK)
        return err;

    if (store->is_search)
        return search_tables_open(store, txn, is_new);
    for (size_t i = STORE_META + 1; rc == 0 && i < STORE_FIRST_LATER; i++)
        rc = table_open(store, txn, table_names[i], &store->dbi[i], is_new);
    for (size_t i = STORE_FIRST_LATER; rc == 0 && i < STORE_TABLES; i++) {
        rc =
            mdb_dbi_open(txn, table_names[i], store->is_read_only ? 0 : MDB_CREATE, &store->dbi[i]);
        store->is_absent[i] = rc == MDB_NOTFOUND;
        rc = store->is_absent[i] ? 0 : rc;
    }
    return store_code(rc);
}

/* Whether no table was ever made: a creation that was cut short is begun anew. */
static bool is_blank(MDB_txn *txn)
{
    MDB_dbi main_table = 0;
    MDB_stat stat = {0};
    return mdb_dbi_open(txn, NULL, 0, &main_table) == 0 && mdb_stat(txn, main_table, &stat) == 0 &&
           stat.ms_entries == 0;
}

static enum ambit_err tables_start(struct store *store, bool may_create)
{
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(store->env, NULL, store->is_read_only ? MDB_RDONLY : 0, &txn);
    if (rc != 0)
        return store_code(rc);
    bool is_new = is_blank(txn);
    enum ambit_err err = AMBIT_ERR_NOT_FOUND;
    if (!is_new || (may_create && !store->is_read_only))
        err = tables_open(store, txn, is_new);
    if (err != AMBIT_OK) {
        mdb_txn_abort(txn);
        return err;
    }
    err = store_code(mdb_txn_commit(txn)); /* also of a reading one: it keeps the table handles */
    if (err == AMBIT_OK && is_new && fsync(store->dir_fd) != 0)
        err = store_code(errno);
    return err;
}

static enum ambit_err start(struct store *store, const struct store_options *options)
{
    enum ambit_err err = folder_open(store, options);
    if (err != AMBIT_OK)
        return err;

    struct store_header header;
    store->is_live = store->is_read_only && is_live(store->dir_fd);
    err = header_look(store, options->reterr_damage, &header);
    if (err != AMBIT_OK)
        return err;
    if (header.is_new && (store->is_read_only || !options->create))
        return AMBIT_ERR_NOT_FOUND;

    err = env_open(store, options, &header);
    if (err == AMBIT_OK)
        err = tables_start(store, options->create);
    if (err == AMBIT_ERR_DAMAGED && options->reterr_damage)
        *options->reterr_damage = (struct store_damage){
            .table = "meta", .what = "the tables or the format are not what this version makes"};
    /* A store that could not be made is no store: nothing was ever kept in it, and half of one
     * would be taken for damage at the next start. */
    if (err != AMBIT_OK && header.is_new)
        (void)unlinkat(store->dir_fd, "data.mdb", 0);
    if (err != AMBIT_OK)
        return err;
    if (pthread_key_create(&store->key, store_reader_free) != 0)
        return AMBIT_ERR_NO_MEMORY;
    store->has_key = true;
    if (store->is_live)
        err = look_live(store, options->reterr_damage);
    if (err != AMBIT_OK)
        return err;
    if (!store->is_read_only && !store->is_search) {
        err = store_journal_open(store);
        if (err == AMBIT_OK)
            err = scrub_open(store);
        if (err != AMBIT_OK)
            return err;
    }
    return store_space_start(store, options);
}

enum ambit_err store_open(const struct store_options *options, struct store **ret)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return AMBIT_ERR_NO_MEMORY;
    store->dir_fd = -1;
    store->journal.fd = -1;
    store->is_read_only = options->read_only;
    store->is_search = options->is_search;
    (void)pthread_mutex_init(&store->readers_mutex, NULL);
    (void)pthread_mutex_init(&store->journal.mutex, NULL);
    store_ahead_init(store);
    enum ambit_err err = start(store, options);
    if (err != AMBIT_OK) {
        store_close(store);
        return err;
    }
    *ret = store;
    return AMBIT_OK;
}

/* Every other thread that read has ended, or at least holds no transaction. */
void store_close(struct store *store)
{
    if (!store)
        return;
    store_ahead_done(store);
    scrub_close(store);
    if (store->has_key)
        (void)pthread_key_delete(store->key);
    while (store->readers)
        store_reader_free(store->readers);
    if (store->env)
        mdb_env_close(store->env);
    store_journal_close(store);
    (void)pthread_mutex_destroy(&store->readers_mutex);
    (void)pthread_mutex_destroy(&store->journal.mutex);
    if (store->dir_fd >= 0)
        (void)close(store->dir_fd);
    free(store);
}
