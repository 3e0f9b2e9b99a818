/* SPDX-License-Identifier: Apache-2.0 */
/* A way in belongs to one person: a token, a certificate or an account elsewhere that two documents
 * name would leave open who acted, and a person's name stands on every door. */
#include "policy/check.h"

#include "base/buf.h"

/* What a credential proves, as bytes that are equal when it is the same way in. */
struct way_in {
    struct ambit_str proof;
    struct loaded *person;
    size_t index;
};

static int compare(const void *a, const void *b)
{
    const struct way_in *x = a;
    const struct way_in *y = b;
    int order = ambit_str_cmp(x->proof, y->proof);
    if (order)
        return order;
    order = ambit_str_cmp(x->person->reading.file->path, y->person->reading.file->path);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* {NULL, 0} when the credential was not read whole. */
static struct ambit_str proof_of(struct loaded *person, const struct ambit_credential *credential)
{
    static const struct ambit_digest none = {{0}};
    BUF_AUTO buf = {0};
    buf_put_char(&buf, (char)credential->method);
    if (credential->method == AMBIT_METHOD_OIDC) {
        if (!credential->issuer.p || !credential->subject.p)
            return (struct ambit_str){0};
        buf_put_str(&buf, credential->issuer);
        buf_put_char(&buf, '\0'); /* stands in no issuer */
        buf_put_str(&buf, credential->subject);
    } else {
        if (ambit_digest_eq(credential->digest, none))
            return (struct ambit_str){0};
        buf_put(&buf, credential->digest.b, sizeof credential->digest.b);
    }
    struct ambit_str proof = {0};
    if (buf_check(&buf) == AMBIT_OK)
        proof = arena_copy(person->reading.scratch, buf_str(&buf));
    if (!proof.p)
        person->reading.is_out_of_memory = true;
    return proof;
}

static size_t collect(struct loaded_set *set, struct way_in *ways)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++) {
        struct loaded *loaded = &set->v[i];
        if (loaded->kind != AMBIT_KIND_PERSON)
            continue;
        for (size_t j = 0; j < loaded->as.person->n_credentials; j++) {
            struct ambit_str proof = proof_of(loaded, &loaded->as.person->credentials[j]);
            if (proof.p)
                ways[n++] = (struct way_in){proof, loaded, j};
        }
    }
    return n;
}

void check_people(struct loaded_set *set)
{
    size_t most = 0;
    for (size_t i = 0; i < set->n; i++) {
        if (set->v[i].kind == AMBIT_KIND_PERSON)
            most += set->v[i].as.person->n_credentials;
    }
    struct way_in *ways = arena_array(set->scratch, most, sizeof *ways);
    if (!ways) {
        set->v[0].reading.is_out_of_memory = true;
        return;
    }
    size_t n = collect(set, ways);
    qsort(ways, n, sizeof *ways, compare);
    for (size_t i = 1; i < n; i++) {
        if (!ambit_str_eq(ways[i - 1].proof, ways[i].proof))
            continue;
        struct loaded *second = ways[i].person;
        struct place list = place_member(&second->root, "authenticate");
        struct place at = check_element(&list, ways[i].index);
        complain(&second->reading, &at,
                 "a way in that is listed already, here or for another person",
                 "a way in that proves who acted");
    }
}
