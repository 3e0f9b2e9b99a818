/* SPDX-License-Identifier: Apache-2.0 */
/* The engine alone: nanoseconds for one decision as documents grow. More policies (each agent lists
 * two), asked about by ten agents in turn, then by all of them (what grows there is what the caches
 * do not hold); and more rules for one agent (32 policies of 256 rules are the most there can be),
 * as they are found in the wild and laid out to be told apart late. Best of several rounds, in time
 * of the processor, so that others on the machine count little; no I/O, no history; the calls of
 * malloc, calloc and realloc while deciding are counted. */
#include <stdio.h>
#include <time.h>

#include "ambit/policy.h"
#include "base/arena.h"
#include "policy/document_memory.h"

enum { ROUNDS = 7, ASKED = 20000, NOW_MS = 1000000000, NAME_ROOM = 40 };

static struct ambit_str text(struct arena *arena, const char *format, size_t n)
{
    char room[NAME_ROOM * 2];
    snprintf(room, sizeof room, "%s%zu", format, n);
    return arena_copy(arena, ambit_str_of(room));
}

static struct ambit_strs strs(struct arena *arena, struct ambit_str a, struct ambit_str b)
{
    struct ambit_str *v = arena_array(arena, 2, sizeof *v);
    AMBIT_ASSERT(v != NULL);
    v[0] = a;
    v[1] = b;
    return (struct ambit_strs){.v = v, .n = b.p ? 2 : 1};
}

static const struct ambit_str NONE = {0};

static size_t n_allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size)
{
    n_allocations++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size)
{
    n_allocations++;
    return __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t size)
{
    n_allocations++;
    return __real_realloc(p, size);
}

/* How the rules of an agent differ. <p> and <r>: the policy and its rule. */
enum shape { APPS, DEEP, STARS, ENDS, ACTIONS, NEVERS, SHAPES };
static const struct layout {
    const char *name;
    const char *action, *resource;           /* of the rule */
    const char *item_action, *item_resource; /* asked for as a grant */
    const char *done_resource;               /* of the action; its name is the item's */
} layouts[SHAPES] = {
    [APPS] = {"", "service.restart", "svc:team<p>/app<r>/**", "service.restart",
              "svc:team<p>/app<r>/web-1", "svc:team<p>/app<r>/web-1"},
    [DEEP] = {"that begin alike", "service.restart", "svc:prod/eu/one/web/app<p>-<r>/**",
              "service.restart", "svc:prod/eu/one/web/app<p>-<r>/1/**",
              "svc:prod/eu/one/web/app<p>-<r>/1/2"},
    [STARS] = {"behind a star", "service.restart", "svc:*/app<p>-<r>/**", "service.restart",
               "svc:*/app<p>-<r>/web-1", "svc:eu/app<p>-<r>/web-1"},
    [ENDS] = {"by their last segment", "service.restart", "svc:**/app<p>-<r>", "service.restart",
              "svc:eu/**/app<p>-<r>", "svc:eu/x/app<p>-<r>"},
    [ACTIONS] = {"by their action alone", "service.op<p>-<r>", "svc:**", "service.op<p>-<r>",
                 "svc:team/**", "svc:team/web-1"},
    [NEVERS] = {"and as many never", "service.restart", "svc:team<p>/app<r>/**", "service.restart",
                "svc:team<p>/app<r>/web-1/**", "svc:team<p>/app<r>/web-1/x"},
};

/* The text with its numbers put in. */
static struct ambit_str laid_out(struct arena *arena, const char *format, size_t p, size_t r)
{
    char room[NAME_ROOM * 2] = {0};
    size_t len = 0;
    while (*format && len + NAME_ROOM < sizeof room) {
        if (*format != '<') {
            room[len++] = *format++;
            continue;
        }
        len += (size_t)snprintf(room + len, sizeof room - len, "%zu", format[1] == 'p' ? p : r);
        format += strlen("<p>");
    }
    return arena_copy(arena, (struct ambit_str){room, len});
}

