/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: nobody's URL leads this broker to itself, its neighbours or its network (CIM-4). */
#include "support/unit.h"

#include "identity/guard.h"

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        bool want;
    } rows[] = {
        {"public IPv4", "93.184.216.34", true},
        {"public IPv6", "2606:2800:220:1:248:1893:25c8:1946", true},
        {"loopback", "127.0.0.1", false},
        {"all of loopback", "127.255.255.254", false},
        {"IPv6 loopback", "::1", false},
        {"unspecified", "0.0.0.0", false},
        {"IPv6 unspecified", "::", false},
        {"private 10", "10.255.0.1", false},
        {"private 172.16", "172.16.0.1", false},
        {"private 172.31", "172.31.255.255", false},
        {"172.32 is public", "172.32.0.1", true},
        {"private 192.168", "192.168.1.1", false},
        {"shared", "100.127.255.255", false},
        {"after the shared block", "100.128.0.1", true},
        {"link-local, metadata", "169.254.169.254", false},
        {"IPv6 link-local", "fe80::1", false},
        {"IPv6 site-local", "fec0::1", false},
        {"unique local fc", "fc00::1", false},
        {"unique local fd", "fd12:3456::1", false},
        {"multicast", "224.0.0.1", false},
        {"multicast end", "239.255.255.255", false},
        {"IPv6 multicast", "ff02::1", false},
        {"broadcast", "255.255.255.255", false},
        {"reserved", "240.0.0.1", false},
        {"documentation 1", "192.0.2.1", false},
        {"documentation 2", "198.51.100.1", false},
        {"documentation 3", "203.0.113.1", false},
        {"IPv6 documentation", "2001:db8::1", false},
        {"IPv6 documentation, new", "3fff:0fff::1", false},
        {"after it", "3fff:1000::1", true},
        {"benchmarks", "198.19.255.255", false},
        {"protocol assignments", "192.0.0.8", false},
        {"6to4 relays", "192.88.99.1", false},
        {"mapped loopback", "::ffff:127.0.0.1", false},
        {"mapped private", "::ffff:10.0.0.1", false},
        {"mapped metadata", "::ffff:169.254.169.254", false},
        {"mapped public is public", "::ffff:93.184.216.34", true},
        {"compatible loopback", "::127.0.0.1", false},
        {"6to4 of loopback", "2002:7f00:0001::1", false},
        {"6to4 of a public one", "2002:5db8:d822::1", false},
        {"NAT64 of loopback", "64:ff9b::7f00:1", false},
        {"NAT64 of a public one", "64:ff9b::5db8:d822", false},
        {"NAT64 local", "64:ff9b:1::a00:1", false},
        {"Teredo", "2001:0:53aa:64c::1", false},
        {"ORCHID", "2001:20::1", false},
        {"after the assignments", "2001:200::1", true},
        {"discard only", "100::1", false},
        {"segment routing", "5f00::1", false},
        {"allowed by configuration", "10.96.0.1", true},
        {"allowed IPv6", "fd00:1::5", true},
        {"beside what is allowed", "10.96.1.1", false},
    };
    struct cidr allow[2];
    assert_int_equal(cidr_decode(AMBIT_STR("10.96.0.0/24"), &allow[0]), AMBIT_OK);
    assert_int_equal(cidr_decode(AMBIT_STR("fd00:1::/32"), &allow[1]), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct addr addr = {0};
        ROW_CHECK(rows[i].name, addr_decode(ambit_str_of(rows[i].text), &addr) == AMBIT_OK);
        ROW_CHECK(rows[i].name, guard_allows(allow, 2, &addr) == rows[i].want);
    }
    assert_false(guard_allows(NULL, 0, &(struct addr){0}));
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool want;
    } rows[] = {
        {"https://idp.example.gov/jwks", true},
        {"https://idp.example.gov:8443/jwks?v=1", true},
        {"https://[2606:2800::1]/jwks", true},
        {"http://idp.example.gov/jwks", false},
        {"file:///etc/passwd", false},
        {"https://user@idp.example.gov/", false},
        {"https://idp.example.gov/a@b", true},
        {"https://idp.example.gov/#a", false},
        {"https://:443/", false},
        {"https:///jwks", false},
        {"https://", false},
        {"https://idp.example.gov/ x", false},
        {"https://idp.example.gov\\@127.0.0.1/", false},
        {"HTTPS://idp.example.gov/", false},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].text, guard_url_is_fine(ambit_str_of(rows[i].text)) == rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(urls)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
