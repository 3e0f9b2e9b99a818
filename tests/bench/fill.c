/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the record of a broker that is down: opens the whole broker on its state, without the wire,
 * and gives its writer grants as the wire would, so many at a time that a commit holds thousands.
 * Half are of `remediator`, half of the AGENTS agents `filler-N`; one grant in ACTS_EACH acts once,
 * one in REVOKES_EACH is given back. What stands in the store afterwards is what such requests
 * leave there. bench_fill STATE DOCUMENTS GRANTS AGENTS     Prints "middle ID" (a grant from the
 * middle, which acted) and SAMPLES lines "ID RND" of grants from all over: what their tokens would
 * begin with. */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "ambit/document.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/random.h"
#include "core/command.h"
#include "crypto/digest.h"

enum { WAVE = 3000, ACTS_EACH = 10, REVOKES_EACH = 100, SAMPLES = 1000, ARENA_BYTES = 6000 };

/* One request, first for a grant, then perhaps for an action with it, or for its end. */
struct slot {
    union {
        struct command base;
        struct grant_command grant;
        struct action_command action;
        struct revoke_command revoke;
    };
    char agent[32], txn[33], memory[ARENA_BYTES];
    struct ambit_item item;
    struct arena arena;
    struct identity_token token;
};

/* Many at once; the one is filled while the other is being written. */
struct wave {
    struct slot slots[WAVE];
    uint64_t first; /* number of its first grant */
    size_t n;
    enum phase { GRANTS, ACTIONS, REVOCATIONS } phase;
    atomic_size_t left;
    sem_t over;
};

struct fill {
    struct broker *broker;
    struct documents_ref *documents;
    uint64_t grants, agents, asked, told;
    struct wave waves[2];
};

static void need(enum ambit_err err, const char *what)
{
    if (err == AMBIT_OK)
        return;
    (void)fprintf(stderr, "bench_fill: %s: %s\n", what, ambit_err_text(err));
    exit(1);
}

/* ---- requests ---- */

static void is_done(void *ctx)
{
    struct wave *wave = ctx;
    if (atomic_fetch_sub(&wave->left, 1) == 1)
        (void)sem_post(&wave->over);
}

static void begin(struct fill *fill, struct wave *wave, struct slot *slot,
                  const struct caller *caller)
{
    uint8_t trace[16];
    arena_init(&slot->arena, slot->memory, sizeof slot->memory, 0);
    command_init(&slot->base, fill->broker, caller, fill->documents);
    random_bytes(trace, sizeof trace);
    hex_encode(trace, sizeof trace, slot->txn);
    slot->base.txn = (struct ambit_str){slot->txn, 32};
    slot->base.source = AMBIT_STR("127.0.0.1");
    slot->base.done = is_done;
    slot->base.done_ctx = wave;
}

static void ask_grant(struct fill *fill, struct wave *wave, struct slot *slot, uint64_t n)
{
    bool is_other = n * UINT64_C(0x9e3779b97f4a7c15) >> 63; /* in no order that a sample has too */
    int len = is_other ? snprintf(slot->agent, sizeof slot->agent, "filler-%u",
                                  (unsigned)(n / 2 % fill->agents))
                       : snprintf(slot->agent, sizeof slot->agent, "remediator");
    const struct caller caller = {.kind = CALLER_AGENT,
                                  .name = {slot->agent, (size_t)len},
                                  .method = AMBIT_METHOD_CLIENT_SECRET_BASIC};
    slot->grant = (struct grant_command){.arena = &slot->arena};
    begin(fill, wave, slot, &caller);
    slot->item =
        (struct ambit_item){.action = AMBIT_STR("ticket.read"), .resource = AMBIT_STR("ticket:42")};
    slot->grant.question = (struct ambit_grant_question){
        .agent = caller.name,
        .items = &slot->item,
        .n_items = 1,
        .source = {.family = 4, .b = {127, 0, 0, 1}},
    };
    random_bytes(slot->token.rnd, sizeof slot->token.rnd);
    crypto_sha256(slot->token.rnd, sizeof slot->token.rnd, &slot->grant.token);
    grant_command_init(&slot->grant);
    slot->token.jti = slot->grant.grant;
    need(grant_submit(&slot->grant), "a grant cannot be asked for");
}

static void ask_action(struct fill *fill, struct wave *wave, struct slot *slot)
{
    const struct caller caller = {.kind = CALLER_SERVICE,
                                  .name = AMBIT_STR("payments-api"),
                                  .method = AMBIT_METHOD_CLIENT_SECRET_BASIC};
    slot->action =
        (struct action_command){.arena = &slot->arena, .has_token = true, .token = slot->token};
    begin(fill, wave, slot, &caller);
    slot->action.question = (struct ambit_action_question){
        .service = caller.name,
        .action = AMBIT_STR("ticket.read"),
        .resource = AMBIT_STR("ticket:42"),
        .source = {.family = 4, .b = {127, 0, 0, 1}},
    };
    need(action_submit(&slot->action), "an action cannot be asked about");
}

static void ask_revocation(struct fill *fill, struct wave *wave, struct slot *slot)
{
    const struct caller caller = {.kind = CALLER_AGENT,
                                  .name = ambit_str_of(slot->agent),
                                  .method = AMBIT_METHOD_CLIENT_SECRET_BASIC};
    slot->revoke = (struct revoke_command){.has_token = true, .token = slot->token};
    begin(fill, wave, slot, &caller);
    need(revoke_submit(&slot->revoke), "a grant cannot be given back");
}