/* A few names that nobody asks for, or in each rule's place one that is nearly asked for. */
static size_t never_of(struct arena *arena, enum shape shape, size_t p, size_t n_rules,
                       struct ambit_never **ret)
{
    size_t n = shape == NEVERS ? n_rules : 1;
    *ret = arena_array(arena, n, sizeof **ret);
    AMBIT_ASSERT(*ret != NULL);
    for (size_t r = 0; r < n; r++) {
        struct ambit_str resource = shape == NEVERS
                                        ? laid_out(arena, "svc:team<p>/app<r>/secret/**", p, r)
                                        : AMBIT_STR("db:prod/**");
        (*ret)[r] = (struct ambit_never){.id = text(arena, "never", r),
                                         .actions = strs(arena, AMBIT_STR("**"), NONE),
                                         .resources = strs(arena, resource, NONE)};
    }
    return n;
}

/* Rules of a shape, never rules and two hard stops, as in the language page. */
static struct ambit_policy policy_of(struct arena *arena, enum shape shape, size_t p,
                                     size_t n_rules)
{
    const struct layout *layout = &layouts[shape];
    struct ambit_rule *rules = arena_array(arena, n_rules, sizeof *rules);
    struct ambit_never *never = NULL;
    size_t n_never = never_of(arena, shape, p, n_rules, &never);
    struct ambit_hard_stop *stops = arena_array(arena, 2, sizeof *stops);
    struct ambit_limit *limit = arena_array(arena, 1, sizeof *limit);
    AMBIT_ASSERT(rules && never && stops && limit);
    *limit = (struct ambit_limit){
        .kind = AMBIT_LIMIT_COUNT, .max = 20, .within_s = 600, .by = AMBIT_BY_AGENT};
    for (size_t r = 0; r < n_rules; r++) {
        rules[r] = (struct ambit_rule){
            .id = text(arena, "rule", r),
            .actions =
                strs(arena, AMBIT_STR("service.read"), laid_out(arena, layout->action, p, r)),
            .resources = strs(arena, laid_out(arena, layout->resource, p, r), NONE),
            .ttl_max_s = 900,
            .ttl_default_s = 300,
            .limits = limit,
            .n_limits = 1,
        };
    }
    stops[0] = (struct ambit_hard_stop){.id = AMBIT_STR("probing"),
                                        .on = AMBIT_ON_DENIED,
                                        .by = AMBIT_BY_GRANT,
                                        .max = 3,
                                        .within_s = 60};
    stops[1] =
        (struct ambit_hard_stop){.id = AMBIT_STR("tripwire"),
                                 .on = AMBIT_ON_ATTEMPTED,
                                 .then = AMBIT_THEN_SUSPEND_AGENT,
                                 .by = AMBIT_BY_AGENT,
                                 .at_once = true,
                                 .resources = strs(arena, AMBIT_STR("secret:canary/**"), NONE)};
    return (struct ambit_policy){
        .doc = {.kind = AMBIT_KIND_POLICY, .name = text(arena, "policy", 100000 + p)},
        .tier = AMBIT_TIER_MEDIUM,
        .audiences = strs(arena, AMBIT_STR("https://a.example.gov"), NONE),
        .rules = rules,
        .n_rules = n_rules,
        .never = never,
        .n_never = n_never,
        .hard_stops = stops,
        .n_hard_stops = 2,
    };
}

struct size {
    size_t n_policies, n_rules, n_agents, listed, asking; /* how many of the agents ask, in turn */
    enum shape shape;
};

static struct ambit_agent agent_of(struct arena *arena, const struct ambit_policy *policies,
                                   struct size size, size_t a)
{
    struct ambit_str *names = arena_array(arena, size.listed, sizeof *names);
    AMBIT_ASSERT(names != NULL);
    for (size_t i = 0; i < size.listed; i++)
        names[i] = policies[(a + i) % size.n_policies].doc.name;
    return (struct ambit_agent){
        .doc = {.kind = AMBIT_KIND_AGENT, .name = text(arena, "agent", 100000 + a)},
        .owner = AMBIT_STR("dana"),
        .backup = AMBIT_STR("dana"),
        .policies = {.v = names, .n = size.listed},
    };
}

