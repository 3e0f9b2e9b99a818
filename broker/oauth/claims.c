/* SPDX-License-Identifier: Apache-2.0 */
/* Claims from a row. `jti` and `rnd` come first: whoever looks for them finds them at once. */
#include "oauth/claims.h"

#include "base/encode.h"
#include "base/json_write.h"
#include "oauth/items.h"

static void write_i64(struct json_out *out, const char *key, int64_t value)
{
    json_key(out, key);
    json_i64(out, value);
}

static void write_rnd(struct json_out *out, const uint8_t *rnd)
{
    char text[ID_TEXT_LEN];
    base64url_encode(rnd, 16, text);
    json_key(out, "rnd");
    json_str(out, (struct ambit_str){.p = text, .len = sizeof text});
}

/* Whose authority it is: the agent of the root grant (D-12). */
static struct ambit_str principal(const struct grant_row *row)
{
    while (row->above)
        row = &row->above->row;
    return row->agent;
}

/* Who acts for the principal: outermost the agent that holds the grant, inside it whoever handed it
 * on, down to the principal, which is `sub` (TEX-6). Nobody is left out. */
static void write_act(struct json_out *out, struct ambit_str issuer, const struct grant_row *row)
{
    unsigned n = 0;
    for (; row->above; row = &row->above->row, n++) {
        json_key(out, "act");
        json_begin_object(out);
        json_member_str(out, "sub", row->agent);
        json_member_str(out, "iss", issuer);
        json_member_text(out, "sub_profile", "ai_agent");
    }
    while (n-- > 0)
        json_end_object(out);
}

const char *claims_token_type(const struct grant_row *row)
{
    return row->binding == AMBIT_BINDING_DPOP ? "DPoP" : "Bearer";
}

/* One member and never two (MTL-8). */
static void write_cnf(const struct grant_row *row, struct json_out *out)
{
    static const char *const names[] = {[AMBIT_BINDING_NONE] = NULL,
                                        [AMBIT_BINDING_DPOP] = "jkt",
                                        [AMBIT_BINDING_MTLS] = "x5t#S256"};
    char text[43];
    if (!names[row->binding])
        return;
    base64url_encode(row->binding_key.b, sizeof row->binding_key.b, text);
    json_key(out, "cnf");
    json_begin_object(out);
    json_member_str(out, names[row->binding], (struct ambit_str){.p = text, .len = sizeof text});
    json_end_object(out);
}

/* TSL-1 */
static void write_status(struct json_out *out, const struct claims *claims)
{
    json_key(out, "status");
    json_begin_object(out);
    json_key(out, "status_list");
    json_begin_object(out);
    write_i64(out, "idx", claims->status_index);
    json_member_str(out, "uri", claims->status_uri);
    json_end_object(out);
    json_end_object(out);
}

void claims_write(const struct claims *claims, struct json_out *out)
{
    const struct grant_row *row = claims->row;
    struct items_view items = {.row = row, .mask = claims->live, .ask = claims->ask, .split = true};

    json_member_id(out, "jti", row->id);
    if (claims->rnd)
        write_rnd(out, claims->rnd);
    json_member_str(out, "iss", claims->issuer);
    json_member_str(out, "sub", principal(row));
    json_member_str(out, "client_id", row->agent);
    write_act(out, claims->issuer, row);
    json_member_str(out, "aud", row->audience);
    write_i64(out, "iat", row->issued_ms / 1000);
    write_i64(out, "exp", row->expires_ms / 1000);
    json_member_str(out, "txn", row->txn);
    json_member_str(out, "owner", row->owner);
    write_cnf(row, out);
    if (claims->status_uri.p)
        write_status(out, claims);
    json_member_text(out, "scope", claims->scope);
    if (items_have_scope(&items)) {
        json_key(out, "scope");
        items_write_scope(&items, out);
    }
    if (row->n_items > 0) {
        json_key(out, "policy");
        items_write_policies(&items, out);
        json_key(out, "authorization_details");
        items_write_details(&items, out);
    }
}

void token_response_write(const struct token_response *response, struct json_out *out)
{
    const struct grant_row *row = response->row;
    struct items_view items = {
        .row = row, .mask = UINT64_MAX, .ask = response->ask, .split = false};

    json_begin_object(out);
    json_member_str(out, "access_token", response->token);
    json_member_text(out, "issued_token_type", response->issued_type);
    json_member_text(out, "token_type", claims_token_type(row));
    write_i64(out, "expires_in", (row->expires_ms - response->now_ms) / 1000);
    json_member_text(out, "scope", response->scope);
    if (items_have_scope(&items)) {
        json_key(out, "scope");
        items_write_scope(&items, out);
    }
    if (row->n_items > 0) {
        json_key(out, "authorization_details");
        items_write_details(&items, out);
    }
    json_member_str(out, "ambit_receipt", response->receipt);
    json_end_object(out);
}
