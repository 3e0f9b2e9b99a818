/* SPDX-License-Identifier: Apache-2.0 */
/* Goal (DPOP-6, step 6 of a proof's check): two texts of one address are one, and what is no
 * address is refused. */
#include "support/unit.h"

#include "base/arena.h"
#include "identity/htu.h"

static const struct {
    const char *name, *uri, *want; /* NULL: refused */
} rows[] = {
    {"as it is", "https://h.example/token", "https://h.example/token"},
    {"scheme and host in lower case", "HTTPS://H.Example/Token", "https://h.example/Token"},
    {"its default port", "https://h.example:443/t", "https://h.example/t"},
    {"the other's port stays", "https://h.example:80/t", "https://h.example:80/t"},
    {"port 80 of http", "http://h.example:80/t", "http://h.example/t"},
    {"no port behind the colon", "https://h.example:/t", "https://h.example/t"},
    {"a port with zeroes before it", "https://h:08443/t", "https://h:8443/t"},
    {"port 0", "https://h:0/t", NULL},
    {"a port beyond", "https://h:65536/t", NULL},
    {"a port beyond any number", "https://h:99999999999999999999/t", NULL},
    {"a port of letters", "https://h:8a/t", NULL},
    {"no path is the root", "https://h", "https://h/"},
    {"query and fragment go", "https://h/a?b=c#d", "https://h/a"},
    {"a query behind the host", "https://h?b", "https://h/"},
    {"a fragment alone", "https://h/a#", "https://h/a"},
    {"dot segments", "https://h/a/./b/../c/.", "https://h/a/c/"},
    {"dots above the root", "https://h/../../a", "https://h/a"},
    {"two dots at the end", "https://h/a/b/..", "https://h/a/"},
    {"names of dots", "https://h/.../..a/a..", "https://h/.../..a/a.."},
    {"empty segments stay", "https://h//a//b", "https://h//a//b"},
    {"escapes of unreserved are undone", "https://h/%74ok%65n%7E", "https://h/token~"},
    {"escaped dots are dots", "https://h/a/%2e%2E/b", "https://h/b"},
    {"escapes in one case", "https://h/%c3%a9%2f", "https://h/%C3%A9%2F"},
    {"an escape cut off", "https://h/%4", NULL},
    {"an escape that is none", "https://h/%zz", NULL},
    {"IPv6", "http://[::1]:8420/t", "http://[::1]:8420/t"},
    {"IPv6 in capitals", "http://[FE80::1]/t", "http://[fe80::1]/t"},
    {"an IPv6 that does not end", "http://[::1/t", NULL},
    {"brackets of nothing", "http://[]/t", NULL},
    {"IPv4", "http://127.0.0.1:8420/token", "http://127.0.0.1:8420/token"},
    {"user information", "https://a@h/t", NULL},
    {"user and password", "https://a:b@h/t", NULL},
    {"no host", "https:///t", NULL},
    {"another scheme", "ftp://h/t", NULL},
    {"no scheme", "h.example/token", NULL},
    {"a path alone", "/token", NULL},
    {"nothing", "", NULL},
    {"a blank", "https://h/a b", NULL},
    {"a blank in the query", "https://h/a?b c", NULL},
    {"a character beyond ASCII", "https://h/\xc3\xa9", NULL},
    {"a backslash", "https://h\\@x/t", NULL},
    {"an escape in the host", "https://h%2e/t", NULL},
    {"a control character", "https://h/\x01", NULL},
};

static void dpop_6_each_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        struct ambit_str got = {0}, again = {0};
        arena_init(&arena, NULL, 0, 0);
        enum ambit_err err = htu_normalise(ambit_str_of(rows[i].uri), &arena, &got);
        if (!rows[i].want) {
            ROW_CHECK(rows[i].name, err == AMBIT_ERR_MALFORMED);
            continue;
        }
        ROW_CHECK(rows[i].name, err == AMBIT_OK);
        if (!ambit_str_is(got, rows[i].want))
            fail_msg("%s: %.*s", rows[i].name, AMBIT_STR_ARG(got));
        ROW_CHECK(rows[i].name, htu_normalise(got, &arena, &again) == AMBIT_OK);
        ROW_CHECK(rows[i].name, ambit_str_eq(got, again));
    }
}

static void bounds(void **state)
{
    static char text[HTU_BYTES + 2] = "https://h/";
    (void)state;
    memset(text + 10, 'a', HTU_BYTES - 10);
    for (size_t more = 0; more < 2; more++) {
        ARENA_AUTO arena;
        struct ambit_str got = {0};
        arena_init(&arena, NULL, 0, 0);
        text[HTU_BYTES - 1 + more] = 'a';
        assert_int_equal(
            htu_normalise((struct ambit_str){.p = text, .len = HTU_BYTES + more}, &arena, &got),
            more ? AMBIT_ERR_MALFORMED : AMBIT_OK);
    }
}

static void azn_15_the_origin(void **state)
{
    static const struct {
        const char *normal, *want;
    } origins[] = {{"https://h/", "https://h"},
                   {"http://[::1]:8420/a//b", "http://[::1]:8420"},
                   {"https://h:8443/https://x/", "https://h:8443"}};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(origins); i++)
        assert_true(ambit_str_is(htu_origin(ambit_str_of(origins[i].normal)), origins[i].want));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(dpop_6_each_form), cmocka_unit_test(bounds),
                                       cmocka_unit_test(azn_15_the_origin)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
