/* SPDX-License-Identifier: Apache-2.0 */
/* Searches (AZN-11, AZN-12): every name that could be the answer is asked about in thought, by the
 * very decision of an evaluation, so that they agree by construction. */
#include "authzen/search.h"

#include "authzen/names.h"
#include "authzen/question.h"
#include "authzen/search_body.h"
#include "base/json_write.h"
#include "core/dry.h"

/* Names that one page looks at, at most, and how many of them cost one request. */
enum { LOOKED_AT_MAX = 2048, LOOKED_AT_FOR_ONE = 16 };

struct search {
    struct questioner questioner;
    enum evaluation_sought sought;
    struct search_body body;
    struct action_command command;
    struct dry dry;
    struct names names;
    struct ambit_str prefix; /* of agents, that the ids of subjects lack */
};

static enum http_next refuse(struct http_request *req, struct http_reply *reply, enum ambit_err err)
{
    asker_reply_error(req, reply, http_status_of(err), ambit_err_text(err));
    return HTTP_DONE;
}

/* ---- what is looked through ---- */

static bool is_nameable(struct search *search)
{
    const struct ambit_service *service = ambit_service_find(
        search->questioner.documents->documents, search->questioner.asker.caller.name);
    for (size_t i = 0; service && i < service->n_subjects; i++) {
        if (ambit_str_eq(service->subjects[i].name, search->body.asked.subject_type)) {
            search->prefix = service->subjects[i].value.text;
            return true;
        }
    }
    return false;
}

static AMBIT_CHECKED enum ambit_err find_names(struct search *search)
{
    const struct ambit_documents *documents = search->questioner.documents->documents;
    if (search->sought == SOUGHT_SUBJECT)
        return is_nameable(search) ? names_agents(documents, search->prefix, &search->names)
                                   : AMBIT_OK;
    enum ambit_err err = dry_subject(&search->dry, &search->command);
    struct ambit_str agent = dry_agent(&search->command);
    if (err || !agent.p)
        return err;
    return search->sought == SOUGHT_ACTION
               ? names_actions(documents, agent, &search->names)
               : names_resources(documents, agent, search->body.asked.resource_type,
                                 &search->names);
}

static AMBIT_CHECKED enum ambit_err is_answer(struct search *search, struct ambit_str name,
                                              bool *ret)
{
    struct action_command *command = &search->command;
    enum ambit_err err = AMBIT_OK;
    switch (search->sought) {
    case SOUGHT_SUBJECT:
        command->subject_id = (struct ambit_str){.p = name.p + search->prefix.len,
                                                 .len = name.len - search->prefix.len};
        err = dry_subject(&search->dry, command);
        break;
    case SOUGHT_RESOURCE:
        command->question.resource = name;
        break;
    case SOUGHT_ACTION:
        command->question.action = name;
        break;
    case SOUGHT_NOTHING:
        break;
    }
    return err ? err : dry_allows(&search->dry, command, ret);
}

/* ---- the answer ---- */

static void write_result(const struct search *search, struct ambit_str name, struct json_out *out)
{
    const struct evaluation *asked = &search->body.asked;
    bool is_action = search->sought == SOUGHT_ACTION, is_subject = search->sought == SOUGHT_SUBJECT;
    size_t cut = is_subject ? search->prefix.len : asked->resource_type.len + 1;
    json_begin_object(out);
    if (is_action) {
        json_member_str(out, "name", name);
    } else {
        json_member_str(out, "type", is_subject ? asked->subject_type : asked->resource_type);
        json_member_str(out, "id", (struct ambit_str){.p = name.p + cut, .len = name.len - cut});
    }
    json_end_object(out);
}

