/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what a proxy writes of its client is read strictly, and the right-most address that is no
 * listed proxy's is the caller's (MTL-7). */
#include "support/unit.h"

#include "base/encode.h"
#include "http/forwarded.h"

static struct cidr listed[2];

static struct forwarded_proxies proxies_of(void)
{
    assert_int_equal(cidr_decode(AMBIT_STR("10.0.0.0/8"), &listed[0]), AMBIT_OK);
    assert_int_equal(cidr_decode(AMBIT_STR("fd00::/8"), &listed[1]), AMBIT_OK);
    return (struct forwarded_proxies){.listed = listed, .n = 2};
}

static const struct {
    const char *name, *value;
    bool is_element;
    enum forwarded_found want;
    const char *address; /* "": not told */
} rows[] = {
    {"one", "192.0.2.1", false, FORWARDED_CALLER, "192.0.2.1"},
    {"with a port", "192.0.2.1:4711", false, FORWARDED_CALLER, "192.0.2.1"},
    {"six", "2001:db8::1", false, FORWARDED_CALLER, "2001:db8::1"},
    {"six in brackets", "[2001:db8::1]", false, FORWARDED_CALLER, "2001:db8::1"},
    {"six with a port", "[2001:db8::1]:80", false, FORWARDED_CALLER, "2001:db8::1"},
    {"mapped", "::ffff:192.0.2.1", false, FORWARDED_CALLER, "192.0.2.1"},
    {"MTL-7 the right-most counts", "198.51.100.7, 192.0.2.1", false, FORWARDED_CALLER,
     "192.0.2.1"},
    {"MTL-7 behind listed ones", "198.51.100.7,192.0.2.1 , 10.1.1.1,\t10.2.2.2", false,
     FORWARDED_CALLER, "192.0.2.1"},
    {"what the caller wrote left of it", "<junk>, 192.0.2.1, 10.1.1.1", false, FORWARDED_CALLER,
     "192.0.2.1"},
    {"listed ones alone", "10.0.0.9, 10.1.1.1", false, FORWARDED_MORE, "10.0.0.9"},
    {"unknown", "192.0.2.1, Unknown", false, FORWARDED_CALLER, ""},
    {"unknown behind a listed one", "unknown, 10.1.1.1", false, FORWARDED_CALLER, ""},
    {"empty", "", false, FORWARDED_BROKEN, ""},
    {"a comma at the end", "192.0.2.1,", false, FORWARDED_BROKEN, ""},
    {"a comma at the start", ", 10.1.1.1", false, FORWARDED_BROKEN, ""},
    {"a name", "host.example", false, FORWARDED_BROKEN, ""},
    {"junk that counts", "192.0.2.1, <junk>, 10.1.1.1", false, FORWARDED_BROKEN, ""},
    {"a port that is none", "192.0.2.1:99999", false, FORWARDED_BROKEN, ""},
    {"an empty port", "192.0.2.1:", false, FORWARDED_BROKEN, ""},
    {"an open bracket", "[2001:db8::1", false, FORWARDED_BROKEN, ""},
    {"four in brackets", "[192.0.2.1]", false, FORWARDED_BROKEN, ""},
    {"two in one", "192.0.2.1 192.0.2.2", false, FORWARDED_BROKEN, ""},
    {"octal", "192.0.2.010", false, FORWARDED_BROKEN, ""},
    {"element", "for=192.0.2.1", true, FORWARDED_CALLER, "192.0.2.1"},
    {"element whole", "For=\"[2001:db8:cafe::17]:4711\";proto=https;by=10.1.1.1;host=a.b", true,
     FORWARDED_CALLER, "2001:db8:cafe::17"},
    {"MTL-7 elements", "for=198.51.100.7, for=192.0.2.1;proto=http, for=10.1.1.1", true,
     FORWARDED_CALLER, "192.0.2.1"},
    {"elements of listed ones", "for=10.0.0.9,for=\"[fd00::1]\"", true, FORWARDED_MORE, "10.0.0.9"},
    {"element that tells nothing", "for=192.0.2.1, proto=https", true, FORWARDED_CALLER, ""},
    {"element unknown", "for=unknown, for=10.1.1.1", true, FORWARDED_CALLER, ""},
    {"element obfuscated", "for=_hidden", true, FORWARDED_CALLER, ""},
    {"element six without brackets", "for=\"2001:db8::1\"", true, FORWARDED_BROKEN, ""},
    {"element six without quotes", "for=[2001:db8::1]", true, FORWARDED_BROKEN, ""},
    {"element twice", "for=192.0.2.1;for=192.0.2.2", true, FORWARDED_BROKEN, ""},
    {"element open quote swallows nothing", "for=\"192.0.2.7, for=192.0.2.1", true,
     FORWARDED_BROKEN, ""},
    {"element escape", "for=\"192.0.2\\.1\"", true, FORWARDED_BROKEN, ""},
    {"element empty value", "for=", true, FORWARDED_BROKEN, ""},
    {"element empty", "for=192.0.2.1,,for=192.0.2.2", true, FORWARDED_BROKEN, ""},
    {"element semicolon at the end", "for=192.0.2.1;", true, FORWARDED_BROKEN, ""},
    {"element junk anywhere", "<junk>, for=192.0.2.1", true, FORWARDED_BROKEN, ""},
    {"element junk address", "for=192.0.2.1.5", true, FORWARDED_BROKEN, ""},
};

