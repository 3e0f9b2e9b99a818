/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: addresses and blocks are read strictly, and IPv4-mapped IPv6 compares as IPv4
 * (PL "Durations, times, zones"). */
#include "support/unit.h"

#include "base/addr.h"

static const struct {
    const char *text;
    int family; /* 0: refused */
    const char *again;
} addr_rows[] = {
    {"10.0.0.1", 4, "10.0.0.1"},
    {"255.255.255.255", 4, "255.255.255.255"},
    {"::1", 6, "::1"},
    {"2001:DB8::A", 6, "2001:db8::a"},
    {"2001:db8:0:0:1:0:0:1", 6, "2001:db8::1:0:0:1"},
    {"::ffff:10.0.0.1", 4, "10.0.0.1"},
    {"::FFFF:a00:1", 4, "10.0.0.1"},
    {"::", 6, "::"},
    {"", 0, NULL},
    {"10.0.0", 0, NULL},
    {"10.0.0.256", 0, NULL},
    {"10.0.0.01", 0, NULL},
    {"10.0.0.1 ", 0, NULL},
    {"0x0a.0.0.1", 0, NULL},
    {"[::1]", 0, NULL},
    {"fe80::1%eth0", 0, NULL},
    {"10.0.0.1:80", 0, NULL},
    {"1:2:3:4:5:6:7", 0, NULL},
    {"1:2:3:4:5:6:7:8:9", 0, NULL},
    {":::", 0, NULL},
    {"00000:0000:0000:0000:0000:ffff:255.255.255.2551", 0, NULL},
};

static void test_addresses(void **state)
{
    struct addr none = {0};
    char text[ADDR_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(addr_rows); i++) {
        struct addr addr = {0};
        enum ambit_err err = addr_decode(ambit_str_of(addr_rows[i].text), &addr);
        ROW_CHECK(addr_rows[i].text, (err == AMBIT_OK) == (addr_rows[i].family != 0));
        ROW_CHECK(addr_rows[i].text, addr.family == addr_rows[i].family);
        if (err != AMBIT_OK)
            continue;
        size_t len = addr_encode(&addr, text);
        ROW_CHECK(addr_rows[i].text,
                  ambit_str_is((struct ambit_str){.p = text, .len = len}, addr_rows[i].again));
    }
    assert_int_equal(addr_decode((struct ambit_str){.p = "10.0.0.1\0x", .len = 10}, &none),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(addr_encode(&none, text), 0);
}

static const struct {
    const char *block, *addr;
    int want; /* 1 contains, 0 not, -1 the block is refused */
} cidr_rows[] = {
    {"10.20.0.0/16", "10.20.255.1", 1},
    {"10.20.0.0/16", "10.21.0.1", 0},
    {"10.20.0.0/16", "::ffff:10.20.0.1", 1},
    {"10.0.0.0/9", "10.127.0.1", 1},
    {"10.0.0.0/9", "10.128.0.1", 0},
    {"0.0.0.0/0", "1.2.3.4", 1},
    {"0.0.0.0/0", "2001:db8::1", 0},
    {"::/0", "2001:db8::1", 1},
    {"::/0", "1.2.3.4", 0},
    {"::ffff:0:0/96", "1.2.3.4", 1},
    {"::ffff:10.0.0.0/104", "10.9.9.9", 1},
    {"::ffff:10.0.0.0/104", "11.9.9.9", 0},
    {"1.2.3.4/32", "1.2.3.4", 1},
    {"1.2.3.4/32", "1.2.3.5", 0},
    {"2001:db8::/33", "2001:db8:7fff::1", 1},
    {"2001:db8::/33", "2001:db8:8000::1", 0},
    {"::1/128", "::1", 1},
    {"10.20.0.1/16", NULL, -1},
    {"::ffff:0:0/90", NULL, -1},
    {"::ffff:0:0/129", NULL, -1},
    {"10.0.0.0/33", NULL, -1},
    {"10.0.0.0", NULL, -1},
    {"10.0.0.0/", NULL, -1},
    {"10.0.0.0/08", NULL, -1},
    {"10.0.0.0/-1", NULL, -1},
    {"10.0.0.0/99999999999999999999", NULL, -1},
    {"/8", NULL, -1},
    {"x/8", NULL, -1},
    {"", NULL, -1},
};

static void test_blocks(void **state)
{
    struct addr absent = {0};
    struct cidr any = {0};

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(cidr_rows); i++) {
        struct cidr block = {0};
        struct addr addr = {0};
        enum ambit_err err = cidr_decode(ambit_str_of(cidr_rows[i].block), &block);
        ROW_CHECK(cidr_rows[i].block, (err == AMBIT_OK) == (cidr_rows[i].want >= 0));
        if (err != AMBIT_OK)
            continue;
        ROW_CHECK(cidr_rows[i].block, addr_decode(ambit_str_of(cidr_rows[i].addr), &addr) == 0);
        ROW_CHECK(cidr_rows[i].block, cidr_contains(&block, &addr) == (cidr_rows[i].want == 1));
    }
    assert_int_equal(cidr_decode(AMBIT_STR("0.0.0.0/0"), &any), AMBIT_OK);
    assert_false(cidr_contains(&any, &absent));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_addresses),
    cmocka_unit_test(test_blocks),
};
UNIT_MAIN(tests)
