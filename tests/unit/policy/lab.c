/* SPDX-License-Identifier: Apache-2.0 */
/* The small world of the engine's tests. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/tzif.h"

static void fake_sha256(const void *bytes, size_t len, struct ambit_digest *ret)
{
    uint64_t hash = 1469598103934665603ULL;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211ULL;
    for (size_t i = 0; i < sizeof ret->b; i++, hash = hash * 6364136223846793005ULL + 1)
        ret->b[i] = (uint8_t)(hash >> 56);
}

static enum ambit_err any_zone(void *ctx, struct ambit_str name, struct ambit_str *ret)
{
    (void)ctx;
    (void)name;
    *ret = AMBIT_STR(TZIF_UTC);
    return AMBIT_OK;
}

static struct ambit_str quoted(struct lab *lab, const char *text)
{
    struct ambit_str s = arena_copy(&lab->arena, ambit_str_of(text));
    assert_non_null(s.p);
    char *p = arena_array(&lab->arena, s.len + 1, 1);
    assert_non_null(p);
    for (size_t i = 0; i < s.len; i++)
        p[i] = text[i] == '\'' ? '"' : text[i];
    return (struct ambit_str){.p = p, .len = s.len};
}

struct pile {
    struct ambit_file files[64];
    size_t n;
};

static void put(struct lab *lab, struct pile *pile, enum ambit_kind kind, const char *name,
                const char *text)
{
    assert_true(pile->n < AMBIT_LEN(pile->files));
    pile->files[pile->n++] = (struct ambit_file){
        .kind = kind,
        .path = ambit_str_of(name),
        .name = ambit_str_of(name),
        .bytes = quoted(lab, text),
    };
}

__attribute__((format(printf, 2, 3))) static const char *print(struct lab *lab, const char *format,
                                                               ...)
{
    char room[16384];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(room, sizeof room, format, args);
    va_end(args);
    assert_true(len > 0 && (size_t)len < sizeof room);
    return arena_copy(&lab->arena, (struct ambit_str){room, (size_t)len}).p;
}

static void put_person(struct lab *lab, struct pile *pile, const char *person, bool is_active)
{
    const char *at = strchr(person, '@');
    const char *name = print(lab, "%.*s", at ? (int)(at - person) : (int)strlen(person), person);
    put(lab, pile, AMBIT_KIND_PERSON, name,
        print(lab,
              "{'person':'%s','name':'%s','email':'%s@example.gov','team':'%s','active':%s,"
              "'roles':['owner']}",
              name, name, name, at ? at + 1 : "payments", is_active ? "true" : "false"));
}

static void put_service(struct lab *lab, struct pile *pile, const char *name, const char *audience,
                        const char *resources)
{
    put(lab, pile, AMBIT_KIND_SERVICE, name,
        print(lab,
              "{'service':'%s','owner':'dana','tier':'low','audiences':['%s'],'resources':[%s],"
              "'authenticate':[{'method':'client_secret_basic','sha256':'%064d',"
              "'expires':'2026-12-31T00:00:00Z'}]}",
              name, audience, resources, 1));
}

static void put_agent(struct lab *lab, struct pile *pile, const struct lab_agent *agent)
{
    put(lab, pile, AMBIT_KIND_AGENT, agent->name,
        print(lab,
              "{'agent':'%s','description':'d','owner':'%s','backup':'%s',"
              "'provenance':{'composition':'" LAB_COMPOSITION "'},"
              "'authenticate':[{'method':'unix_peer','uid':1000}],%s'policies':[%s]}",
              agent->name, agent->owner, agent->backup, agent->more, agent->policies));
}

static void put_remediator(struct lab *lab, struct pile *pile, const struct lab_policy *policies,
                           size_t n)
{
    char names[4096] = "";
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(names + at, sizeof names - at, "%s'%s'", i ? "," : "",
                               policies[i].name);
    struct lab_agent agent = {"remediator", "dana", "sam", names, ""};
    put_agent(lab, pile, &agent);
}

static void put_policy(struct lab *lab, struct pile *pile, const struct lab_policy *policy)
{
    bool has_audience = strstr(policy->head, "'audiences'") != NULL;
    bool has_tier = strstr(policy->head, "'tier'") != NULL;
    put(lab, pile, AMBIT_KIND_POLICY, policy->name,
        print(lab,
              "{'policy':'%s','description':'d','owner':'dana',%s%s%s"
              "'review':{'authored_by':'dana','accepted_by':'dana'},%s}",
              policy->name, has_tier ? "" : "'tier':'medium',",
              has_audience ? "" : "'audiences':['https://payments.example.gov'],", policy->head,
              policy->body));
}

static struct ambit_documents *read_all(const struct pile *pile)
{
    static const struct ambit_read_env env = {
        .now_ms = LAB_NOW_MS, .sha256 = fake_sha256, .zone = any_zone};
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    enum ambit_err err = ambit_documents_read(pile->files, pile->n, &env, &problems, &documents);
    for (size_t i = 0; err && i < problems.n; i++)
        print_error("%.*s:%u:%u %.*s: %.*s; expected %.*s\n", AMBIT_STR_ARG(problems.v[i].file),
                    problems.v[i].line, problems.v[i].column, AMBIT_STR_ARG(problems.v[i].pointer),
                    AMBIT_STR_ARG(problems.v[i].what), AMBIT_STR_ARG(problems.v[i].expected));
    ambit_problems_done(&problems);
    assert_int_equal(err, AMBIT_OK);
    return documents;
}

/* ---- the map of figures ---------------------------------------------------------------------- */

