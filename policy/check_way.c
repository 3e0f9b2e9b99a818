/* SPDX-License-Identifier: Apache-2.0 */
/* Ways in by what others sign: a name that no certificate can have, and tokens that two agents
 * could both be meant by (ASG-5). Asked of what is proposed alone: a set that is in force stays
 * readable. */
#include "policy/check.h"

#include "base/arena.h"
#include "base/dn.h"

enum { DN_MEMORY = 256 * 1024, ALIKE_MAX = 256 };

struct way {
    struct loaded *agent;
    size_t index;
    const struct ambit_credential *credential;
};

static enum ambit_err read_name(struct ambit_str text)
{
    struct dn_piece pieces[DN_PIECES_MAX];
    size_t n = 0;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, DN_MEMORY);
    return dn_read(text, &arena, pieces, &n);
}

void check_names(struct loaded *loaded, const struct ambit_credential *v, size_t n)
{
    struct place list = place_member(&loaded->root, "authenticate");
    for (size_t i = 0; i < n; i++) {
        if (v[i].method != AMBIT_METHOD_TLS || v[i].tls_kind != AMBIT_TLS_SUBJECT_DN ||
            !v[i].tls_value.p)
            continue;
        enum ambit_err err = read_name(v[i].tls_value);
        loaded->reading.is_out_of_memory |= err == AMBIT_ERR_NO_MEMORY;
        if (!err || err == AMBIT_ERR_NO_MEMORY)
            continue;
        struct place element = check_element(&list, i);
        struct place at = place_member(&element, "subject_dn");
        complain_text(&loaded->reading, &at, "not a distinguished name",
                      "a subject as RFC 4514 writes it, such as CN=remediator,O=Example,C=DE");
    }
}

static int by_token(const void *a, const void *b)
{
    const struct way *x = a, *y = b;
    int order = ambit_str_cmp(x->credential->issuer, y->credential->issuer);
    if (!order)
        order = ambit_str_cmp(x->credential->subject, y->credential->subject);
    if (!order)
        order = ambit_str_cmp(x->agent->reading.file->path, y->agent->reading.file->path);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* No token has both: some claim is named by both, with two values. */
static bool are_apart(const struct ambit_credential *a, const struct ambit_credential *b)
{
    for (size_t i = 0; i < a->n_claims; i++)
        for (size_t k = 0; k < b->n_claims; k++)
            if (ambit_str_eq(a->claims[i].name, b->claims[k].name) &&
                !ambit_scalar_eq(&a->claims[i].value, &b->claims[k].value))
                return true;
    return false;
}

static bool is_same_token(const struct ambit_credential *a, const struct ambit_credential *b)
{
    return ambit_str_eq(a->issuer, b->issuer) && ambit_str_eq(a->subject, b->subject);
}

/* What stands before it in the order is in force for the question; the later one is told. */
static void compare(const struct way *ways, size_t first, size_t at)
{
    const struct way *way = &ways[at];
    struct place list = place_member(&way->agent->root, "authenticate");
    struct place place = check_element(&list, way->index);
    if (at - first >= ALIKE_MAX) {
        complain(&way->agent->reading, &place, "too many agents share this issuer and subject",
                 "at most 256 that claims tell apart");
        return;
    }
    for (size_t i = first; i < at; i++) {
        if (ways[i].agent == way->agent || are_apart(ways[i].credential, way->credential))
            continue;
        struct place subject = place_member(&place, "subject");
        complain_text(&way->agent->reading, &subject,
                      "a token could be meant for another agent as well",
                      "a claim that both name, with two different values");
        return;
    }
}

static size_t count_ways(const struct loaded_set *set)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++)
        if (set->v[i].kind == AMBIT_KIND_AGENT)
            n += set->v[i].as.agent->n_credentials;
    return n;
}

void check_ways(struct loaded_set *set)
{
    struct way *ways = arena_array(set->scratch, count_ways(set) + 1, sizeof *ways);
    size_t n = 0, first = 0;
    for (size_t i = 0; i < set->n; i++) {
        struct loaded *loaded = &set->v[i];
        if (!ways || !loaded->reading.env->now_ms) {
            loaded->reading.is_out_of_memory |= !ways;
            return;
        }
        const struct ambit_agent *agent =
            loaded->kind == AMBIT_KIND_AGENT ? loaded->as.agent : NULL;
        for (size_t k = 0; agent && k < agent->n_credentials; k++) {
            const struct ambit_credential *credential = &agent->credentials[k];
            if (credential->method == AMBIT_METHOD_FEDERATED_JWT && credential->issuer.p &&
                credential->subject.p)
                ways[n++] = (struct way){.agent = loaded, .index = k, .credential = credential};
        }
    }
    if (n > 1)
        qsort(ways, n, sizeof *ways, by_token);
    for (size_t i = 1; i < n; i++) {
        if (!is_same_token(ways[i].credential, ways[first].credential))
            first = i;
        else
            compare(ways, first, i);
    }
}
