/* SPDX-License-Identifier: Apache-2.0 */
/* A whole set: every file read on its own, then checked against the others, then put in order.
 * Nothing is handed out unless nothing is wrong. */
#include "policy/read.h"

#include "ambit/document.h"
#include "base/buf.h"
#include "base/json_read.h"
#include "policy/canonical.h"
#include "policy/check.h"
#include "policy/document_memory.h"
#include "policy/problem.h"

static const struct {
    const struct object_type *type;
    size_t size;
} kinds[] = {
    [AMBIT_KIND_PERSON] = {&person_type, sizeof(struct ambit_person)},
    [AMBIT_KIND_AGENT] = {&agent_type, sizeof(struct ambit_agent)},
    [AMBIT_KIND_SERVICE] = {&service_type, sizeof(struct ambit_service)},
    [AMBIT_KIND_POLICY] = {&policy_type, sizeof(struct ambit_policy)},
};

/* A problem of the file as text, before there are values with places. */
static void complain_file(struct loaded *loaded, const struct json_problem *problem)
{
    struct reading *reading = &loaded->reading;
    const struct ambit_problem copy = {
        .file = reading->file->path,
        .line = problem->line,
        .column = problem->column,
        .pointer = AMBIT_STR(""),
        .what = ambit_str_of(problem->what),
        .expected = ambit_str_of(problem->expected),
    };
    reading->n_errors++;
    if (ambit_problems_add(reading->problems, &copy))
        reading->is_out_of_memory = true;
}

/* True when the object says of itself that it is a document of another kind. */
static bool is_other_kind(struct loaded *loaded)
{
    const struct json_value *root = loaded->root.value;
    if (json_get(root, ambit_kind_text(loaded->kind)))
        return false;
    for (size_t i = 0; i < AMBIT_LEN(kinds); i++) {
        struct place key = place_member(&loaded->root, ambit_kind_text((enum ambit_kind)i));
        if (!key.value)
            continue;
        key.is_key = true;
        complain_name(&loaded->reading, &key, "a document of another kind, by its member",
                      "the kind of document that its folder holds", (struct ambit_str){0});
        return true;
    }
    return false;
}

/* A document's name as its file's: `/` written `__`. */
static void put_file_name(struct buf *buf, struct ambit_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.p[i] == '/')
            buf_put_text(buf, "__");
        else
            buf_put_char(buf, name.p[i]);
    }
}

/* Compared in the written form, for a name may hold `__` itself. */
static bool is_named_as_file(struct reading *reading, struct ambit_str name)
{
    BUF_AUTO of_name = {0};
    BUF_AUTO of_file = {0};
    put_file_name(&of_name, name);
    put_file_name(&of_file, reading->file->name);
    if (buf_check(&of_name) || buf_check(&of_file))
        reading->is_out_of_memory = true;
    return ambit_str_eq(buf_str(&of_name), buf_str(&of_file));
}

static void check_name(struct loaded *loaded)
{
    struct place at = place_member(&loaded->root, ambit_kind_text(loaded->kind));
    struct ambit_str name = loaded->as.document->name;
    if (name.p && !is_named_as_file(&loaded->reading, name))
        complain_name(&loaded->reading, &at, "the file has another name than",
                      "the name of the file, with \"/\" written \"__\"",
                      loaded->reading.file->name);
}

static void read_document(struct loaded *loaded)
{
    struct reading *reading = &loaded->reading;
    const struct json_limits limits = {
        .depth = AMBIT_DOCUMENT_DEPTH, .allow_decimals = true, .keep_duplicates = true};
    struct json_problem problem = {0};
    if (reading->file->bytes.len > AMBIT_DOCUMENT_BYTES) {
        problem = (struct json_problem){0, 0, "the file is too large", "at most 1 MiB"};
        complain_file(loaded, &problem);
        return;
    }
    enum ambit_err err =
        json_read(reading->file->bytes, limits, reading->scratch, &loaded->root.value, &problem);
    if (err == AMBIT_ERR_NO_MEMORY) {
        reading->is_out_of_memory = true;
        return;
    }
    if (err) {
        loaded->root.value = NULL;
        complain_file(loaded, &problem);
        return;
    }
    if (loaded->root.value->kind != JSON_OBJECT) {
        complain_found(reading, &loaded->root, "one JSON object");
        return;
    }
    if (is_other_kind(loaded))
        return;
    read_members(reading, &loaded->root, kinds[loaded->kind].type, loaded->as.document);
    check_name(loaded);
}

static void load(struct loaded *loaded, struct arena *keep)
{
    struct reading *reading = &loaded->reading;
    loaded->as.document = arena_alloc(keep, kinds[loaded->kind].size);
    if (!loaded->as.document) {
        reading->is_out_of_memory = true;
        return;
    }
    loaded->as.document->kind = loaded->kind;
    if (reading->file->bytes.p)
        read_document(loaded);
    loaded->is_broken = reading->n_errors > 0 || !reading->file->bytes.p;
}

/* -- from what was loaded to what is handed out -- */

static int compare_loaded(const void *a, const void *b)
{
    const struct loaded *x = a;
    const struct loaded *y = b;
    return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind)
                              : ambit_str_cmp(x->as.document->name, y->as.document->name);
}

