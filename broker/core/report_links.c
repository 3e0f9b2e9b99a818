/* SPDX-License-Identifier: Apache-2.0 */
/* Does the chain of what was allowed hold? Each different chain is looked up once: the version in
 * the store, its rule, who confirmed it, and whether its owner was a person of the set then. */
#include "core/report.h"

#include "base/json_read.h"
#include "core/confirm_row.h"
#include "core/set_row.h"

enum { DOCUMENT_MAX = AMBIT_DOCUMENT_BYTES + 2 + AMBIT_AGENT_NAME_MAX, AT_ONCE = 64 };

/* A row of the documents table, behind its kind and name. */
static AMBIT_CHECKED enum ambit_err document(struct store_txn *txn, const uint8_t *digest,
                                             struct buf *memory, int *ret_kind,
                                             struct ambit_str *ret)
{
    size_t len = 0;
    buf_reset(memory);
    char *row = buf_reserve(memory, DOCUMENT_MAX);
    if (!row)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err =
        store_get(txn, STORE_DOCUMENTS, (struct store_key){digest, 32}, row, DOCUMENT_MAX, &len);
    if (err != AMBIT_OK)
        return err;
    if (len < 2 || len < 2u + (uint8_t)row[1])
        return AMBIT_ERR_DAMAGED;
    size_t skip = 2u + (uint8_t)row[1];
    *ret_kind = (uint8_t)row[0];
    *ret = (struct ambit_str){.p = row + skip, .len = len - skip};
    return AMBIT_OK;
}

/* ---- people of a set ---- */

/* Whether a person's document says that they are active, and their name, as a text. */
static AMBIT_CHECKED enum ambit_err person_of(struct report *report, struct store_txn *txn,
                                              const uint8_t *digest, struct buf *memory,
                                              bool *ret_is_person, struct report_cell **ret)
{
    struct report_key key;
    ARENA_AUTO arena;
    struct ambit_str bytes;
    const struct json_value *value = NULL;
    struct json_problem problem;
    int kind = 0;
    arena_init(&arena, NULL, 0, 0);
    memcpy(key.v, digest, sizeof key.v);
    *ret_is_person = true;
    *ret = report_map_cell(&report->person_documents, key);
    if (!*ret)
        return AMBIT_ERR_NO_MEMORY;
    if ((*ret)->value != 0)
        return AMBIT_OK;
    enum ambit_err err = document(txn, digest, memory, &kind, &bytes);
    *ret_is_person = err == AMBIT_OK && kind == AMBIT_KIND_PERSON;
    if (!*ret_is_person)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    err = json_read(bytes, (struct json_limits){.depth = 40}, &arena, &value, &problem);
    if (err != AMBIT_OK)
        return err;
    const struct json_value *active = json_get(value, "active");
    uint32_t text = report_text(&report->texts, json_get_str(value, "person"));
    if (text == REPORT_NO_TEXT)
        return AMBIT_ERR_NO_MEMORY;
    (*ret)->value = 1 + ((uint64_t)text << 1 | (active && active->kind == JSON_TRUE));
    return AMBIT_OK;
}

/* Is there a person of that name in the set, and active? Documents stand in order of kind: people
 * come first. */
