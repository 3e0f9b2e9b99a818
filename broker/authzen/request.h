/* SPDX-License-Identifier: Apache-2.0 */
/* The body of POST /access/v1/evaluation as plain values: the form that AuthZEN asks for (AZN-2,
 * AZN-3), the reserved members of `context`, and everything else of it as the engine and the record
 * want it. Pure; texts are borrowed from the body or stand in the arena. */
#pragma once

#include "ambit/policy.h"
#include "identity/dpop.h"

struct arena;
struct json_value;

struct evaluation {
    struct ambit_str subject_type, subject_id;
    struct ambit_str action;
    struct ambit_str resource; /* "type:id" */
    struct ambit_str resource_type;

    /* What the asker vouches for: the members of `context` that are not reserved, and the
     * properties as subject.NAME, resource.NAME, action.NAME. */
    struct ambit_context_member *members;
    size_t n_members;
    /* The same as one JSON object, for the record; a number that is no integer stands there as
     * {"decimal":"1.5"}, since the record has integers alone and must decide the same (it equals
     * nothing, before and after). NULL when empty. */
    const struct json_value *context;

    /* reserved members of `context` */
    struct ambit_str source_text, arguments_digest, stated_reason;
    struct ambit_addr_view source;

    /* What the service was shown with the token (AZN-15); absent: proof {NULL,0} */
    struct proof_told dpop;
    bool has_certificate;
    struct ambit_digest certificate;
};

/* The four members of a question, from wherever they come: a batch has them as defaults too. */
struct evaluation_members {
    const struct json_value *subject, *action, *resource, *context; /* NULL: absent */
};
/* What a search looks for is not in its question: the name of it is not read, its `type` and
 * `properties` are (AZN-11). */
enum evaluation_sought { SOUGHT_NOTHING, SOUGHT_SUBJECT, SOUGHT_RESOURCE, SOUGHT_ACTION };

/* MALFORMED with *reterr_what, a sentence for the caller (400), or NO_MEMORY. */
AMBIT_CHECKED enum ambit_err evaluation_read(struct ambit_str body, struct arena *arena,
                                             struct evaluation *ret, const char **reterr_what);
AMBIT_CHECKED enum ambit_err evaluation_read_members(const struct evaluation_members *from,
                                                     enum evaluation_sought sought,
                                                     struct arena *arena, struct evaluation *ret,
                                                     const char **reterr_what);
/* One JSON object, decimals allowed; the same errors. */
AMBIT_CHECKED enum ambit_err evaluation_read_object(struct ambit_str body, struct arena *arena,
                                                    const struct json_value **ret,
                                                    const char **reterr_what);
struct evaluation_members evaluation_members_of(const struct json_value *object);
/* "type:id" */
struct ambit_str evaluation_resource(struct arena *arena, struct ambit_str type,
                                     struct ambit_str id);