static enum ambit_err finish_document(struct loaded *loaded)
{
    struct ambit_document *document = loaded->as.document;
    enum ambit_err err =
        canonical_of(loaded->reading.keep, loaded->root.value, &document->canonical);
    if (err)
        return err;

    if (loaded->reading.file->digest)
        document->digest = *loaded->reading.file->digest;
    else
        loaded->reading.env->sha256(document->canonical.p, document->canonical.len,
                                    &document->digest);
    return AMBIT_OK;
}

/* Copies the documents of one kind, which stand together, into one list. */
static enum ambit_err put_kind(const struct loaded_set *set, enum ambit_kind kind,
                               struct arena *keep, void *ret_list)
{
    size_t size = kinds[kind].size;
    size_t first = 0;
    while (first < set->n && set->v[first].kind < kind)
        first++;
    size_t n = 0;
    while (first + n < set->n && set->v[first + n].kind == kind)
        n++;
    char *list = arena_array(keep, n, size);
    if (!list)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        memcpy(list + i * size, set->v[first + i].as.document, size);
    memcpy(ret_list, &list, sizeof list);
    return AMBIT_OK;
}

static size_t count_kind(const struct loaded_set *set, enum ambit_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++)
        n += set->v[i].kind == kind;
    return n;
}

static enum ambit_err hand_out(struct loaded_set *set, struct ambit_documents_memory *memory,
                               const struct reading *each, struct ambit_documents **ret)
{
    const struct ambit_read_env *env = each->env;
    struct arena *keep = &memory->arena;
    struct ambit_documents *documents = arena_alloc(keep, sizeof *documents);
    enum ambit_err err = documents ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; !err && i < set->n; i++)
        err = finish_document(&set->v[i]);
    if (err)
        return err;

    qsort(set->v, set->n, sizeof *set->v, compare_loaded);
    *documents = (struct ambit_documents){
        .n_people = count_kind(set, AMBIT_KIND_PERSON),
        .n_agents = count_kind(set, AMBIT_KIND_AGENT),
        .n_services = count_kind(set, AMBIT_KIND_SERVICE),
        .n_policies = count_kind(set, AMBIT_KIND_POLICY),
        .memory = memory,
    };
    if (put_kind(set, AMBIT_KIND_PERSON, keep, &documents->people) ||
        put_kind(set, AMBIT_KIND_AGENT, keep, &documents->agents) ||
        put_kind(set, AMBIT_KIND_SERVICE, keep, &documents->services) ||
        put_kind(set, AMBIT_KIND_POLICY, keep, &documents->policies) ||
        read_zones_take(each->zones, keep, documents))
        return AMBIT_ERR_NO_MEMORY;
    if (env->zone_data.p) {
        documents->zone_data = arena_copy(keep, env->zone_data);
        if (!documents->zone_data.p)
            return AMBIT_ERR_NO_MEMORY;
    }
    err = ambit_documents_digest(documents, true, env, &documents->digest);
    if (err)
        return err;

    *ret = documents;
    return AMBIT_OK;
}

static bool is_out_of_memory(const struct loaded_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->v[i].reading.is_out_of_memory)
            return true;
    }
    return false;
}

/* A file without bytes has its problem listed by whoever could not read it; without one it is
 * broken all the same, and nothing of the set is handed out. */
static bool has_broken(const struct loaded_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->v[i].is_broken)
            return true;
    }
    return false;
}

static enum ambit_err load_all(struct loaded_set *set, const struct reading *each,
                               const struct ambit_file *files, size_t n)
{
    set->v = arena_array(set->scratch, n, sizeof *set->v);
    if (!set->v)
        return AMBIT_ERR_NO_MEMORY;
    set->n = n;
    for (size_t i = 0; i < n; i++) {
        set->v[i].reading = *each;
        set->v[i].reading.file = &files[i];
        set->v[i].kind = files[i].kind;
        load(&set->v[i], each->keep);
    }
    if (is_out_of_memory(set))
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = check_index(set);
    if (err)
        return err;

    check_all(set);
    return is_out_of_memory(set) ? AMBIT_ERR_NO_MEMORY : AMBIT_OK;
}

enum ambit_err ambit_documents_read(const struct ambit_file *files, size_t n,
                                    const struct ambit_read_env *env,
                                    struct ambit_problems *problems, struct ambit_documents **ret)
{
    ARENA_AUTO scratch;
    arena_init(&scratch, NULL, 0, 0);
    struct ambit_documents_memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return AMBIT_ERR_NO_MEMORY;
    arena_init(&memory->arena, NULL, 0, 0);

    struct loaded_set set = {.scratch = &scratch};
    struct zone_list zones = {0};
    const struct reading each = {.env = env,
                                 .keep = &memory->arena,
                                 .scratch = &scratch,
                                 .problems = problems,
                                 .zones = &zones};
    enum ambit_err err = load_all(&set, &each, files, n);
    problem_sort(problems);
    if (!err && (problems->n_errors > 0 || has_broken(&set)))
        err = AMBIT_ERR_MALFORMED;
    if (!err)
        err = hand_out(&set, memory, &each, ret);
    if (err) {
        arena_done(&memory->arena);
        free(memory);
    }
    return err;
}