static struct ambit_policy_set *set_of(struct size size)
{
    struct ambit_documents_memory *memory = calloc(1, sizeof *memory);
    AMBIT_ASSERT(memory != NULL);
    arena_init(&memory->arena, NULL, 0, 0);
    struct arena *arena = &memory->arena;
    struct ambit_documents *documents = arena_alloc(arena, sizeof *documents);
    struct ambit_policy *policies = arena_array(arena, size.n_policies, sizeof *policies);
    struct ambit_agent *agents = arena_array(arena, size.n_agents, sizeof *agents);
    struct ambit_person *dana = arena_alloc(arena, sizeof *dana);
    struct ambit_service *service = arena_alloc(arena, sizeof *service);
    AMBIT_ASSERT(documents && policies && agents && dana && service);
    for (size_t i = 0; i < size.n_policies; i++)
        policies[i] = policy_of(arena, size.shape, i, size.n_rules);
    for (size_t i = 0; i < size.n_agents; i++)
        agents[i] = agent_of(arena, policies, size, i);
    *dana = (struct ambit_person){
        .doc = {.name = AMBIT_STR("dana")}, .team = AMBIT_STR("payments"), .is_active = true};
    *service = (struct ambit_service){.doc = {.name = AMBIT_STR("api")},
                                      .audiences = policies[0].audiences,
                                      .resources = strs(arena, AMBIT_STR("svc:**"), NONE)};
    *documents = (struct ambit_documents){.people = dana,
                                          .n_people = 1,
                                          .agents = agents,
                                          .n_agents = size.n_agents,
                                          .services = service,
                                          .n_services = 1,
                                          .policies = policies,
                                          .n_policies = size.n_policies,
                                          .memory = memory};
    struct ambit_policy_set *set = NULL;
    AMBIT_ASSERT(ambit_policy_compile(documents, &set) == AMBIT_OK);
    return set;
}

static enum ambit_err no_history(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    (void)ctx;
    (void)query;
    *ret = 0;
    return AMBIT_OK;
}