static AMBIT_CHECKED enum ambit_err stands_in(struct report *report, struct ambit_str set,
                                              uint32_t person, bool *ret)
{
    AMBIT_AUTO_FREE char *bytes = malloc(SET_ROW_MAX);
    BUF_AUTO memory;
    struct store_txn *txn = NULL;
    struct set_row row = {0};
    size_t len = 0;
    buf_init(&memory, 0);
    *ret = false;
    if (!bytes)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_read_begin(report->broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = store_get(txn, STORE_SETS, (struct store_key){set.p, set.len}, bytes, SET_ROW_MAX, &len);
    if (err == AMBIT_OK)
        err = set_row_read((struct ambit_str){bytes, len}, &row);
    for (size_t i = 0; err == AMBIT_OK && i < row.n; i++) {
        struct report_cell *cell = NULL;
        bool is_person = true;
        err = person_of(report, txn, row.digests + 32 * i, &memory, &is_person, &cell);
        if (err != AMBIT_OK || !is_person)
            break;
        if (cell->value != 0 && (uint32_t)((cell->value - 1) >> 1) == person) {
            *ret = (cell->value - 1) & 1;
            break;
        }
    }
    store_read_end(txn);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* Was this number of a name an active person of the documents in force then? */
static AMBIT_CHECKED enum ambit_err stands(struct report *report, uint32_t set, uint32_t number,
                                           bool *ret)
{
    uint32_t person = REPORT_NO_TEXT, set_text = REPORT_NO_TEXT;
    *ret = false;
    if (number == 0 || set == 0)
        return AMBIT_OK;
    struct report_cell *cell = report_map_cell(&report->people, (struct report_key){{set, number}});
    if (!cell)
        return AMBIT_ERR_NO_MEMORY;
    if (cell->value == 0) {
        enum ambit_err err = report_name(report, number, &person);
        if (err == AMBIT_OK)
            err = report_name(report, set, &set_text);
        if (err == AMBIT_OK)
            err = stands_in(report, report_str(report, set_text), person, ret);
        if (err != AMBIT_OK)
            return err;
        cell->value = *ret ? 2 : 1;
    }
    *ret = cell->value == 2;
    return AMBIT_OK;
}

/* ---- versions ---- */

static bool has_rule(const struct json_value *policy, struct ambit_str rule)
{
    const struct json_value *rules = json_get(policy, "allow");
    for (const struct json_value *of = rules ? rules->first : NULL; of; of = of->next)
        if (ambit_str_eq(json_get_str(of, "id"), rule))
            return true;
    return false;
}

static AMBIT_CHECKED enum ambit_err look_up(struct report *report, struct ambit_digest digest,
                                            struct ambit_str rule, uint64_t *ret)
{
    ARENA_AUTO arena;
    BUF_AUTO memory;
    struct store_txn *txn = NULL;
    struct ambit_str bytes;
    const struct json_value *value = NULL;
    struct json_problem problem;
    bool is_confirmed = false;
    int kind = 0;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&memory, 0);
    enum ambit_err err = store_read_begin(report->broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = document(txn, digest.b, &memory, &kind, &bytes);
    if (err == AMBIT_OK)
        err = confirm_rows_any(txn, digest, &is_confirmed);
    store_read_end(txn);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    err = json_read(bytes, (struct json_limits){.depth = 40}, &arena, &value, &problem);
    if (err != AMBIT_OK)
        return err;
    *ret |= (uint64_t)1 << LINK_VERSION;
    *ret |= (uint64_t)has_rule(value, rule) << LINK_RULE;
    *ret |= (uint64_t)is_confirmed << LINK_CONFIRMED;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err version(struct report *report, uint32_t authority,
                                            uint64_t *ret)
{
    uint32_t policy = REPORT_NO_TEXT, rule = REPORT_NO_TEXT;
    struct ambit_digest digest;
    struct report_cell *cell = report_map_cell(&report->links, (struct report_key){{authority}});
    *ret = 0;
    if (!cell)
        return AMBIT_ERR_NO_MEMORY;
    if (cell->value == 0) {
        enum ambit_err err = report_authority(report, authority, &policy, &rule, &digest);
        uint64_t bits = 0;
        if (err == AMBIT_OK && rule != REPORT_NO_TEXT) {
            struct ambit_str name = report_str(report, rule);
            size_t skip = report_str(report, policy).len + 1;
            name = (struct ambit_str){.p = name.p + skip, .len = name.len - skip};
            err = look_up(report, digest, name, &bits);
        }
        if (err != AMBIT_OK)
            return err;
        cell->value = bits | (uint64_t)1 << LINKS; /* looked up */
    }
    *ret = cell->value;
    return AMBIT_OK;
}

/* ---- the sums ---- */

enum { KEY_GROUP, KEY_AUTHORITY, KEY_OWNER, KEY_SET, KEY_CODE };

static void add_chain(struct report_tally *tally, uint64_t bits, uint64_t n)
{
    uint64_t all = ((uint64_t)1 << LINKS) - 1;
    for (int link = 0; link < LINKS; link++)
        tally->links[link] += bits >> link & 1 ? n : 0;
    tally->complete += (bits & all) == all ? n : 0;
}

enum ambit_err report_chains(struct report *report, struct report_period *period)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < period->chains.n; i++) {
        const struct report_cell *cell = &period->chains.cells[i];
        const uint32_t *key = cell->key.v;
        struct report_tally *tally = &period->groups[key[KEY_GROUP]].tally;
        uint64_t bits = 0;
        bool is_named = false;
        err = stands(report, key[KEY_SET], key[KEY_OWNER], &is_named);
        tally->attributed += is_named ? cell->value : 0;
        if (err != AMBIT_OK || key[KEY_CODE] == 3)
            continue;
        err = version(report, key[KEY_AUTHORITY], &bits);
        bits |= (uint64_t)(key[KEY_CODE] == 1) << LINK_GRANT | (uint64_t)is_named << LINK_OWNER;
        add_chain(tally, bits, cell->value);
    }
    for (size_t i = 0; err == AMBIT_OK && i < period->acted.n; i++) {
        const struct report_cell *cell = &period->acted.cells[i];
        bool is_named = false;
        err = stands(report, cell->key.v[2], cell->key.v[1], &is_named);
        period->groups[cell->key.v[0]].tally.named += is_named ? cell->value : 0;
    }
    return err;
}