static void key_of(const struct ambit_figure_query *query, char *ret, size_t size)
{
    bool is_after = query->kind == AMBIT_LIMIT_AFTER;
    assert_int_equal(query->field.len > 0, is_after || query->kind == AMBIT_LIMIT_SUM ||
                                               query->kind == AMBIT_LIMIT_DISTINCT);
    assert_true(query->n_values == 0 || query->kind == AMBIT_LIMIT_DISTINCT);
    int len = snprintf(ret, size, "%.*s/%.*s/%s/%s/%.*s/%s/%.*s", AMBIT_STR_ARG(query->policy),
                       AMBIT_STR_ARG(query->id), query->is_stop ? "stop" : "rule",
                       ambit_limit_kind_text(query->kind), is_after ? 0 : (int)query->field.len,
                       query->field.p, ambit_by_text(query->by), AMBIT_STR_ARG(query->key));
    assert_true(len > 0 && (size_t)len < size);
}

static struct lab_figure *slot(struct lab *lab, const char *key)
{
    for (size_t i = 0; i < lab->n_figures; i++) {
        if (strcmp(lab->figures[i].key, key) == 0)
            return &lab->figures[i];
    }
    return NULL;
}

void lab_set(struct lab *lab, const char *key, int64_t value)
{
    struct lab_figure *figure = slot(lab, key);
    if (!figure) {
        assert_true(lab->n_figures < AMBIT_LEN(lab->figures));
        figure = &lab->figures[lab->n_figures++];
        assert_true(strlen(key) < sizeof figure->key);
        memcpy(figure->key, key, strlen(key) + 1);
    }
    figure->value = value;
}

int64_t lab_get(const struct lab *lab, const char *key)
{
    for (size_t i = 0; i < lab->n_figures; i++) {
        if (strcmp(lab->figures[i].key, key) == 0)
            return lab->figures[i].value;
    }
    return 0;
}

/* The place of one of different names under `key`. */
static void value_key(const char *key, struct ambit_str value, char *ret, size_t size)
{
    int len = snprintf(ret, size, "%s=%.*s", key, AMBIT_STR_ARG(value));
    assert_true(len > 0 && (size_t)len < size);
}

