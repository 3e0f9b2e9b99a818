/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the core: grants, actions, introspection. */
#include "stage.h"

#include "base/addr.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/random.h"
#include "ledger/context.h"
#include "crypto/digest.h"

static void is_done(void *sem)
{
    assert_int_equal(sem_post(sem), 0);
}

static void await(sem_t *sem)
{
    while (sem_wait(sem) != 0) {
    }
}

/* Everybody's way in: the digest that stands in the documents. */
struct caller stage_caller(enum caller_kind kind, const char *name)
{
    static const char *const people[] = {"dana", "sam", "lee", "kim", "oli", "ann"};
    struct caller caller = {
        .kind = kind, .name = ambit_str_of(name), .method = AMBIT_METHOD_CLIENT_SECRET_BASIC};
    caller.credential.b[31] = 0xaa;
    if (kind != CALLER_PERSON)
        return caller;
    caller.method = AMBIT_METHOD_TOKEN;
    caller.credential.b[31] = 0xff;
    for (size_t i = 0; i < AMBIT_LEN(people); i++)
        if (streq(people[i], name))
            caller.credential.b[31] = (uint8_t)(i + 1);
    return caller;
}

static struct ambit_str text_or_absent(const char *text)
{
    return text ? ambit_str_of(text) : (struct ambit_str){0};
}

static struct ambit_addr_view address(const char *text)
{
    struct ambit_addr_view view = {0};
    struct addr addr;
    if (!text)
        return view;
    assert_int_equal(addr_decode(ambit_str_of(text), &addr), AMBIT_OK);
    view.family = addr.family;
    memcpy(view.b, addr.b, sizeof view.b);
    return view;
}

static void copy_text(char *dst, size_t size, struct ambit_str text)
{
    size_t len = text.len < size ? text.len : size - 1;
    if (len)
        memcpy(dst, text.p, len);
    dst[len] = '\0';
}

static void fill_answer(struct answer *answer, const struct command *base,
                        const struct decided *decided)
{
    answer->err = base->err;
    answer->id = base->id;
    answer->seq = base->seq;
    answer->now_ms = base->now_ms;
    answer->way_in_lost = base->way_in_lost;
    if (base->err || base->way_in_lost)
        return;
    answer->verdict = decided->verdict;
    answer->reason = decided->reason;
    answer->replaces = decided->replaces;
    answer->n_trips = decided->n_trips;
    copy_text(answer->policy, sizeof answer->policy, decided->policy);
    copy_text(answer->rule, sizeof answer->rule, decided->rule);
    if (decided->n_trips)
        copy_text(answer->trip, sizeof answer->trip, decided->trips[0]);
}

/* ---- grants ---- */

void stage_submit(struct stage *stage, const struct ask *ask, struct held_ask *held)
{
    struct caller caller = stage_caller(CALLER_AGENT, ask->agent);
    struct grant_command *command = &held->command;
    *held = (struct held_ask){
        .item = {.action = ambit_str_of(ask->action), .resource = text_or_absent(ask->resource)}};
    assert_int_equal(sem_init(&held->done, 0, 0), 0);
    if (ask->once) {
        caller.has_once = true;
        caller.once.b[0] = ask->once;
        caller.once_until_ms = stage_wall_ms + 60000;
    }
    held->ref = broker_documents_acquire(stage->broker);
    command_init(&command->base, stage->broker, &caller, held->ref);
    command->base.done = is_done;
    command->base.done_ctx = &held->done;
    command->base.source = text_or_absent(ask->source);
    command->arena = &held->arena;
    command->question = (struct ambit_grant_question){
        .agent = ambit_str_of(ask->agent),
        .items = &held->item,
        .n_items = 1,
        .audience = text_or_absent(ask->audience),
        .purpose = text_or_absent(ask->purpose),
        .has_lifetime = ask->lifetime_s != 0,
        .lifetime_s = ask->lifetime_s,
        .source = address(ask->source),
    };
    random_bytes(held->rnd, sizeof held->rnd);
    crypto_sha256(held->rnd, sizeof held->rnd, &command->token);
    grant_command_init(command);
    if (ask->parent) {
        held->parent_token.jti = command->parent = ask->parent->grant;
        memcpy(held->parent_token.rnd, ask->parent->rnd, sizeof ask->parent->rnd);
        command->parent_token = &held->parent_token;
    }
    if (ask->key) {
        command->question.binding = ask->by_certificate ? AMBIT_BINDING_MTLS : AMBIT_BINDING_DPOP;
        command->question.binding_key.b[0] = ask->key;
    }
    if (ask->by_certificate) {
        command->binds_if_asked = true;
        command->base.caller.has_certificate = true;
        command->base.caller.certificate.b[0] = ask->key;
    }
    if (ask->proof) {
        struct once_value proof = {.until_ms = stage_wall_ms + 60000, .is_proof = true};
        proof.digest.b[0] = proof.digest.b[31] = ask->proof;
        command_add_once(&command->base, &proof);
    }
    command->approval_wanted = ask->approval;
    held->submit_err = grant_submit(command);
}

