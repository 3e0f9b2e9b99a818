/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to turn a caller away, for client_cost.py to count: asks one kind of question, many
 * times; what is counted is the calls of identity_client() alone.
 *   client_cost CASE */
#include "fixture.h"

#include <stdio.h>

enum { BY_SECRET, BY_KEY, TIMES = 20 };

/* All names are of one length, and so are the secrets and the assertions. */
static const struct row {
    const char *name;
    int way;
    const char *id, *secret;
    bool is_signed; /* by the client's own key */
    enum identity_refusal want;
} rows[] = {
    {"secret-right", BY_SECRET, "remediator", "agent+secret", false, IDENTITY_FINE},
    {"secret-wrong", BY_SECRET, "remediator", "agent+sEcret", false, IDENTITY_INVALID},
    {"secret-nobody", BY_SECRET, "remediatoz", "agent+sEcret", false, IDENTITY_INVALID},
    {"secret-of-one", BY_SECRET, "payments-api", "agent+sEcret", false, IDENTITY_INVALID},
    {"secret-nobody-else", BY_SECRET, "payments-apo", "agent+sEcret", false, IDENTITY_INVALID},
    {"key-right", BY_KEY, "remediator", NULL, true, IDENTITY_FINE},
    {"key-wrong", BY_KEY, "remediator", NULL, false, IDENTITY_INVALID},
    {"key-nobody", BY_KEY, "remediatoz", NULL, false, IDENTITY_INVALID},
    {"key-none", BY_KEY, "payments-api", NULL, false, IDENTITY_INVALID}, /* it has none */
};

static struct ambit_str header_of(const struct row *row, struct arena *arena)
{
    BUF_AUTO plain, header;
    buf_init(&plain, 0);
    buf_init(&header, 0);
    buf_printf(&plain, "%s:%s", row->id, row->secret);
    buf_put_text(&header, "Basic ");
    buf_put_base64(&header, (const uint8_t *)plain.p, plain.len);
    return arena_copy(arena, buf_str(&header));
}

static struct ambit_str assertion_of(const struct fixture *f, const struct row *row, int i,
                                     struct arena *arena)
{
    BUF_AUTO claims, text;
    buf_init(&claims, 0);
    buf_init(&text, 0);
    buf_printf(&claims,
               "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"" ISSUER
               "\",\"exp\":1790000060,\"jti\":\"number-%06d\"}",
               row->id, row->id, i);
    AMBIT_ASSERT(jws_sign(row->is_signed ? f->signer : f->stranger, "JWT", buf_str(&claims),
                          &text) == AMBIT_OK);
    return arena_copy(arena, buf_str(&text));
}

static struct identity_proof proof_of(const struct fixture *f, const struct row *row, int i,
                                      struct arena *arena)
{
    if (row->way == BY_SECRET)
        return (struct identity_proof){.authorization = header_of(row, arena)};
    return (struct identity_proof){
        .client_assertion = assertion_of(f, row, i, arena),
        .client_assertion_type =
            AMBIT_STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    };
}

int main(int argc, char **argv)
{
    const struct row *row = NULL;
    for (size_t i = 0; argc == 2 && i < AMBIT_LEN(rows); i++)
        if (streq(rows[i].name, argv[1]))
            row = &rows[i];
    if (row == NULL) {
        fputs("usage: client_cost CASE\n", stderr);
        return 2;
    }
    struct fixture f;
    fixture_init(&f);
    for (int i = 0; i < TIMES; i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct identity_proof proof = proof_of(&f, row, i, &arena);
        struct identity_answer got = {0};
        AMBIT_ASSERT(fixture_client(&f, &proof, &arena, &got) == AMBIT_OK);
        AMBIT_ASSERT(got.refusal == row->want);
    }
    fixture_done(&f);
    return 0;
}
