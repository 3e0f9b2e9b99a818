/* SPDX-License-Identifier: Apache-2.0 */
/* Each shape of text takes what it must and refuses its neighbours. */
#include "support/unit.h"

#include "policy/shape.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct row {
    const struct shape *shape;
    const char *text;
    bool is_good;
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *fault = rows[i].shape->fault(ambit_str_of(rows[i].text));
        ROW_CHECK(rows[i].text, (fault == NULL) == rows[i].is_good);
        ROW_CHECK(rows[i].text, rows[i].shape->expected != NULL);
    }
}

#define TEN(x)  x x x x x x x x x x
#define LONG254 TEN(TEN("ab")) TEN("abcde") "abcd"

static void addresses(void **state)
{
    static const struct row rows[] = {
        {&shape_email, "dana@example.gov", true},
        {&shape_email, "a.b+c@x", true},
        {&shape_email, "a@-x", false},
        {&shape_email, "a@x-.y", false},
        {&shape_email, "a@x-y", true},
        {&shape_email, "a@x_y", false},
        {&shape_email, LONG254 "@x", false},
        {&shape_dns_name, LONG254 "a.b", false},
        {&shape_email, "dana", false},
        {&shape_email, "@example.gov", false},
        {&shape_email, "dana@", false},
        {&shape_email, "a@b@c", false},
        {&shape_email, "a b@c", false},
        {&shape_email, "Dana <dana@example.gov>", false},
        {&shape_dns_name, "agent.example.gov", true},
        {&shape_dns_name, "localhost", true},
        {&shape_dns_name, A63 ".x", true},
        {&shape_dns_name, A63 "a.x", false},
        {&shape_dns_name, "a..b", false},
        {&shape_dns_name, "a.", false},
        {&shape_dns_name, "-a", false},
        {&shape_dns_name, "a-", false},
        {&shape_dns_name, "a-.b", false},
        {&shape_dns_name, "a_b", false},
        {&shape_dns_name, "*.example.gov", false},
        {&shape_ip, "10.0.0.1", true},
        {&shape_ip, "2001:db8::1", true},
        {&shape_ip, "10.0.0", false},
        {&shape_ip, "10.0.0.0/8", false},
        {&shape_cidr, "10.20.0.0/16", true},
        {&shape_cidr, "2001:db8::/32", true},
        {&shape_cidr, "10.20.0.1/16", false},
        {&shape_cidr, "10.20.0.1", false},
        {&shape_cidr, "10.20.0.0/33", false},
    };
    (void)state;
    check(rows, AMBIT_LEN(rows));
}

/* RFC 3986 section 4.3, absolute-URI; section 3.1, scheme; section 2.1, percent-encoding. */
static void uris(void **state)
{
    static const struct row rows[] = {
        {&shape_uri, "", false},
        {&shape_uri, "1:x", false},
        {&shape_uri, "x:%4g", false},
        {&shape_uri, "x:%4G", false},
        {&shape_uri, "x:%g0", false},
        {&shape_uri, "x:%~0", false},
        {&shape_uri, "x:%aF%09", true},
        {&shape_uri, "x:%4", false},
        {&shape_https_uri, "https:/", false},
        {&shape_https_uri, "http://xy", false},
        {&shape_uri, "https://payments.example.gov", true},
        {&shape_uri, "https://[2001:db8::1]:8443/a?b=c", true},
        {&shape_uri, "urn:example:payments", true},
        {&shape_uri, "spiffe://prod.example/agent", true},
        {&shape_uri, "https://a/%2F", true},
        {&shape_uri, "payments", false},
        {&shape_uri, "//payments", false},
        {&shape_uri, "https:", false},
        {&shape_uri, "https://", false},
        {&shape_uri, "https:///x", false},
        {&shape_uri, "1https://a", false},
        {&shape_uri, "ht_tps://a", false},
        {&shape_uri, "https://a#b", false},
        {&shape_uri, "https://a b", false},
        {&shape_uri, "https://a/%2", false},
        {&shape_uri, "https://a/%zz", false},
        {&shape_uri, "https://a/\xc3\xa9", false},
        {&shape_https_uri, "https://a.example/jwks", true},
        {&shape_https_uri, "http://a.example/jwks", false},
        {&shape_https_uri, "https://u@a.example/jwks", false},
        {&shape_https_uri, "https://a.example/@x", true},
        {&shape_https_uri, "https://a.example/#x", false},
    };
    (void)state;
    check(rows, AMBIT_LEN(rows));
}

static void members_and_digests(void **state)
{
    static const struct row rows[] = {
        {&shape_member, "batch", true},
        {&shape_member, "subject.team", true},
        {&shape_member, "source", false},
        {&shape_member, "arguments_digest", false},
        {&shape_member, "stated_reason", false},
        {&shape_subject_type, "user", true},
        {&shape_subject_type, "access_token", false},
        {&shape_digest, "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
         true},
        {&shape_digest, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", false},
        {&shape_digest, "sha256:9f", false},
    };
    (void)state;
    check(rows, AMBIT_LEN(rows));
}

static void zones(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } rows[] = {
        {"Europe/Berlin", true},
        {"UTC", true},
        {"America/Argentina/Salta", true},
        {"Etc/GMT+1", true},
        {"", false},
        {"/etc/passwd", false},
        {"../x", false},
        {"Europe/../x", false},
        {"Europe//Berlin", false},
        {"Europe/", false},
        {"Europe/.x", false},
        {"Europe Berlin", false},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].text, shape_is_zone_name(ambit_str_of(rows[i].text)) == rows[i].is_good);
}

/* RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4. */
static void ssh_keys(void **state)
{
#define ED "AAAAC3NzaC1lZDI1NTE5AAAAIJKNYl0hU2N1nDdRk1pgNmYyl4iDTsTnqDS3A5C4VxhB"
    static const struct row rows[] = {
        {&shape_ssh_key, "ssh-ed25519 " ED, true},
        {&shape_ssh_key, "ssh-ed25519 " ED " dana@laptop, two words", true},
        {&shape_ssh_key,
         "ecdsa-sha2-nistp256 "
         "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBBERERERERERERERERERERERERERERERERERE"
         "RERERERERERERERERERERERERERERERERERERERERERERERERE=",
         true},
        {&shape_ssh_key,
         "ecdsa-sha2-nistp256 "
         "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABABBERERERERERERERERERERERERERERERERERE"
         "REREREREREREREREREREREREREREREREREREREREREREREREQ==",
         false},
        {&shape_ssh_key,
         "ecdsa-sha2-nistp256 "
         "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBAhERERERERERERERERERERERERERERERERERE"
         "RERERERERERERERERERERERERERERERERERERERERERERERERE=",
         false},
        {&shape_ssh_key, "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAA==", false},
        {&shape_ssh_key, "ssh-ed25519", false},
        {&shape_ssh_key, "ssh-ed25519 ", false},
        {&shape_ssh_key, "ssh-rsa " ED, false},
        {&shape_ssh_key, "ssh-dss " ED, false},
        {&shape_ssh_key, "from=\"10.0.0.0/8\" ssh-ed25519 " ED, false},
        {&shape_ssh_key, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJKN", false},
        {&shape_ssh_key, "ssh-ed25519 AAAA!", false},
        {&shape_ssh_key, "ssh-ed25519 AAAA", false},
        {&shape_ssh_key, "ssh-ed25519 " ED "AAAA", false},
    };
    (void)state;
    check(rows, AMBIT_LEN(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(uris),
        cmocka_unit_test(members_and_digests),
        cmocka_unit_test(zones),
        cmocka_unit_test(ssh_keys),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