static int64_t now_ns(void)
{
    struct timespec t;
    AMBIT_ASSERT(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The questions of one set, made beforehand: which agent asks for what. */
struct asked {
    struct ambit_item item;
    struct ambit_given given;
    struct ambit_grant_question grant;
    struct ambit_grant_view row;
    struct ambit_action_question action;
};

static struct asked *questions_of(struct arena *arena, const struct ambit_policy_set *set,
                                  struct size size)
{
    const struct ambit_documents *documents = ambit_policy_documents(set);
    const struct layout *layout = &layouts[size.shape];
    struct asked *asked = arena_array(arena, ASKED, sizeof *asked);
    AMBIT_ASSERT(asked != NULL);
    uint64_t seed = 88172645463325252ULL;
    for (size_t i = 0; i < ASKED; i++) {
        struct asked *q = &asked[i];
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        size_t a = seed % size.asking, r = (seed >> 32) % size.n_rules;
        size_t p = (a + (seed >> 20) % size.listed) % size.n_policies;
        q->item = (struct ambit_item){laid_out(arena, layout->item_action, p, r),
                                      laid_out(arena, layout->item_resource, p, r)};
        q->grant = (struct ambit_grant_question){.now_ms = NOW_MS,
                                                 .agent = documents->agents[a].doc.name,
                                                 .items = &q->item,
                                                 .n_items = 1,
                                                 .audience = AMBIT_STR("https://a.example.gov")};
        q->given = (struct ambit_given){.action = q->item.action,
                                        .resource = q->item.resource,
                                        .policy = documents->policies[p].doc.name,
                                        .rule = documents->policies[p].rules[r].id};
        q->row = (struct ambit_grant_view){.agent = q->grant.agent,
                                           .owner = AMBIT_STR("dana"),
                                           .team = AMBIT_STR("payments"),
                                           .audience = q->grant.audience,
                                           .issued_ms = NOW_MS,
                                           .expires_ms = NOW_MS + 300000,
                                           .items = &q->given,
                                           .n_items = 1};
        q->action = (struct ambit_action_question){
            .now_ms = NOW_MS,
            .grant = &q->row,
            .service = AMBIT_STR("api"),
            .action = q->item.action,
            .resource = laid_out(arena, layout->done_resource, p, r)};
    }
    return asked;
}

static struct ambit_decision decision;

static double round_of(const struct ambit_policy_set *set, const struct asked *asked, bool is_grant)
{
    struct ambit_world world = {.figure = no_history};
    int64_t start = now_ns();
    for (size_t i = 0; i < ASKED; i++) {
        enum ambit_err err = is_grant
                                 ? ambit_decide_grant(set, &asked[i].grant, &world, &decision)
                                 : ambit_decide_action(set, &asked[i].action, &world, &decision);
        AMBIT_ASSERT(err == AMBIT_OK && decision.verdict == AMBIT_ALLOW);
    }
    return (double)(now_ns() - start) / ASKED;
}

struct figures {
    double grant, action;
    size_t allocations; /* while deciding, in all rounds */
};

static struct figures measure(struct size size)
{
    struct ambit_policy_set *set = set_of(size);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct asked *asked = questions_of(&arena, set, size);
    struct figures best = {.grant = 1e9, .action = 1e9};
    size_t before = n_allocations;
    for (int i = 0; i < ROUNDS; i++) {
        double grant = round_of(set, asked, true), action = round_of(set, asked, false);
        best.grant = grant < best.grant ? grant : best.grant;
        best.action = action < best.action ? action : best.action;
    }
    best.allocations = n_allocations - before;
    ambit_policy_set_free(set);
    return best;
}

static void print(const char *what, size_t n, struct figures f, struct figures first)
{
    printf("%6zu %-40s grant %6.0f ns (x%.2f)   action %6.0f ns (x%.2f)   allocations %zu\n", n,
           what, f.grant, f.grant / first.grant, f.action, f.action / first.action, f.allocations);
}

static void policies_that_grow(const char *what, bool all_ask)
{
    static const size_t policies[] = {10, 100, 1000, 10000};
    struct figures first = {0};
    for (size_t i = 0; i < AMBIT_LEN(policies); i++) {
        struct figures f = measure((struct size){.n_policies = policies[i],
                                                 .n_rules = 3,
                                                 .n_agents = policies[i],
                                                 .listed = 2,
                                                 .asking = all_ask ? policies[i] : 10});
        first = i ? first : f;
        print(what, policies[i], f, first);
    }
}

static void rules_that_grow(enum shape shape)
{
    static const struct {
        size_t policies, rules;
    } sizes[] = {{1, 10}, {1, 100}, {4, 250}, {32, 256}};
    struct figures first = {0};
    for (size_t i = 0; i < AMBIT_LEN(sizes); i++) {
        char what[NAME_ROOM * 2];
        snprintf(what, sizeof what, "rules of one agent%s%s:", *layouts[shape].name ? " " : "",
                 layouts[shape].name);
        struct figures f = measure((struct size){.n_policies = sizes[i].policies,
                                                 .n_rules = sizes[i].rules,
                                                 .n_agents = 1,
                                                 .listed = sizes[i].policies,
                                                 .asking = 1,
                                                 .shape = shape});
        first = i ? first : f;
        print(what, sizes[i].policies * sizes[i].rules, f, first);
    }
}

int main(void)
{
    policies_that_grow("policies, ten agents ask:", false);
    policies_that_grow("policies, every agent asks:", true);
    for (int shape = 0; shape < SHAPES; shape++)
        rules_that_grow((enum shape)shape);
    return 0;
}
