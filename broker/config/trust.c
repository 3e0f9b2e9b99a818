/* SPDX-License-Identifier: Apache-2.0 */
/* Whom else the broker believes: issuers of other people's tokens (WIF-1), where keys behind URLs
 * may be fetched from, and the one other spelling of our own name (CLI-8). */
#include "base/encode.h"
#include "base/json_read.h"
#include "config/values.h"
#include "crypto/key.h"

static const char *const profiles[] = {
    [CONFIG_PROFILE_OIDC] = "oidc",
    [CONFIG_PROFILE_KUBERNETES] = "kubernetes",
    [CONFIG_PROFILE_GITHUB] = "github",
    [CONFIG_PROFILE_SPIFFE] = "spiffe",
};

static bool is_uri(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.p[i] <= 0x20 || (uint8_t)text.p[i] >= 0x7f ||
            memchr("\"\\<>#", text.p[i], 5))
            return false;
    return text.len <= 1024 &&
           (config_starts_with(text, "https://") || config_starts_with(text, "spiffe://")) &&
           text.len > 9;
}

/* ---- one issuer ---- */

static void take_algorithms(struct config_reader *reader, const struct config_place *place,
                            const struct json_value *value, struct config_issuer *issuer)
{
    const char *const expected = "a list of ES256, EdDSA, Ed25519, RS256, PS256";
    for (const struct json_value *one = value->kind == JSON_ARRAY ? value->first : NULL; one;
         one = one->next) {
        enum crypto_alg alg = CRYPTO_ES256;
        if (one->kind != JSON_STRING || crypto_alg_parse(one->text, &alg) != AMBIT_OK) {
            config_complain(reader, place, "names an algorithm that is not known", expected);
            return;
        }
        issuer->algorithms |= CRYPTO_ALG_BIT(alg);
    }
    if (!issuer->algorithms)
        config_complain(reader, place, "names no algorithm", expected);
}

static void take_keys(struct config_reader *reader, const struct config_place *place,
                      struct ambit_str text, struct config_issuer *issuer)
{
    static const struct config_row path = {.kind = CONFIG_FILE,
                                           .offset = offsetof(struct config, scratch)};
    issuer->is_file = !config_starts_with(text, "https://");
    if (!issuer->is_file && is_uri(text))
        issuer->jwks = config_keep(reader, text);
    else if (!issuer->is_file || config_starts_with(text, "http://"))
        config_complain(reader, place, "is no place of keys", "a file, or an https URL");
    else {
        config_take_text(reader, &path, place, text);
        issuer->jwks = reader->config->scratch;
    }
}

static void take_profile(struct config_reader *reader, const struct config_place *place,
                         struct ambit_str text, struct config_issuer *issuer)
{
    for (size_t i = 0; i < AMBIT_LEN(profiles); i++) {
        if (ambit_str_is(text, profiles[i])) {
            issuer->profile = (enum config_profile)i;
            return;
        }
    }
    config_complain(reader, place, "is no profile", "oidc, kubernetes, github or spiffe");
}

static void take_age(struct config_reader *reader, const struct config_place *place,
                     struct ambit_str text, struct config_issuer *issuer)
{
    if (duration_decode(text, &issuer->max_age_s) || issuer->max_age_s > CONFIG_MAX_AGE_S)
        config_complain(reader, place, "is no duration in range",
                        "a duration such as 1h, at most 24h");
}

static void take_member(struct config_reader *reader, const struct config_place *place,
                        const struct json_value *member, struct config_issuer *issuer)
{
    static const char *const names[] = {"issuer",  "jwks",    "algorithms",
                                        "max_age", "profile", "client_assertion"};
    bool is_text = member->kind == JSON_STRING;
    if (ambit_str_is(member->key, "issuer") && is_text)
        issuer->issuer = config_keep(reader, member->text);
    else if (ambit_str_is(member->key, "jwks") && is_text)
        take_keys(reader, place, member->text, issuer);
    else if (ambit_str_is(member->key, "algorithms"))
        take_algorithms(reader, place, member, issuer);
    else if (ambit_str_is(member->key, "max_age") && is_text)
        take_age(reader, place, member->text, issuer);
    else if (ambit_str_is(member->key, "profile") && is_text)
        take_profile(reader, place, member->text, issuer);
    else if (ambit_str_is(member->key, "client_assertion") &&
             (member->kind == JSON_TRUE || member->kind == JSON_FALSE))
        issuer->is_assertion = member->kind == JSON_TRUE;
    else
        config_complain_unknown(reader, place, member->key, names, AMBIT_LEN(names));
}

