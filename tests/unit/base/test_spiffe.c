/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: SPIFFE IDs are read as SPF-4 has them and no other text is one; names of RFC 4514 likewise.
 */
#include "support/unit.h"

#include "base/dn.h"
#include "base/spiffe.h"

static void ids(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        bool want;
        const char *domain, *path;
    } rows[] = {
        {"SPF-4 domain and path", "spiffe://example.gov/ns/prod", true, "example.gov", "/ns/prod"},
        {"a domain alone", "spiffe://a_b-c.1", true, "a_b-c.1", ""},
        {"upper case in the path", "spiffe://td/A.b_c-1", true, "td", "/A.b_c-1"},
        {"upper case in the domain", "spiffe://Td/a", false, "", ""},
        {"upper case in the scheme", "SPIFFE://td/a", false, "", ""},
        {"no domain", "spiffe:///a", false, "", ""},
        {"nothing", "spiffe://", false, "", ""},
        {"a slash at the end", "spiffe://td/a/", false, "", ""},
        {"a slash alone", "spiffe://td/", false, "", ""},
        {"an empty segment", "spiffe://td/a//b", false, "", ""},
        {"a dot", "spiffe://td/a/./b", false, "", ""},
        {"two dots", "spiffe://td/..", false, "", ""},
        {"three dots are a name", "spiffe://td/...", true, "td", "/..."},
        {"a port", "spiffe://td:80/a", false, "", ""},
        {"a user", "spiffe://me@td/a", false, "", ""},
        {"a query", "spiffe://td/a?b", false, "", ""},
        {"a fragment", "spiffe://td/a#b", false, "", ""},
        {"an escape", "spiffe://td/%41", false, "", ""},
        {"another scheme", "https://td/a", false, "", ""},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct spiffe_id id = {0};
        ROW_CHECK(rows[i].name, spiffe_read(ambit_str_of(rows[i].text), &id) == rows[i].want);
        ROW_CHECK(rows[i].name, ambit_str_is(id.domain, rows[i].domain));
        ROW_CHECK(rows[i].name, ambit_str_is(id.path, rows[i].path));
    }
}

static void distinguished_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        enum ambit_err want;
        size_t n;
        const char *type, *value; /* of the last piece */
    } rows[] = {
        {"RFC 4514 section 4", "UID=jsmith,DC=example,DC=net", AMBIT_OK, 3, "DC", "net"},
        {"joined", "OU=Sales+CN=J.  Smith,DC=example", AMBIT_OK, 3, "DC", "example"},
        {"escaped", "CN=James \\\"Jim\\\" Smith\\, III", AMBIT_OK, 1, "CN",
         "James \"Jim\" Smith, III"},
        {"an escaped byte", "CN=Before\\0dAfter", AMBIT_OK, 1, "CN", "Before\rAfter"},
        {"encoded", "1.3.6.1.4.1.1466.0=#04024869", AMBIT_OK, 1, "1.3.6.1.4.1.1466.0",
         "\x04\x02Hi"},
        {"UTF-8", "CN=Lu\\C4\\8Di\\C4\\87", AMBIT_OK, 1, "CN", "Lu\xC4\x8Di\xC4\x87"},
        {"an equals sign in a value", "CN=a=b", AMBIT_OK, 1, "CN", "a=b"},
        {"blanks escaped at both ends", "CN=\\ a\\ ", AMBIT_OK, 1, "CN", " a "},
        {"empty", "", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"no type", "=a", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"no value", "CN=", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"a comma at the end", "CN=a,", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"a blank after the comma", "CN=a, O=b", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"a blank at the end", "CN=a ", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"a blank at the beginning", "CN= a", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"a half escape", "CN=a\\", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"an escape of nothing special", "CN=a\\x", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"odd digits", "CN=#040", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"no digits", "CN=#", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"a semicolon", "CN=a;O=b", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"an OID with two dots", "2..5=a", AMBIT_ERR_MALFORMED, 0, "", ""},
        {"as OpenSSL prints it", "/CN=a/O=b", AMBIT_ERR_MALFORMED, 0, "", ""},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct dn_piece pieces[DN_PIECES_MAX];
        size_t n = 0;
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        ROW_CHECK(rows[i].name,
                  dn_read(ambit_str_of(rows[i].text), &arena, pieces, &n) == rows[i].want);
        ROW_CHECK(rows[i].name, n == rows[i].n);
        if (n == 0)
            continue;
        ROW_CHECK(rows[i].name, ambit_str_is(pieces[n - 1].type, rows[i].type));
        ROW_CHECK(rows[i].name, ambit_str_is(pieces[n - 1].value, rows[i].value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ids),
                                       cmocka_unit_test(distinguished_names)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
