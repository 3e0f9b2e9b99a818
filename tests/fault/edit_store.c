/* SPDX-License-Identifier: Apache-2.0 */
/* The hand of tests/fault/edits.py on the tables of a store or a search index that no broker runs
 * on. It knows LMDB alone, and nothing of what the tables mean.
 *
 *   edit_store FOLDER rows      a line a row: TABLE KEY VALUE, bytes in hexadecimal ("-": none)
 *   edit_store FOLDER edit      the lines of standard input in one transaction: `put TABLE KEY
 *                               VALUE`, `del TABLE KEY` */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

#include "ambit/base.h"
#include "base/encode.h"

enum { LINE_MAX_BYTES = 4 << 20, TABLES_MAX = 64 };

static void put_hex(const MDB_val *bytes)
{
    const uint8_t *p = bytes->mv_data;
    if (bytes->mv_size == 0)
        (void)putchar('-');
    for (size_t i = 0; i < bytes->mv_size; i++)
        (void)printf("%02x", p[i]);
}

static int print_table(MDB_txn *txn, const char *name)
{
    MDB_dbi dbi = 0;
    MDB_cursor *cursor = NULL;
    MDB_val k, v;
    int rc = mdb_dbi_open(txn, name, 0, &dbi);
    if (rc == 0)
        rc = mdb_cursor_open(txn, dbi, &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    for (; rc == 0; rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
        (void)printf("%s ", name);
        put_hex(&k);
        (void)putchar(' ');
        put_hex(&v);
        (void)putchar('\n');
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* The names of the tables are the keys of the nameless one. */
static int print_rows(MDB_txn *txn)
{
    char name[64];
    MDB_dbi names = 0;
    MDB_cursor *cursor = NULL;
    MDB_val k, v;
    int rc = mdb_dbi_open(txn, NULL, 0, &names);
    if (rc == 0)
        rc = mdb_cursor_open(txn, names, &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    for (; rc == 0; rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
        int n = snprintf(name, sizeof name, "%.*s", (int)k.mv_size, (const char *)k.mv_data);
        rc = n > 0 && (size_t)n < sizeof name ? print_table(txn, name) : MDB_BAD_DBI;
        if (rc != 0)
            break;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static const char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \n"), *end = word + strcspn(word, " \n");
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return *word ? word : NULL;
}

static int one_line(MDB_txn *txn, char *line, uint8_t *bytes)
{
    const char *verb = next_word(&line), *name = next_word(&line);
    const char *key = next_word(&line), *value = next_word(&line);
    MDB_dbi dbi = 0;
    if (!verb || !name || !key)
        return MDB_BAD_VALSIZE;
    MDB_val k = {.mv_size = strlen(key) / 2, .mv_data = bytes};
    MDB_val v = {.mv_size = !value || streq(value, "-") ? 0 : strlen(value) / 2};
    v.mv_data = bytes + k.mv_size;
    if (hex_decode(ambit_str_of(key), bytes, k.mv_size) != AMBIT_OK ||
        (v.mv_size && hex_decode(ambit_str_of(value), v.mv_data, v.mv_size) != AMBIT_OK))
        return MDB_BAD_VALSIZE;
    int rc = mdb_dbi_open(txn, name, 0, &dbi);
    if (rc != 0)
        return rc;
    return streq(verb, "put") ? mdb_put(txn, dbi, &k, &v, 0) : mdb_del(txn, dbi, &k, NULL);
}

static int edit_rows(MDB_txn *txn)
{
    AMBIT_AUTO_FREE char *line = malloc(LINE_MAX_BYTES);
    AMBIT_AUTO_FREE uint8_t *bytes = malloc(LINE_MAX_BYTES);
    int rc = line && bytes ? 0 : MDB_PANIC;
    while (rc == 0 && fgets(line, LINE_MAX_BYTES, stdin))
        rc = one_line(txn, line, bytes);
    return rc;
}

int main(int argc, char **argv)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    if (argc != 3) {
        (void)fprintf(stderr, "usage: edit_store FOLDER rows|edit\n");
        return 2;
    }
    bool is_reading = streq(argv[2], "rows");
    unsigned flags = is_reading ? MDB_RDONLY : 0;
    int rc = mdb_env_create(&env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(env, TABLES_MAX);
    if (rc == 0)
        rc = mdb_env_open(env, argv[1], flags | MDB_NOLOCK, 0600);
    if (rc == 0)
        rc = mdb_txn_begin(env, NULL, flags, &txn);
    if (rc == 0)
        rc = is_reading ? print_rows(txn) : edit_rows(txn);
    if (rc == 0 && !is_reading)
        rc = mdb_txn_commit(TAKE(txn));
    if (txn)
        mdb_txn_abort(txn);
    mdb_env_close(env);
    if (rc != 0)
        (void)fprintf(stderr, "edit_store: %s\n", mdb_strerror(rc));
    return rc != 0;
}
