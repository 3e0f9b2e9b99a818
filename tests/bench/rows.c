/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a store's tables: "TABLE ROWS BYTES PAGES" a line, bytes of keys and values, pages
 * of 4 KiB; last "file - - PAGES", what the file uses. Reads beside a running broker.
 * bench_rows STORE [pages]     With a second word every row is left unread, and BYTES is "-". */
#include <lmdb.h>
#include <stdbool.h>
#include <stdio.h>

enum { TABLES_MAX = 32, NAME_MAX_BYTES = 64 };

static int count_bytes(MDB_txn *txn, MDB_dbi table, size_t *ret)
{
    MDB_cursor *cursor = NULL;
    MDB_val k = {0}, v = {0};
    int rc = mdb_cursor_open(txn, table, &cursor);
    while (rc == 0 && (rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0)
        *ret += k.mv_size + v.mv_size;
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int print_table(MDB_txn *txn, const char *name, bool reads)
{
    MDB_dbi table = 0;
    MDB_stat stat = {0};
    size_t bytes = 0;
    int rc = mdb_dbi_open(txn, name, 0, &table);
    rc = rc ? rc : mdb_stat(txn, table, &stat);
    if (rc == 0 && reads)
        rc = count_bytes(txn, table, &bytes);
    if (rc != 0)
        return rc;
    printf("%s %zu ", name, stat.ms_entries);
    if (reads)
        printf("%zu", bytes);
    printf("%s %zu\n", reads ? "" : "-",
           stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages);
    return 0;
}

static int print_tables(MDB_env *env, MDB_txn *txn, bool reads)
{
    MDB_dbi root = 0;
    MDB_cursor *cursor = NULL;
    MDB_val k = {0};
    MDB_envinfo info;
    int rc = mdb_dbi_open(txn, NULL, 0, &root);
    rc = rc ? rc : mdb_cursor_open(txn, root, &cursor);
    while (rc == 0 && (rc = mdb_cursor_get(cursor, &k, NULL, MDB_NEXT_NODUP)) == 0) {
        char name[NAME_MAX_BYTES];
        if (snprintf(name, sizeof name, "%.*s", (int)k.mv_size, (const char *)k.mv_data) > 0)
            rc = print_table(txn, name, reads);
    }
    mdb_cursor_close(cursor);
    if (rc == MDB_NOTFOUND && mdb_env_info(env, &info) == 0)
        printf("file - - %zu\n", info.me_last_pgno + 1);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int main(int argc, char **argv)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    int rc = argc == 2 || argc == 3 ? mdb_env_create(&env) : 2;
    rc = rc ? rc : mdb_env_set_maxdbs(env, TABLES_MAX);
    rc = rc ? rc : mdb_env_open(env, argv[1], MDB_RDONLY, 0600);
    rc = rc ? rc : mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    rc = rc ? rc : print_tables(env, txn, argc == 2);
    if (rc != 0)
        (void)fprintf(stderr, "%s\n", mdb_strerror(rc));
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return rc != 0;
}