struct answer stage_await(struct held_ask *held)
{
    struct answer answer = {.err = held->submit_err};
    if (!held->submit_err) {
        await(&held->done);
        fill_answer(&answer, &held->command.base, &held->command.decided);
        answer.grant = held->command.grant;
        answer.approval = held->command.approval;
        answer.expires_ms = held->command.row.expires_ms;
        memcpy(answer.rnd, held->rnd, sizeof answer.rnd);
    }
    command_release(&held->command.base);
    broker_documents_release(held->ref);
    arena_done(&held->arena);
    assert_int_equal(sem_destroy(&held->done), 0);
    return answer;
}

struct answer stage_ask(struct stage *stage, const struct ask *ask)
{
    struct held_ask held;
    stage_submit(stage, ask, &held);
    return stage_await(&held);
}

struct answer stage_grant(struct stage *stage, const char *agent, const char *action,
                          const char *resource)
{
    struct ask ask = {.agent = agent, .action = action, .resource = resource};
    struct answer answer = stage_ask(stage, &ask);
    if (answer.err || answer.verdict != AMBIT_ALLOW)
        fail_msg("%s %s %s is not given: %s, %s", agent, action, resource,
                 ambit_err_text(answer.err), ambit_reason_text(answer.reason));
    return answer;
}

/* ---- actions ---- */

static void fill_context(struct held_act *held, const char *text)
{
    struct action_command *command = &held->command;
    struct json_problem problem;
    struct ambit_str json = arena_copy(&held->arena, ambit_str_of(text));
    char *quoted = arena_alloc(&held->arena, json.len);
    for (size_t i = 0; i < json.len; i++)
        quoted[i] = text[i] == '\'' ? '"' : text[i];
    json.p = quoted;
    assert_int_equal(
        json_read(json, (struct json_limits){0}, &held->arena, &command->context, &problem),
        AMBIT_OK);
    assert_int_equal(context_members(command->context, &held->arena, &command->question.context,
                                     &command->question.n_context),
                     AMBIT_OK);
}

void stage_submit_act(struct stage *stage, const struct answer *token, const struct act *act,
                      struct held_act *held)
{
    const char *service = act->service ? act->service : "api";
    struct caller caller = act->by_agent ? stage_caller(CALLER_AGENT, act->agent)
                                         : stage_caller(CALLER_SERVICE, service);
    struct action_command *command = &held->command;
    *held = (struct held_act){.submit_err = AMBIT_OK};
    assert_int_equal(sem_init(&held->done, 0, 0), 0);
    if (act->by_agent)
        caller.method = AMBIT_METHOD_TOKEN;
    held->ref = broker_documents_acquire(stage->broker);
    command_init(&command->base, stage->broker, &caller, held->ref);
    command->base.done = is_done;
    command->base.done_ctx = &held->done;
    command->base.source = text_or_absent(act->source);
    command->arena = &held->arena;
    command->by_agent = act->by_agent;
    command->has_token = token != NULL;
    if (token) {
        command->token.jti = token->grant;
        memcpy(command->token.rnd, token->rnd, sizeof token->rnd);
    }
    command->question = (struct ambit_action_question){
        .service = act->by_agent ? (struct ambit_str){0} : ambit_str_of(service),
        .action = ambit_str_of(act->action),
        .resource = ambit_str_of(act->resource),
        .source = address(act->source),
        .stated_reason = text_or_absent(act->stated_reason),
    };
    if (act->context)
        fill_context(held, act->context);
    held->submit_err = action_submit(command);
}

struct answer stage_await_act(struct held_act *held)
{
    struct answer answer = {.err = held->submit_err};
    if (!held->submit_err) {
        await(&held->done);
        fill_answer(&answer, &held->command.base, &held->command.decided);
        answer.approval = held->command.approval;
    }
    command_release(&held->command.base);
    broker_documents_release(held->ref);
    arena_done(&held->arena);
    assert_int_equal(sem_destroy(&held->done), 0);
    return answer;
}

struct answer stage_act(struct stage *stage, const struct answer *token, const struct act *act)
{
    struct held_act held;
    stage_submit_act(stage, token, act, &held);
    return stage_await_act(&held);
}

struct answer stage_do(struct stage *stage, const struct answer *token, const char *action,
                       const char *resource)
{
    struct act act = {.action = action, .resource = resource};
    return stage_act(stage, token, &act);
}

/* ---- introspection ---- */

struct seen stage_look(struct stage *stage, const struct answer *token)
{
    ARENA_AUTO arena = {0};
    struct introspection found;
    struct identity_token presented = {.jti = token->grant};
    struct caller caller = stage_caller(CALLER_SERVICE, "api");
    struct documents_ref *ref = broker_documents_acquire(stage->broker);
    memcpy(presented.rnd, token->rnd, sizeof presented.rnd);
    enum ambit_err err = query_introspect(stage->broker, ref, &presented, &caller,
                                          broker_now_ms(stage->broker), &arena, &found);
    broker_documents_release(ref);
    return (struct seen){.err = err,
                         .is_active = found.is_active,
                         .live_items = found.live_items,
                         .ask_items = found.ask_items};
}

bool stage_is_active(struct stage *stage, const struct answer *token)
{
    struct seen seen = stage_look(stage, token);
    assert_int_equal(seen.err, AMBIT_OK);
    return seen.is_active;
}
