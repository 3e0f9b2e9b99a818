/* SPDX-License-Identifier: Apache-2.0 */
/* See told_body.h. */
#include "authzen/told_body.h"

#include "ambit/limits.h"
#include "base/encode.h"
#include "base/json_read.h"

struct member {
    const char *name;
    struct ambit_str *text;
};

static enum ambit_err refuse(const char **reterr_what, const char *what)
{
    *reterr_what = what;
    return AMBIT_ERR_MALFORMED;
}

static enum ambit_err take(const struct member *table, size_t n, const struct json_value *value,
                           const char **reterr_what)
{
    for (size_t i = 0; i < n; i++) {
        if (!ambit_str_is(value->key, table[i].name))
            continue;
        if (value->kind != JSON_STRING)
            return refuse(reterr_what, "Every member of this body is a text.");
        *table[i].text = value->text;
        return AMBIT_OK;
    }
    return refuse(reterr_what, "There is a member that this body does not have.");
}

static enum ambit_err body_read(struct ambit_str body, struct arena *arena,
                                const struct member *table, size_t n, const char **reterr_what)
{
    const struct json_value *root = NULL;
    struct json_problem problem = {0};
    enum ambit_err err = json_read(body, (struct json_limits){0}, arena, &root, &problem);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err || root->kind != JSON_OBJECT)
        return refuse(reterr_what, "The body is one JSON object without duplicate members.");
    for (const struct json_value *value = root->first; value; value = value->next) {
        err = take(table, n, value, reterr_what);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static bool is_text(struct ambit_str text)
{
    return text.len > 0 && text.len <= AMBIT_TEXT_MAX && !text_has_control(text);
}

static const char detail_rule[] = "detail is a text of 1 to 1024 bytes without control characters.";

enum ambit_err outcome_body_read(struct ambit_str body, struct arena *arena,
                                 struct outcome_body *ret, const char **reterr_what)
{
    static const char *const outcomes[] = {"succeeded", "failed", "not_attempted"};
    struct ambit_str evidence = {0};
    bool is_known = false;
    *ret = (struct outcome_body){0};
    const struct member table[] = {
        {.name = "outcome", .text = &ret->outcome},
        {.name = "detail", .text = &ret->detail},
        {.name = "evidence_digest", .text = &evidence},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    for (size_t i = 0; i < AMBIT_LEN(outcomes); i++)
        is_known = is_known || ambit_str_is(ret->outcome, outcomes[i]);
    if (!is_known)
        return refuse(reterr_what, "outcome is succeeded, failed or not_attempted.");
    if (ret->detail.p && !is_text(ret->detail))
        return refuse(reterr_what, detail_rule);
    if (evidence.p && digest_decode(evidence, &ret->evidence) != AMBIT_OK)
        return refuse(reterr_what, "evidence_digest is sha256: and 64 lower-case hex digits.");
    return AMBIT_OK;
}

enum ambit_err signal_body_read(struct ambit_str body, struct arena *arena, struct signal_body *ret,
                                const char **reterr_what)
{
    struct ambit_str grant = {0};
    *ret = (struct signal_body){0};
    const struct member table[] = {
        {.name = "signal", .text = &ret->signal},
        {.name = "agent", .text = &ret->agent},
        {.name = "grant", .text = &grant},
        {.name = "detail", .text = &ret->detail},
    };
    enum ambit_err err = body_read(body, arena, table, AMBIT_LEN(table), reterr_what);
    if (err)
        return err;
    if (!is_text(ret->signal))
        return refuse(reterr_what,
                      "signal is a text of 1 to 1024 bytes without control characters.");
    if (!ret->agent.p == !grant.p)
        return refuse(reterr_what, "The body names an agent or a grant, one of the two.");
    if (ret->agent.p && (ret->agent.len == 0 || ret->agent.len > AMBIT_AGENT_NAME_MAX))
        return refuse(reterr_what, "agent is the id of an agent.");
    if (grant.p && (id_decode(grant, &ret->grant) != AMBIT_OK || ambit_id_is_none(ret->grant)))
        return refuse(reterr_what, "grant is the id of a grant, 22 characters.");
    if (ret->detail.p && !is_text(ret->detail))
        return refuse(reterr_what, detail_rule);
    return AMBIT_OK;
}