static int64_t count_values(struct lab *lab, const struct ambit_figure_query *query,
                            const char *key)
{
    int64_t n = 0;
    size_t len = strlen(key);
    for (size_t i = 0; i < lab->n_figures; i++) {
        const struct lab_figure *f = &lab->figures[i];
        n += f->value && strncmp(f->key, key, len) == 0 && f->key[len] == '=';
    }
    for (size_t i = 0; i < query->n_values; i++) {
        char one[512];
        value_key(key, query->values[i], one, sizeof one);
        n += lab_get(lab, one) == 0;
        for (size_t k = 0; k < i; k++)
            assert_false(ambit_str_eq(query->values[i], query->values[k]));
    }
    return n;
}

static enum ambit_err figure(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    struct lab *lab = ctx;
    char key[512];
    key_of(query, key, sizeof key);
    lab->n_reads++;
    *ret = lab_get(lab, key);
    if (slot(lab, key))
        return AMBIT_OK;
    if (query->kind == AMBIT_LIMIT_DISTINCT)
        *ret = count_values(lab, query, key);
    else if (query->kind == AMBIT_LIMIT_AFTER)
        *ret = -1;
    return AMBIT_OK;
}

static enum ambit_err same_live(void *ctx, const struct ambit_same_query *query,
                                struct ambit_id *ret)
{
    assert_true(query->n_items > 0 && query->agent.len > 0);
    *ret = ((struct lab *)ctx)->same;
    return AMBIT_OK;
}

static void add_values(struct lab *lab, const struct ambit_charge *charge, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; charge->resets && i < lab->n_figures; i++) {
        if (strncmp(lab->figures[i].key, key, len) == 0)
            lab->figures[i].value = 0;
    }
    for (size_t i = 0; !charge->resets && i < charge->what.n_values; i++) {
        char one[512];
        value_key(key, charge->what.values[i], one, sizeof one);
        lab_set(lab, one, 1);
    }
}

void lab_commit(struct lab *lab)
{
    for (size_t i = 0; i < lab->d.n_charges; i++) {
        const struct ambit_charge *charge = &lab->d.charges[i];
        char key[512];
        key_of(&charge->what, key, sizeof key);
        if (charge->what.kind == AMBIT_LIMIT_DISTINCT)
            add_values(lab, charge, key);
        else if (charge->what.kind != AMBIT_LIMIT_AFTER)
            lab_set(lab, key, charge->resets ? 0 : lab_get(lab, key) + charge->amount);
        else if (!charge->when_done)
            lab_set(lab, key, lab->asked_ms);
    }
}

/* ---- opening and asking ---------------------------------------------------------------------- */

static void begin(struct lab *lab, struct pile *pile)
{
    memset(lab, 0, sizeof *lab);
    arena_init(&lab->arena, NULL, 0, 0);
    put_service(lab, pile, "payments-api", "https://payments.example.gov",
                "'svc:**','db:**','secret:**','ticket:**'");
    put_service(lab, pile, "other", "https://other.example.gov", "'x:**'");
}

static void compile(struct lab *lab, struct pile *pile, const struct lab_policy *policies, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_policy(lab, pile, &policies[i]);
    assert_int_equal(ambit_policy_compile(read_all(pile), &lab->set), AMBIT_OK);
    lab->world = (struct ambit_world){
        .stops = lab->stops, .ctx = lab, .figure = figure, .same_live = same_live};
}

void lab_open_with(struct lab *lab, const struct lab_policy *policies, size_t n, bool dana_active,
                   bool sam_active)
{
    struct pile pile = {.n = 0};
    begin(lab, &pile);
    put_person(lab, &pile, "dana", dana_active);
    put_person(lab, &pile, "sam", sam_active);
    put_remediator(lab, &pile, policies, n);
    compile(lab, &pile, policies, n);
}