static AMBIT_CHECKED enum ambit_err write_page(struct search *search, size_t count, size_t next,
                                               struct json_out *out)
{
    struct ambit_str token = AMBIT_STR("");
    if (next > 0 && next < search->names.n)
        token =
            search_token(&search->body, search->names.v[next - 1], &search->questioner.req->arena);
    json_key(out, "page");
    json_begin_object(out);
    json_member_str(out, "next_token", token);
    json_key(out, "count");
    json_i64(out, (int64_t)count);
    json_end_object(out);
    return token.p ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err look_through(struct search *search, size_t first, size_t last,
                                                 struct json_out *out)
{
    size_t i = first, count = 0;
    json_begin_object(out);
    json_key(out, "results");
    json_begin_array(out);
    for (; i < last && count < search->body.limit; i++) {
        bool is_one = false;
        enum ambit_err err = is_answer(search, search->names.v[i], &is_one);
        if (err)
            return err;
        if (is_one)
            write_result(search, search->names.v[i], out);
        count += is_one;
    }
    json_end_array(out);
    enum ambit_err err = write_page(search, count, i, out);
    json_end_object(out);
    return err;
}

static enum http_next answer(struct search *search, struct http_reply *reply)
{
    struct http_request *req = search->questioner.req;
    struct json_out out;
    enum ambit_err err = find_names(search);
    if (err)
        return refuse(req, reply, err);
    size_t first = names_behind(&search->names, search->body.after), last = search->names.n;
    if (last - first > LOOKED_AT_MAX)
        last = first + LOOKED_AT_MAX;
    if (!asker_take(search->questioner.broker, &search->questioner.asker,
                    (last - first) / LOOKED_AT_FOR_ONE, req, reply))
        return HTTP_DONE;

    json_out_init(&out, &reply->body, false);
    err = look_through(search, first, last, &out);
    if (err) {
        buf_reset(&reply->body);
        return refuse(req, reply, err);
    }
    reply->no_store = true;
    http_reply_json(reply, 200);
    req->log.verdict = "searched";
    return HTTP_DONE;
}

/* ---- the question ---- */

static bool decode(struct search *search, struct http_reply *reply)
{
    struct questioner *questioner = &search->questioner;
    struct http_request *req = questioner->req;
    const char *what = NULL;
    enum ambit_err err =
        search_body_read(req->body, search->sought, &req->arena, &search->body, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        asker_reply_error(req, reply, 400, what);
        return false;
    }
    if (!err)
        err = question_fill(questioner, &search->body.asked, 0, &search->command);
    if (err)
        (void)refuse(req, reply, err);
    return !err;
}

/* What the asker proved itself with counts once, here too. */
static bool use_once(struct search *search, struct http_reply *reply)
{
    const struct questioner *questioner = &search->questioner;
    const struct asker *asker = &questioner->asker;
    struct once_command once;
    unsigned status = 0;
    if (!asker->has_once && !asker->caller.has_once)
        return true;
    command_init(&once.base, questioner->broker, &asker->caller, questioner->documents);
    asker_fill(asker, &once.base);
    (void)!once_call(&once);
    bool is_used = asker_was_replayed(&once.base, questioner->req, reply);
    const char *failure = is_used ? NULL : question_failure(&once.base, &status);
    command_release(&once.base);
    if (failure)
        asker_reply_error(questioner->req, reply, status, failure);
    return !is_used && !failure;
}

static enum http_next run(struct search *search, struct http_reply *reply)
{
    struct questioner *questioner = &search->questioner;
    struct http_request *req = questioner->req;
    if (!asker_identify_service(questioner->broker, questioner->documents, req, reply,
                                &questioner->asker) ||
        !decode(search, reply) || !use_once(search, reply))
        return HTTP_DONE;
    enum ambit_err err = dry_open(questioner->broker, questioner->documents, &search->dry);
    if (err)
        return refuse(req, reply, err);
    enum http_next next = answer(search, reply);
    dry_close(&search->dry);
    names_done(&search->names);
    return next;
}

static enum http_next search_begin(void *app, struct http_request *req, struct http_reply *reply,
                                   enum evaluation_sought sought)
{
    struct search *search = arena_alloc(&req->arena, sizeof *search);
    if (!search)
        return refuse(req, reply, AMBIT_ERR_NO_MEMORY);
    search->sought = sought;
    search->questioner =
        (struct questioner){.broker = app, .documents = broker_documents_acquire(app), .req = req};
    enum http_next next = run(search, reply);
    broker_documents_release(search->questioner.documents);
    return next;
}

enum http_next search_subject_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    return search_begin(app, req, reply, SOUGHT_SUBJECT);
}

enum http_next search_resource_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    return search_begin(app, req, reply, SOUGHT_RESOURCE);
}

enum http_next search_action_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    return search_begin(app, req, reply, SOUGHT_ACTION);
}