static void end(struct slot *slot, enum phase phase)
{
    need(slot->base.err, "was not decided");
    const struct decided *decided = phase == GRANTS ? &slot->grant.decided : &slot->action.decided;
    if (phase == REVOCATIONS ? slot->revoke.foreign : decided->verdict != AMBIT_ALLOW) {
        (void)fprintf(stderr, "bench_fill: refused\n");
        exit(1);
    }
    command_release(&slot->base);
    arena_done(&slot->arena);
}

/* ---- waves ---- */

/* Which of the grants of a wave a phase is about: every so many, from there on. */
static const struct {
    size_t first, each;
} turns[] = {[GRANTS] = {0, 1}, [ACTIONS] = {0, ACTS_EACH}, [REVOCATIONS] = {5, REVOKES_EACH}};
_Static_assert(WAVE % REVOKES_EACH == 0 && REVOKES_EACH % ACTS_EACH == 0, "the same in every wave");

static void await(struct wave *wave)
{
    while (sem_wait(&wave->over) != 0)
        ;
}

static void put_id(struct ambit_id id)
{
    char text[ID_TEXT_LEN];
    id_encode(id, text);
    printf("%.*s", (int)sizeof text, text);
}

/* The first of every so many is told of, and the first that acted behind the middle. */
static void tell(struct fill *fill, const struct slot *slot, uint64_t n)
{
    struct ambit_id rnd;
    if (n == fill->grants / 2 / ACTS_EACH * ACTS_EACH) {
        printf("middle ");
        put_id(slot->token.jti);
        printf("\n");
    }
    if (n * SAMPLES / fill->grants < fill->told || n % REVOKES_EACH == turns[REVOCATIONS].first)
        return;
    fill->told = n * SAMPLES / fill->grants + 1;
    memcpy(rnd.b, slot->token.rnd, sizeof rnd.b);
    put_id(slot->token.jti);
    printf(" ");
    put_id(rnd);
    printf("\n");
}

static void begin_phase(struct fill *fill, struct wave *wave)
{
    size_t first = turns[wave->phase].first, each = turns[wave->phase].each;
    atomic_store(&wave->left, wave->n > first ? (wave->n - first + each - 1) / each : 0);
    for (size_t i = first; i < wave->n; i += each) {
        if (wave->phase == GRANTS)
            ask_grant(fill, wave, &wave->slots[i], wave->first + i);
        else if (wave->phase == ACTIONS)
            ask_action(fill, wave, &wave->slots[i]);
        else
            ask_revocation(fill, wave, &wave->slots[i]);
    }
}

static void end_phase(struct fill *fill, struct wave *wave)
{
    if (wave->n > turns[wave->phase].first)
        await(wave);
    for (size_t i = turns[wave->phase].first; i < wave->n; i += turns[wave->phase].each) {
        end(&wave->slots[i], wave->phase);
        if (wave->phase == GRANTS)
            tell(fill, &wave->slots[i], wave->first + i);
    }
}

/* Its requests are over; the next ones are put in the queue. False: there is nothing left of it. */
static bool step(struct fill *fill, struct wave *wave)
{
    end_phase(fill, wave);
    if (wave->phase != REVOCATIONS) {
        wave->phase++;
    } else {
        uint64_t left = fill->grants - fill->asked;
        wave->phase = GRANTS;
        wave->first = fill->asked;
        wave->n = left < WAVE ? (size_t)left : WAVE;
        fill->asked += wave->n;
    }
    begin_phase(fill, wave);
    return wave->n > 0;
}

static void open_broker(struct fill *fill, const char *state, const char *documents)
{
    struct ambit_problems problems = {0};
    BUF_AUTO said = {0};
    const struct broker_options options = {
        .issuer = AMBIT_STR("http://127.0.0.1:1"),
        .state_folder = state,
        .documents_folder = documents,
        .limits = {.queue = 4 * WAVE,
                   .agent_per_s = 1,
                   .agent_burst = 1,
                   .service_per_s = 1,
                   .service_burst = 1,
                   .person_per_s = 1,
                   .person_burst = 1}, /* of the wire, which is not here */
        .wall_ms = clock_wall_ms,
        .boot_ms = clock_boot_ms,
    };
    enum ambit_err err = broker_open(&options, &problems, &fill->broker, &said);
    if (err != AMBIT_OK)
        (void)fprintf(stderr, "%.*s\n", AMBIT_STR_ARG(buf_str(&said)));
    need(err, "the broker does not open");
    ambit_problems_done(&problems);
    fill->documents = broker_documents_acquire(fill->broker);
}

int main(int argc, char **argv)
{
    struct fill *fill = calloc(1, sizeof *fill);
    if (argc != 5 || fill == NULL || parse_u64(ambit_str_of(argv[3]), &fill->grants) != AMBIT_OK ||
        parse_u64(ambit_str_of(argv[4]), &fill->agents) != AMBIT_OK || fill->agents == 0)
        return 2;
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < AMBIT_LEN(fill->waves); i++)
        if (sem_init(&fill->waves[i].over, 0, 0) != 0)
            return 1;
    fill->waves[0].phase = fill->waves[1].phase = REVOCATIONS; /* of none */
    open_broker(fill, argv[1], argv[2]);
    bool goes_on = true;
    while (goes_on) {
        bool first = step(fill, &fill->waves[0]);
        goes_on = step(fill, &fill->waves[1]) || first;
    }
    broker_documents_release(fill->documents);
    broker_close(fill->broker);
    free(fill);
    return 0;
}
