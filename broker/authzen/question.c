/* SPDX-License-Identifier: Apache-2.0 */
/* See question.h. */
#include "authzen/question.h"

#include "authzen/answer.h"
#include "base/encode.h"
#include "core/teach.h"
#include "core/word.h"
#include "crypto/digest.h"

enum { KEY_MAX = 256 };

static bool is_key(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] <= ' ' || text.p[i] > '~')
            return false;
    }
    return text.len > 0 && text.len <= KEY_MAX;
}

bool question_read_key(struct questioner *questioner, struct http_reply *reply)
{
    struct http_request *req = questioner->req;
    struct ambit_str key = http_header(req, "idempotency-key");
    if (!key.p || questioner->asker.by_agent)
        return true;
    if (!is_key(key)) {
        asker_reply_error(req, reply, 400,
                          "Idempotency-Key is 1 to 256 printable characters without blanks");
        return false;
    }
    const struct ambit_str parts[] = {ambit_str_of(req->route->path), AMBIT_STR("\n"), req->body};
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &questioner->repeat.body);
    questioner->repeat.is_asked = true;
    questioner->key = key;
    return true;
}

static struct ambit_str source_text(struct http_request *req)
{
    char text[ADDR_TEXT_MAX];
    if (!req->source.family)
        return (struct ambit_str){0};
    return arena_copy(&req->arena,
                      (struct ambit_str){.p = text, .len = addr_encode(&req->source, text)});
}

static void fill_asker(const struct questioner *questioner, const struct evaluation *asked,
                       struct action_command *command)
{
    struct http_request *req = questioner->req;
    command->by_agent = questioner->asker.by_agent;
    if (command->by_agent) { /* context and source are believed from services alone */
        command->base.source = source_text(req);
        command->question.source.family = req->source.family;
        memcpy(command->question.source.b, req->source.b, sizeof req->source.b);
        return;
    }
    command->base.source = asked->source_text;
    command->question.source = asked->source;
    command->question.service = questioner->asker.caller.name;
    command->question.context = asked->members;
    command->question.n_context = asked->n_members;
    command->context = asked->context;
}

static void fill_repeat(const struct questioner *questioner, size_t place,
                        struct action_command *command)
{
    uint8_t number[4];
    if (!questioner->repeat.is_asked)
        return;
    put_be32(number, (uint32_t)place);
    const struct ambit_str parts[] = {{.p = (const char *)number, .len = sizeof number},
                                      questioner->key};
    command->repeat = questioner->repeat;
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &command->repeat.key);
}

static bool is_looked_at(const struct question_proofs *proofs, const struct evaluation *asked)
{
    return proofs->n > 0 && ambit_str_eq(proofs->proof, asked->dpop.proof) &&
           ambit_str_eq(proofs->method, asked->dpop.method) &&
           ambit_str_eq(proofs->uri, asked->dpop.uri) &&
           ambit_str_eq(proofs->token, asked->subject_id);
}

static AMBIT_CHECKED enum ambit_err look_at_proof(const struct questioner *questioner,
                                                  const struct evaluation *asked,
                                                  struct proved_keys *proved)
{
    struct dpop_proof proof = {.refusal = DPOP_INVALID_PROOF};
    enum ambit_err err =
        proof_of_told(questioner->broker, questioner->documents, questioner->asker.caller.name,
                      &asked->dpop, asked->subject_id, &questioner->req->arena, &proof);
    proved->has_dpop = !err && proof.refusal == DPOP_FINE;
    proved->dpop = proof.key;
    return err;
}

/* AZN-15: what the service was shown with the token. A proof that is not good is no proof: the
 * decision says `binding_mismatch` where one is needed. */
static AMBIT_CHECKED enum ambit_err take_proofs(const struct questioner *questioner,
                                                const struct evaluation *asked,
                                                struct action_command *command)
{
    struct proved_keys *proved = &command->proved;
    struct question_proofs *proofs = questioner->proofs;
    enum ambit_err err = AMBIT_OK;
    if (asked->dpop.proof.p && !proofs) {
        err = look_at_proof(questioner, asked, proved);
    } else if (asked->dpop.proof.p && is_looked_at(proofs, asked)) {
        *proved = proofs->proved;
    } else if (asked->dpop.proof.p && proofs->n < QUESTION_PROOFS_MAX) {
        err = look_at_proof(questioner, asked, proved);
        *proofs = (struct question_proofs){.proof = asked->dpop.proof,
                                           .method = asked->dpop.method,
                                           .uri = asked->dpop.uri,
                                           .token = asked->subject_id,
                                           .proved = *proved,
                                           .n = proofs->n + 1};
    }
    proved->has_certificate = asked->has_certificate;
    proved->certificate = asked->certificate;
    return err;
}

static AMBIT_CHECKED enum ambit_err fill_subject(const struct questioner *questioner,
                                                 const struct evaluation *asked,
                                                 struct action_command *command)
{
    if (!ambit_str_is(asked->subject_type, "access_token")) {
        command->subject_type = asked->subject_type;
        command->subject_id = asked->subject_id;
        return AMBIT_OK;
    }
    enum ambit_err err = identity_token_read(asked->subject_id, &command->token);
    command->has_token = err == AMBIT_OK;
    if (err)
        return err == AMBIT_ERR_MALFORMED ? AMBIT_OK : err;
    if (!questioner->asker.by_agent)
        return take_proofs(questioner, asked, command);
    command->proved = questioner->asker.proved;
    return AMBIT_OK;
}

enum ambit_err question_fill(const struct questioner *questioner, const struct evaluation *asked,
                             size_t place, struct action_command *ret)
{
    struct http_request *req = questioner->req;
    command_init(&ret->base, questioner->broker, &questioner->asker.caller, questioner->documents);
    ret->base.txn = ambit_str_of(req->trace_id);
    ret->arena = &req->arena;
    ret->arguments_digest = asked->arguments_digest;
    ret->question = (struct ambit_action_question){.stated_reason = asked->stated_reason};
    asker_fill(&questioner->asker, &ret->base);
    fill_asker(questioner, asked, ret);
    fill_repeat(questioner, place, ret);

    enum ambit_err err = word_bounded(asked->action, &req->arena, &ret->question.action);
    if (!err)
        err = word_bounded(asked->resource, &req->arena, &ret->question.resource);
    return err ? err : fill_subject(questioner, asked, ret);
}

void question_answer(struct action_command *command, struct question_telling telling,
                     struct arena *arena, struct json_out *out)
{
    bool is_explained = telling.with_lesson && (!command->is_repeated || command->is_same_set);
    struct ambit_explanation *explanation =
        is_explained ? arena_alloc(arena, sizeof *explanation) : NULL;
    if (explanation && command->is_unsupported)
        evaluation_not_supported(&command->decided, explanation);
    else if (explanation && teach_action(command, arena, explanation) != AMBIT_OK)
        explanation = NULL; /* the decision stands without its lesson */
    struct evaluation_answer answer = {.id = command->is_repeated ? command->earlier
                                                                  : command->base.id,
                                       .decided = &command->decided,
                                       .explanation = explanation,
                                       .approval = command->approval,
                                       .for_agent = telling.for_agent,
                                       .receipt = telling.receipt};
    evaluation_answer_write(&answer, out);
}

const char *question_failure(const struct command *command, unsigned *ret_status)
{
    if (command->way_in_lost || command->err == AMBIT_ERR_REFUSED) {
        *ret_status = 401;
        return "the caller is not known or did not prove itself";
    }
    *ret_status = http_status_of(command->err);
    return command->err ? ambit_err_text(command->err) : NULL;
}