static void addresses_are_read(void **state)
{
    (void)state;
    const struct forwarded_proxies proxies = proxies_of();
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct addr got = {.family = 0};
        struct ambit_str value = ambit_str_of(rows[i].value);
        enum forwarded_found found = rows[i].is_element ? forwarded_elements(value, &proxies, &got)
                                                        : forwarded_for(value, &proxies, &got);
        ROW_CHECK(rows[i].name, found == rows[i].want);
        if (found == FORWARDED_BROKEN)
            continue;
        char text[ADDR_TEXT_MAX];
        size_t len = got.family ? addr_encode(&got, text) : 0;
        ROW_CHECK(rows[i].name, ambit_str_is((struct ambit_str){text, len}, rows[i].address));
    }
}

static const struct {
    const char *name, *value;
    bool is_list;
    size_t want; /* 0: refused */
} certificates[] = {
    {"MTL-7 one", ":AQID:", false, 1},
    {"blanks around", " :AQID: ", false, 1},
    {"MTL-7 a chain", ":AQID:, :BAUG: ,:Bw==:", true, 3},
    {"eight", ":AA==:,:AA==:,:AA==:,:AA==:,:AA==:,:AA==:,:AA==:,:AA==:", true, 8},
    {"nine", ":AA==:,:AA==:,:AA==:,:AA==:,:AA==:,:AA==:,:AA==:,:AA==:,:AA==:", true, 0},
    {"two where one may be", ":AQID:, :BAUG:", false, 0},
    {"nothing", "", false, 0},
    {"empty", "::", false, 0},
    {"without colons", "AQID", false, 0},
    {"open", ":AQID", false, 0},
    {"base64url", ":_-8=:", false, 0},
    {"without padding", ":Bw:", false, 0},
    {"bits behind the padding", ":Bx==:", false, 0},
    {"a parameter", ":AQID:;a=1", false, 0},
    {"a comma at the end", ":AQID:,", true, 0},
    {"PEM", "-----BEGIN CERTIFICATE----- AQID -----END CERTIFICATE-----", false, 0},
};

static void certificates_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(certificates); i++) {
        ARENA_AUTO arena = {.p = NULL};
        arena_init(&arena, NULL, 0, 0);
        struct ambit_str got[HTTP_CERTIFICATES_MAX] = {{0}};
        size_t n = 0, bytes = 0;
        bool is_good = forwarded_certificates(ambit_str_of(certificates[i].value),
                                              certificates[i].is_list, &arena, got, &n, &bytes);
        ROW_CHECK(certificates[i].name, is_good == (certificates[i].want > 0));
        if (is_good)
            ROW_CHECK(certificates[i].name, n == certificates[i].want && got[0].len > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses_are_read),
                                       cmocka_unit_test(certificates_are_read)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("forwarded", tests, NULL, NULL);
}
