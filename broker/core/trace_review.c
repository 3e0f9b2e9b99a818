/* SPDX-License-Identifier: Apache-2.0 */
/* Behind a policy and an agent stand people: who wrote a version and with which tool, who accepted
 * and reviewed it, who confirmed it, when, by word or by signature; and whether the owner of an
 * agent stood by it. */
#include "core/trace.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"

enum { CONFIRMATIONS_MAX = 32 };

static struct ambit_str digest_text(struct story *story, const struct ambit_digest *digest)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_text(&text, "sha256:");
    buf_put_hex(&text, digest->b, sizeof digest->b);
    return buf_check(&text) == AMBIT_OK ? arena_copy(&story->arena, buf_str(&text))
                                        : (struct ambit_str){0};
}

static void write_erased(struct json_out *out, bool is_erased, const char *name)
{
    if (!is_erased)
        return;
    json_key(out, "erased");
    json_begin_array(out);
    json_text(out, name);
    json_end_array(out);
}

/* {"person","at","seq","how":"word"|"signature","words","removal","file"} */
static AMBIT_CHECKED enum ambit_err write_confirmation(struct story *story,
                                                       const struct event *event,
                                                       struct json_out *out)
{
    const struct json_value *detail = NULL;
    struct json_problem problem;
    bool is_signed = ambit_str_is(event->by, "signature");
    if (event->detail.p != NULL && json_read(event->detail, (struct json_limits){0}, &story->arena,
                                             &detail, &problem) != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    json_begin_object(out);
    json_member_str(out, "person", event->person);
    json_key(out, "at");
    json_time_ms(out, event->time_ms);
    json_key(out, "seq");
    json_i64(out, (int64_t)event->seq);
    json_member_text(out, "how", is_signed ? "signature" : "word");
    json_member_str(out, "words", event->words);
    write_erased(out, event->erased & EVENT_ERASED_WORDS, "words");
    json_member_str(out, "file", json_get_str(detail, "file"));
    if (event->is_removal) {
        json_key(out, "removal");
        json_bool(out, true);
    }
    json_end_object(out);
    return buf_check(out->buf);
}

/* In order of time. */
static AMBIT_CHECKED enum ambit_err write_confirmations(struct story *story,
                                                        const struct ambit_digest *digest,
                                                        struct json_out *out)
{
    uint64_t seqs[CONFIRMATIONS_MAX];
    size_t n = 0;
    struct story_query query = {
        .tag = INDEX_CONFIRMED, .value = digest_text(story, digest), .max = CONFIRMATIONS_MAX};
    enum ambit_err err = story_find(story, &query, seqs, &n);
    json_key(out, "confirmations");
    json_begin_array(out);
    while (err == AMBIT_OK && n-- > 0) {
        struct story_event *at = NULL;
        err = story_look(story, seqs[n], &at);
        if (err == AMBIT_OK && at != NULL)
            err = write_confirmation(story, &at->event, out);
    }
    json_end_array(out);
    return err;
}

/* ---- policies ------------------------------------------------------------------------------ */

static bool is_in_force(const struct story *story, const struct trace_policy *policy)
{
    struct documents_ref *documents = broker_documents_acquire(story->broker);
    const struct ambit_policy *now = ambit_policy_find(documents->documents, policy->policy);
    bool is_it = now != NULL && ambit_digest_eq(now->doc.digest, policy->digest);
    broker_documents_release(documents);
    return is_it;
}

static AMBIT_CHECKED enum ambit_err write_activation(struct story *story,
                                                     const struct trace_policy *policy,
                                                     struct json_out *out)
{
    size_t at = SIZE_MAX;
    const struct event *event = NULL;
    enum ambit_err err =
        trace_activation_of(story, trace_activation_at(story, policy->first), &policy->digest, &at);
    if (err == AMBIT_OK)
        err = trace_activation_event(story, at, &event);
    if (err != AMBIT_OK || event == NULL)
        return err;
    json_key(out, "activated_at");
    json_time_ms(out, event->time_ms);
    json_member_str(out, "activated_by", event->person.p ? event->person : AMBIT_STR("broker"));
    json_key(out, "activated_seq");
    json_i64(out, (int64_t)event->seq);
    json_key(out, "documents");
    json_digest(out, event->documents);
    return AMBIT_OK;
}

enum ambit_err trace_write_policy(struct story *story, const struct trace_policy *policy,
                                  struct json_out *out)
{
    const struct json_value *document = NULL;
    enum ambit_err err = trace_document(story, &policy->digest, &document);
    if (err != AMBIT_OK)
        return err;
    json_begin_object(out);
    json_member_str(out, "policy", policy->policy);
    json_key(out, "digest");
    json_digest(out, policy->digest);
    err = write_activation(story, policy, out);
    json_key(out, "in_force");
    json_bool(out, is_in_force(story, policy));
    json_member_str(out, "owner", json_get_str(document, "owner"));
    json_member_str(out, "tier", json_get_str(document, "tier"));
    const struct json_value *review = json_get(document, "review");
    if (review != NULL) {
        json_key(out, "review");
        json_write_value(out, review);
    }
    if (err == AMBIT_OK)
        err = write_confirmations(story, &policy->digest, out);
    json_end_object(out);
    return err;
}

/* ---- agents -------------------------------------------------------------------------------- */

/* Its document as it was then. */
static AMBIT_CHECKED enum ambit_err agent_digest(struct story *story,
                                                 const struct trace_agent *agent,
                                                 struct ambit_digest *ret, bool *ret_has)
{
    const struct event *event = agent->judged != NULL ? agent->judged : agent->first;
    size_t at = trace_activation_at(story, event);
    enum ambit_err err = trace_activation_names(story, at, "agents", agent->agent, ret, ret_has);
    if (err != AMBIT_OK || *ret_has)
        return err;
    struct documents_ref *documents = broker_documents_acquire(story->broker);
    const struct ambit_agent *now = ambit_agent_find(documents->documents, agent->agent);
    *ret_has = now != NULL && ambit_digest_eq(documents->documents->digest, event->documents);
    if (*ret_has)
        *ret = now->doc.digest;
    broker_documents_release(documents);
    return AMBIT_OK;
}

static void write_owner(const struct story *story, const struct trace_agent *agent,
                        struct json_out *out)
{
    struct documents_ref *documents = broker_documents_acquire(story->broker);
    const struct ambit_person *owner = ambit_person_find(documents->documents, agent->owner);
    json_member_str(out, "agent", agent->agent);
    json_member_str(out, "owner", agent->owner);
    if (owner != NULL) {
        json_member_str(out, "name", owner->name);
        json_member_str(out, "team", owner->team);
    }
    broker_documents_release(documents);
}

static void write_attested(const struct event *judged, struct json_out *out)
{
    if (judged == NULL)
        return;
    json_key(out, "attested_until");
    if (judged->attested_until_ms == EVENT_ATTESTED_NEVER)
        json_text(out, "never");
    else
        json_time_ms(out, judged->attested_until_ms);
    if (judged->is_unattested) {
        json_key(out, "unattested");
        json_bool(out, true);
    }
}

enum ambit_err trace_write_agent(struct story *story, const struct trace_agent *agent,
                                 struct json_out *out)
{
    struct ambit_digest digest;
    const struct json_value *document = NULL;
    bool has = false;
    enum ambit_err err = agent_digest(story, agent, &digest, &has);
    if (err == AMBIT_OK && has)
        err = trace_document(story, &digest, &document);
    if (err != AMBIT_OK)
        return err;
    json_begin_object(out);
    write_owner(story, agent, out);
    json_member_str(out, "backup", json_get_str(document, "backup"));
    write_attested(agent->judged, out);
    if (json_get(document, "provenance") != NULL) {
        json_key(out, "provenance");
        json_write_value(out, json_get(document, "provenance"));
    }
    if (has) {
        json_key(out, "digest");
        json_digest(out, digest);
        err = write_confirmations(story, &digest, out);
    }
    json_end_object(out);
    return err;
}

/* ---- hard stops ---------------------------------------------------------------------------- */

enum ambit_err trace_write_hard_stop(struct story *story, const struct event *stop,
                                     struct json_out *out)
{
    static const struct ambit_digest none = {{0}};
    const struct json_value *document = NULL;
    if (stop->by.p == NULL || ambit_digest_eq(stop->digest, none))
        return AMBIT_OK;
    enum ambit_err err = trace_document(story, &stop->digest, &document);
    if (err != AMBIT_OK)
        return err;
    const struct json_value *stops = json_get(document, "hard_stops");
    for (const struct json_value *one = stops ? stops->first : NULL; one; one = one->next) {
        if (!ambit_str_eq(json_get_str(one, "id"), stop->rule))
            continue;
        json_key(out, "hard_stop");
        json_write_value(out, one);
        return AMBIT_OK;
    }
    return AMBIT_OK;
}