void lab_open_agents(struct lab *lab, const struct lab_documents *documents)
{
    struct pile pile = {.n = 0};
    begin(lab, &pile);
    for (const char *const *name = documents->people; *name; name++)
        put_person(lab, &pile, **name == '-' ? *name + 1 : *name, **name != '-');
    for (size_t i = 0; i < documents->n_agents; i++)
        put_agent(lab, &pile, &documents->agents[i]);
    compile(lab, &pile, documents->policies, documents->n_policies);
}

void lab_open(struct lab *lab, const struct lab_policy *policies, size_t n)
{
    lab_open_with(lab, policies, n, true, true);
}

void lab_close(struct lab *lab)
{
    ambit_policy_set_free(lab->set);
    arena_done(&lab->arena);
}

struct ambit_id lab_id(uint8_t n)
{
    struct ambit_id id = {{n, 7}};
    return id;
}

void lab_stop(struct lab *lab, uint8_t id, enum ambit_target_kind kind, const char *target)
{
    assert_true(lab->world.n_stops < AMBIT_LEN(lab->stops));
    lab->stops[lab->world.n_stops++] =
        (struct ambit_stop_view){.id = lab_id(id), .kind = kind, .target = ambit_str_of(target)};
}

struct ambit_grant_question lab_question(const struct ambit_item *items, size_t n)
{
    return (struct ambit_grant_question){
        .now_ms = LAB_NOW_MS,
        .agent = AMBIT_STR("remediator"),
        .items = items,
        .n_items = n,
        .audience = LAB_AUDIENCE,
        .source = {.family = 4, .b = {10, 20, 0, 1}},
    };
}

void lab_decide_grant(struct lab *lab, const struct ambit_grant_question *question)
{
    memset(&lab->d, 0xa5, sizeof lab->d); /* nothing may be left to what stood there before */
    lab->asked_ms = question->now_ms;
    assert_int_equal(ambit_decide_grant(lab->set, question, &lab->world, &lab->d), AMBIT_OK);
}

void lab_decide_action(struct lab *lab, const struct ambit_action_question *question)
{
    memset(&lab->d, 0xa5, sizeof lab->d);
    lab->asked_ms = question->now_ms;
    assert_int_equal(ambit_decide_action(lab->set, question, &lab->world, &lab->d), AMBIT_OK);
}

void lab_take_grant(struct lab *lab, const struct ambit_grant_question *question)
{
    assert_int_equal(lab->d.verdict, AMBIT_ALLOW);
    memcpy(lab->items, lab->d.given, lab->d.n_given * sizeof lab->items[0]);
    memcpy(lab->except, lab->d.except, lab->d.n_except * sizeof lab->except[0]);
    lab->grant = (struct ambit_grant_view){
        .id = lab_id(100),
        .lineage = lab_id(100),
        .agent = question->agent,
        .owner = AMBIT_STR("dana"),
        .team = AMBIT_STR("payments"),
        .audience = lab->d.audience,
        .issued_ms = question->now_ms,
        .expires_ms = lab->d.expires_ms,
        .binding = question->binding,
        .purpose = question->purpose,
        .composition = question->composition,
        .items = lab->items,
        .n_items = lab->d.n_given,
        .except = lab->except,
        .n_except = lab->d.n_except,
    };
}

struct ambit_action_question lab_action(const struct lab *lab, const char *action,
                                        const char *resource)
{
    return (struct ambit_action_question){
        .now_ms = LAB_NOW_MS + 1000,
        .grant = &lab->grant,
        .service = AMBIT_STR("payments-api"),
        .action = ambit_str_of(action),
        .resource = ambit_str_of(resource),
        .source = {.family = 4, .b = {10, 20, 0, 1}},
    };
}

/* ---- replay ---------------------------------------------------------------------------------- */

static void assert_str_same(struct ambit_str a, struct ambit_str b)
{
    assert_true(ambit_str_eq(a, b));
}