/* What no single member shows. */
static void check_issuer(struct config_reader *reader, const struct config_place *place,
                         const struct config_issuer *issuer)
{
    const struct config *config = reader->config;
    bool is_spiffe = config_starts_with(issuer->issuer, "spiffe://");
    if (!is_uri(issuer->issuer))
        config_complain(reader, place, "\"issuer\" is missing or no URL",
                        "the `iss` of its tokens: an https URL, or spiffe:// and a trust domain");
    else if (is_spiffe != (issuer->profile == CONFIG_PROFILE_SPIFFE) ||
             (is_spiffe && memchr(issuer->issuer.p + 9, '/', issuer->issuer.len - 9)))
        config_complain(reader, place, "issuer and profile do not fit",
                        "spiffe:// and a trust domain alone with profile spiffe, https otherwise");
    if (!issuer->algorithms)
        config_complain(reader, place, "\"algorithms\" is missing", "the algorithms of its tokens");
    if (is_spiffe && (issuer->algorithms &
                      (CRYPTO_ALG_BIT(CRYPTO_EDDSA) | CRYPTO_ALG_BIT(CRYPTO_ED25519)))) /* SPF-1 */
        config_complain(reader, place, "EdDSA is not for SVIDs", "ES256, RS256 or PS256");
    if (is_spiffe && !issuer->jwks.p) /* SPF-2 */
        config_complain(reader, place, "\"jwks\" is missing",
                        "the bundle of the trust domain: a file or an https URL");
    for (size_t i = 0; i < config->n_issuers; i++)
        if (ambit_str_eq(config->issuers[i].issuer, issuer->issuer))
            config_complain(reader, place, "the issuer stands twice", "each issuer once");
}

static void take_issuer(struct config_reader *reader, const struct config_place *place,
                        const struct json_value *value)
{
    struct config_issuer issuer = {.max_age_s = 3600};
    struct ambit_str name = json_get_str(value, "issuer");
    if (config_starts_with(name, "spiffe://"))
        issuer.profile = CONFIG_PROFILE_SPIFFE;
    else if (ambit_str_is(name, "https://token.actions.githubusercontent.com"))
        issuer.profile = CONFIG_PROFILE_GITHUB;

    size_t before = reader->problems->n;
    for (const struct json_value *member = value->first; member; member = member->next) {
        struct config_place at = config_place_of(place, member);
        if (json_is_duplicate(value, member))
            config_complain(reader, &at, "the key occurs twice", "each key once");
        else
            take_member(reader, &at, member, &issuer);
    }
    if (reader->problems->n == before)
        check_issuer(reader, place, &issuer);
    reader->config->issuers[reader->config->n_issuers++] = issuer;
}

/* ---- the lists ---- */

void config_take_issuers(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value)
{
    if (value->kind != JSON_ARRAY || value->count > CONFIG_ISSUERS_MAX) {
        config_complain(reader, place, "has the wrong type", "a list of at most 16 issuers");
        return;
    }
    for (const struct json_value *one = value->first; one; one = one->next) {
        struct config_place at = config_place_of(place, one);
        if (one->kind == JSON_OBJECT)
            take_issuer(reader, &at, one);
        else
            config_complain(reader, &at, "has the wrong type", "an object");
    }
}

void config_take_aliases(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value)
{
    if (value->kind != JSON_ARRAY || value->count > 1 ||
        (value->first && value->first->kind != JSON_STRING)) {
        config_complain(reader, place, "has the wrong type",
                        "a list of nothing, or of the issuer with one slash behind it");
        return;
    }
    if (value->first)
        reader->config->issuer_alias = config_keep(reader, value->first->text);
}

void config_take_blocks(struct config_reader *reader, const struct config_place *place,
                        const struct json_value *value)
{
    struct config_fetch *fetch = &reader->config->fetch;
    if (value->kind != JSON_ARRAY || value->count > CONFIG_BLOCKS_MAX) {
        config_complain(reader, place, "has the wrong type", "a list of at most 16 CIDR blocks");
        return;
    }
    for (const struct json_value *one = value->first; one; one = one->next) {
        struct config_place at = config_place_of(place, one);
        if (one->kind == JSON_STRING &&
            cidr_decode(one->text, &fetch->allow[fetch->n_allow]) == AMBIT_OK)
            fetch->n_allow++;
        else
            config_complain(reader, &at, "is no block of addresses", "a CIDR such as 10.0.0.0/8");
    }
}

void config_check_trust(struct config_reader *reader, const struct config_place *place)
{
    const struct config *config = reader->config;
    struct ambit_str alias = config->issuer_alias;
    if (!alias.p)
        return;
    bool is_variant = config->issuer.p && alias.len == config->issuer.len + 1 &&
                      config_starts_with(alias, config->issuer.p) && alias.p[alias.len - 1] == '/';
    if (!is_variant)
        config_complain(reader, place, "\"issuer_aliases\" names something else",
                        "the issuer with one slash behind it, and nothing else");
}