static void assert_same(const struct ambit_decision *a, const struct ambit_decision *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->failed_check, b->failed_check);
    assert_str_same(a->policy, b->policy);
    assert_str_same(a->rule, b->rule);
    assert_str_same(a->member, b->member);
    assert_true(ambit_digest_eq(a->digest, b->digest));
    assert_true(ambit_id_eq(a->stop, b->stop) && ambit_id_eq(a->replaces, b->replaces));
    assert_true(a->item == b->item && a->given_item == b->given_item);
    assert_int_equal(a->expires_ms, b->expires_ms);
    assert_int_equal(a->outcome_due_ms, b->outcome_due_ms);
    assert_true(a->n_given == b->n_given && a->n_except == b->n_except);
    assert_true(a->n_charges == b->n_charges && a->n_trips == b->n_trips);
    assert_int_equal(a->is_attempt, b->is_attempt);
    assert_int_equal(a->n_figures, b->n_figures);
    assert_memory_equal(a->figures, b->figures, a->n_figures * sizeof a->figures[0]);
    assert_int_equal(a->n_used_stops, b->n_used_stops);
    for (size_t i = 0; i < a->n_given; i++)
        assert_str_same(a->given[i].rule, b->given[i].rule);
    for (size_t i = 0; i < a->n_charges; i++) {
        char x[512], y[512];
        key_of(&a->charges[i].what, x, sizeof x);
        key_of(&b->charges[i].what, y, sizeof y);
        assert_string_equal(x, y);
        assert_int_equal(a->charges[i].amount, b->charges[i].amount);
        assert_int_equal(a->charges[i].resets, b->charges[i].resets);
        assert_int_equal(a->charges[i].when_done, b->charges[i].when_done);
    }
    for (size_t i = 0; i < a->n_trips; i++)
        assert_str_same(a->trips[i].id, b->trips[i].id);
}

static struct ambit_decision again;

static struct ambit_world world_of(const struct lab *lab, struct ambit_recorded *recorded)
{
    *recorded = (struct ambit_recorded){
        .figures = lab->d.figures, .n = lab->d.n_figures, .replaces = lab->d.replaces};
    return ambit_world_of_record(recorded, lab->d.used_stops, lab->d.n_used_stops);
}

void lab_replay_grant(struct lab *lab, const struct ambit_grant_question *question)
{
    struct ambit_recorded recorded;
    struct ambit_world world = world_of(lab, &recorded);
    assert_int_equal(ambit_decide_grant(lab->set, question, &world, &again), AMBIT_OK);
    assert_int_equal(recorded.next, recorded.n);
    assert_same(&lab->d, &again);
}

void lab_replay_action(struct lab *lab, const struct ambit_action_question *question)
{
    struct ambit_recorded recorded;
    struct ambit_world world = world_of(lab, &recorded);
    assert_int_equal(ambit_decide_action(lab->set, question, &world, &again), AMBIT_OK);
    assert_int_equal(recorded.next, recorded.n);
    assert_same(&lab->d, &again);
}

/* ---- claims ---------------------------------------------------------------------------------- */

void lab_assert_text(const char *what, struct ambit_str got, const char *want)
{
    if (want && !ambit_str_is(got, want))
        fail_msg("%s: %s is not %.*s", what, want, AMBIT_STR_ARG(got));
}

void lab_assert_checks(const struct lab *lab, size_t failed, size_t n)
{
    assert_int_equal(lab->explanation.n_checks, n);
    for (size_t i = 0; i < n; i++) {
        const struct ambit_check_report *check = &lab->explanation.checks[i];
        assert_int_equal(check->outcome, i < failed    ? AMBIT_CHECK_PASS
                                         : i == failed ? AMBIT_CHECK_FAIL
                                                       : AMBIT_CHECK_NOT_REACHED);
        assert_int_equal(check->required.p != NULL, i <= failed);
        assert_int_equal(check->saw.p != NULL, i <= failed);
    }
}
