/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a configuration is taken whole or refused with every mistake in it, each at its place; a
 * flag goes over the environment, that over the file, that over the default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"

#define PROBLEMS_AUTO AMBIT_CLEANUP(ambit_problems_done) struct ambit_problems

#define REVIEW "\"review\": \"record\""

static enum ambit_err load(const char *json, const struct config_source *source,
                           struct config *config, struct ambit_problems *problems)
{
    return config_read(ambit_str_of(json), "ambit.json", "/etc/x/", source, config, problems);
}

static void defaults_are_those_of_the_interface(void **state)
{
    (void)state;
    CONFIG_AUTO config = {.n_listen = 0};
    PROBLEMS_AUTO problems = {.v = NULL};
    const struct config_source none = {.path = NULL};
    assert_int_equal(load("{" REVIEW "}", &none, &config, &problems), AMBIT_OK);
    assert_null(config.issuer.p);
    assert_true(ambit_str_is(config.state, "/var/lib/ambit"));
    assert_true(ambit_str_is(config.documents, "/etc/ambit"));
    assert_int_equal(config.n_listen, 1);
    assert_int_equal(config.listen[0].kind, CONFIG_LISTENER_ALL);
    assert_int_equal(config.listen[0].port, 8420);
    assert_int_equal(config.attestation_s, 90 * 86400);
    assert_int_equal(config.limits.store_bytes, 8589934592);
    assert_int_equal(config.limits.store_reserve_bytes, 16777216);
    assert_int_equal(config.limits.store_grow_bytes, 67108864);
    assert_int_equal(config.limits.connections, 4096);
    assert_int_equal(config.limits.connections_per_source, 1024);
    assert_int_equal(config.limits.idle_s, 30);
    assert_int_equal(config.limits.request_s, 30);
    assert_int_equal(config.limits.queue, 8192);
    assert_int_equal(config.limits.agent_per_s, 200);
    assert_int_equal(config.limits.agent_burst, 1000);
    assert_int_equal(config.limits.service_per_s, 20000);
    assert_int_equal(config.limits.service_burst, 40000);
    assert_int_equal(config.limits.person_per_s, 50);
    assert_int_equal(config.limits.person_burst, 200);
}

static void a_whole_file_is_taken(void **state)
{
    (void)state;
    CONFIG_AUTO config = {.n_listen = 0};
    PROBLEMS_AUTO problems = {.v = NULL};
    const struct config_source none = {.path = NULL};
    const char *json =
        "{\"issuer\": \"https://broker.example.gov\", \"state\": \"var\", \"documents\": "
        "\"/srv/d\","
        "\"listen\": [{\"name\": \"agents\", \"address\": \"127.0.0.1:0\"},"
        "{\"address\": \"[::1]:8422\", \"name\": \"ops\"}], \"keys\": {\"algorithm\": \"ES256\"},"
        "\"trusted_issuers\": [], \"trusted_proxies\": [], \"notify\": [], \"attestation\": "
        "\"30d\","
        "\"limits\": {\"queue\": 100}, " REVIEW "}";
    assert_int_equal(load(json, &none, &config, &problems), AMBIT_OK);
    assert_true(ambit_str_is(config.issuer, "https://broker.example.gov"));
    assert_true(ambit_str_is(config.state, "/etc/x/var"));
    assert_true(ambit_str_is(config.documents, "/srv/d"));
    assert_int_equal(config.n_listen, 2);
    assert_int_equal(config.listen[0].kind, CONFIG_LISTENER_AGENTS);
    assert_int_equal(config.listen[1].kind, CONFIG_LISTENER_OPS);
    assert_int_equal(config.listen[1].address.family, 6);
    assert_int_equal(config.attestation_s, 30 * 86400);
    assert_int_equal(config.limits.queue, 100);
}

struct refusal_row {
    const char *name, *json, *pointer, *what;
    uint32_t line, column;
    const char *nearest;
};

static const struct refusal_row refusals[] = {
    {"not JSON", "{\"review\" \"record\"}", "", NULL, 1, 11, NULL},
    {"no object", "[]", "", "is no JSON object", 1, 1, NULL},
    {"trailing bytes", "{" REVIEW "} x", "", NULL, 1, 22, NULL},
    {"unknown key", "{" REVIEW ",\n \"isuer\": \"https://a.b\"}", "/isuer", "unknown key", 2, 2,
     "issuer"},
    {"unknown limit", "{" REVIEW ",\n \"limits\": {\"quue\": 1}}", "/limits/quue", "unknown key", 2,
     13, "queue"},
    {"twice", "{" REVIEW ", \"review\": \"record\"}", "/review", "the key occurs twice", 1, 22,
     NULL},
    {"wrong type", "{" REVIEW ", \"state\": 1}", "/state", "has the wrong type", 1, 31, NULL},
    {"section is a text", "{" REVIEW ", \"limits\": \"\"}", "/limits", "has the wrong type", 1, 22,
     NULL},
    {"out of range", "{" REVIEW ", \"limits\": {\"idle_s\": 0}}", "/limits/idle_s",
     "is out of range", 1, 43, NULL},
    {"decimal", "{" REVIEW ", \"limits\": {\"idle_s\": 1.5}}", "", NULL, 1, 43, NULL},
    {"duration", "{" REVIEW ", \"attestation\": \"0d\"}", "/attestation", "is no duration in range",
     1, 37, NULL},
    {"review", "{\"review\": \"strict\"}", "/review", "is no way to treat reviews", 1, 12, NULL},
    {"algorithm", "{" REVIEW ", \"keys\": {\"algorithm\": \"HS256\"}}", "/keys/algorithm",
     "is no algorithm that tokens are signed with", 1, 44, NULL},
    {"rotation", "{" REVIEW ", \"keys\": {\"rotate\": \"30m\"}}", "/keys/rotate",
     "is no duration in range", 1, 41, NULL},
    {"trusted issuers", "{" REVIEW ", \"trusted_issuers\": [1]}", "/trusted_issuers",
     "has the wrong type", 1, 42, NULL},
    {"a proxy without a prefix", "{" REVIEW ", \"trusted_proxies\": [\"10.0.0.1\"]}",
     "/trusted_proxies/0", "is no block of addresses", 1, 42, NULL},
    {"a proxy whose prefix cuts bits off", "{" REVIEW ", \"trusted_proxies\": [\"10.0.0.1/8\"]}",
     "/trusted_proxies/0", "is no block of addresses", 1, 42, NULL},
    {"everybody is a proxy", "{" REVIEW ", \"trusted_proxies\": [\"::1/128\", \"0.0.0.0/0\"]}",
     "/trusted_proxies/1", "would believe everybody about who calls", 1, 53, NULL},
    {"proxies are no list", "{" REVIEW ", \"trusted_proxies\": \"::1/128\"}", "/trusted_proxies",
     "is no list of address blocks", 1, 41, NULL},
    {"notify", "{" REVIEW ", \"notify\": [\"x\"]}", "/notify", "this version notifies nobody", 1,
     32, NULL},
    {"tls", "{" REVIEW ", \"listen\": [{\"address\": \"127.0.0.1:1\", \"tls\": {}}]}",
     "/listen/0/tls", "needs a certificate and a key", 1, 60, NULL},
    {"tls without a key",
     "{" REVIEW
     ", \"listen\": [{\"address\": \"127.0.0.1:1\", \"tls\": {\"certificate\": \"c\"}}]}",
     "/listen/0/tls", "needs a certificate and a key", 1, 60, NULL},
    {"tls with a misspelt member",
     "{" REVIEW ", \"listen\": [{\"address\": \"127.0.0.1:1\", \"tls\": {\"certificate\": \"c\", "
     "\"key\": \"k\", \"clients_ca\": \"a\"}}]}",
     "/listen/0/tls", "unknown key", 1, 100, "client_ca"},
    {"tls is a text", "{" REVIEW ", \"listen\": [{\"address\": \"127.0.0.1:1\", \"tls\": \"c\"}]}",
     "/listen/0/tls", "is no object", 1, 60, NULL},
    {"unix and no issuer", "{" REVIEW ", \"listen\": [{\"unix\": \"/x\"}]}", "",
     "\"issuer\" is missing", 0, 0, NULL},
    {"unix and an address",
     "{" REVIEW ", \"listen\": [{\"unix\": \"/x\", \"address\": \"127.0.0.1:1\"}]}", "/listen/0",
     "a listener has an address and a Unix socket", 1, 33, NULL},
    {"unix and tls",
     "{" REVIEW
     ", \"listen\": [{\"unix\": \"/x\", \"tls\": {\"certificate\": \"c\", \"key\": \"k\"}}]}",
     "/listen/0", "a Unix socket does not leave this machine and has no TLS", 1, 33, NULL},
    {"unix that nobody may use",
     "{" REVIEW ", \"listen\": [{\"unix\": \"/x\", \"mode\": \"0444\"}]}", "/listen/0/mode",
     "is no mode of a socket", 1, 48, NULL},
    {"unix of nobody known",
     "{" REVIEW ", \"listen\": [{\"unix\": \"/x\", \"owner\": \"no-such-user\"}]}",
     "/listen/0/owner", "is no user of this machine", 1, 48, NULL},
    {"unix of no group known",
     "{" REVIEW ", \"listen\": [{\"unix\": \"/x\", \"group\": \"no-such-group\"}]}",
     "/listen/0/group", "is no group of this machine", 1, 48, NULL},
    {"an address has no mode",
     "{" REVIEW ", \"listen\": [{\"address\": \"127.0.0.1:1\", \"mode\": \"0600\"}]}", "/listen/0",
     "mode, owner and group are a Unix socket's", 1, 33, NULL},
    {"neither", "{" REVIEW ", \"listen\": [{}]}", "/listen/0", "a listener has no address", 1, 33,
     NULL},
    {"everything for everybody",
     "{" REVIEW ", \"listen\": [{\"address\": \"0.0.0.0:1\", \"tls\": {\"certificate\": \"c\", "
     "\"key\": \"k\"}}]}",
     "/listen/0", "a listener without a name serves everything, and only this machine", 1, 33,
     NULL},
    {"HTP-1 not loopback", "{" REVIEW ", \"listen\": [{\"address\": \"0.0.0.0:1\"}]}", "/listen/0",
     "a listener without a name serves everything, and only this machine", 1, 33, NULL},
    {"HTP-1 named and not loopback",
     "{" REVIEW ", \"listen\": [{\"name\": \"agents\", \"address\": \"0.0.0.0:1\"}]}", "/listen/0",
     "the address is not loopback: without TLS it would carry tokens in the clear", 1, 33, NULL},
    {"no port", "{" REVIEW ", \"listen\": [{\"address\": \"127.0.0.1\"}]}", "/listen/0/address",
     "is no address and port", 1, 34, NULL},
    {"listener name",
     "{" REVIEW ", \"issuer\": \"https://a\", \"listen\": [{\"name\": \"agent\", \"address\": "
     "\"127.0.0.1:1\"}]}",
     "/listen/0/name", "unknown listener", 1, 57, "agents"},
    {"all and another",
     "{" REVIEW
     ", \"issuer\": \"https://a\", \"listen\": [{\"address\": \"127.0.0.1:1\"}, {\"name\": "
     "\"ops\", \"address\": \"127.0.0.1:2\"}]}",
     "", "a listener without a name serves everything, and stands alone", 0, 0, NULL},
    {"issuer needed",
     "{" REVIEW ", \"listen\": [{\"name\": \"ops\", \"address\": \"127.0.0.1:2\"}]}", "",
     "\"issuer\" is missing", 0, 0, NULL},
    {"issuer plain", "{" REVIEW ", \"issuer\": \"http://a.example\"}", "/issuer", "is no issuer", 1,
     32, NULL},
    {"issuer lookalike", "{" REVIEW ", \"issuer\": \"http://127.0.0.1.example.net\"}", "/issuer",
     "is no issuer", 1, 32, NULL},
    {"issuer slash (MET-3)", "{" REVIEW ", \"issuer\": \"https://a.example/\"}", "/issuer",
     "is no issuer", 1, 32, NULL},
    {"issuer query (MET-3)", "{" REVIEW ", \"issuer\": \"https://a.example/?x\"}", "/issuer",
     "is no issuer", 1, 32, NULL},
    {"reserve", "{" REVIEW ", \"limits\": {\"store_bytes\": 1048576}}", "",
     "limits.store_reserve_bytes leaves no room for the store", 0, 0, NULL},
};

static void each_mistake_is_refused_at_its_place(void **state)
{
    (void)state;
    const struct config_source none = {.path = NULL};
    for (size_t i = 0; i < AMBIT_LEN(refusals); i++) {
        const struct refusal_row *row = &refusals[i];
        CONFIG_AUTO config = {.n_listen = 0};
        PROBLEMS_AUTO problems = {.v = NULL};
        print_message("# %s\n", row->name);
        assert_int_equal(load(row->json, &none, &config, &problems), AMBIT_ERR_MALFORMED);
        assert_int_equal(problems.n, 1);
        const struct ambit_problem *got = &problems.v[0];
        assert_true(ambit_str_is(got->file, "ambit.json"));
        assert_true(ambit_str_is(got->pointer, row->pointer));
        if (row->what)
            assert_true(ambit_str_is(got->what, row->what));
        assert_int_equal(got->line, row->line);
        assert_int_equal(got->column, row->column);
        assert_true(ambit_str_is(got->nearest, row->nearest ? row->nearest : ""));
    }
}

static void all_mistakes_come_at_once(void **state)
{
    (void)state;
    CONFIG_AUTO config = {.n_listen = 0};
    PROBLEMS_AUTO problems = {.v = NULL};
    const struct config_source none = {.path = NULL};
    const char *json =
        "{\"a\": 1, \"state\": 2, \"review\": \"strict\", \"limits\": {\"queue\": 0, \"b\": 1}}";
    assert_int_equal(load(json, &none, &config, &problems), AMBIT_ERR_MALFORMED);
    assert_int_equal(problems.n, 5);
}

static void flag_over_environment_over_file(void **state)
{
    (void)state;
    CONFIG_AUTO config = {.n_listen = 0};
    PROBLEMS_AUTO problems = {.v = NULL};
    static const char *const environment[] = {
        "AMBIT_STATE=env",          "AMBIT_LIMITS_QUEUE=77",      "AMBIT_LIMITS_IDLE_S=",
        "AMBIT_LISTEN=127.0.0.1:7", "AMBIT_URL=http://elsewhere", NULL};
    const struct config_source source = {.state = "flag", .environment = environment};
    const char *json =
        "{" REVIEW
        ", \"state\": \"file\", \"limits\": {\"queue\": 50, \"idle_s\": 5, \"request_s\": 6}}";
    assert_int_equal(load(json, &source, &config, &problems), AMBIT_OK);
    assert_true(ambit_str_is(config.state, "flag"));
    assert_int_equal(config.limits.queue, 77);
    assert_int_equal(config.limits.idle_s, 5);
    assert_int_equal(config.limits.request_s, 6);
    assert_int_equal(config.listen[0].port, 7);
}

static void mistakes_of_the_environment_are_named(void **state)
{
    (void)state;
    CONFIG_AUTO config = {.n_listen = 0};
    PROBLEMS_AUTO problems = {.v = NULL};
    static const char *const environment[] = {"AMBIT_LIMITS_QUEUE=many", NULL};
    const struct config_source source = {.listen = "10.0.0.1:1", .environment = environment};
    assert_int_equal(load("{" REVIEW "}", &source, &config, &problems), AMBIT_ERR_MALFORMED);
    assert_int_equal(problems.n, 2);
    assert_true(ambit_str_is(problems.v[0].file, "AMBIT_LIMITS_QUEUE"));
    assert_true(ambit_str_is(problems.v[0].pointer, "/limits/queue"));
    assert_true(ambit_str_is(problems.v[1].file, "--listen"));
    assert_true(ambit_str_is(problems.v[1].pointer, "/listen"));
}

static void a_missing_file_is_a_problem(void **state)
{
    (void)state;
    CONFIG_AUTO config = {.n_listen = 0};
    PROBLEMS_AUTO problems = {.v = NULL};
    const struct config_source source = {.path = "/nonexistent/ambit.json"};
    assert_int_equal(config_load(&source, &config, &problems), AMBIT_ERR_MALFORMED);
    assert_int_equal(problems.n, 1);
}

static void listeners_have_urls(void **state)
{
    (void)state;
    static const struct {
        const char *text, *url;
        enum ambit_err err;
    } rows[] = {
        {"127.0.0.1:8420", "http://127.0.0.1:8420", AMBIT_OK},
        {"127.9.0.1:0", "http://127.9.0.1:0", AMBIT_OK},
        {"[::1]:65535", "http://[::1]:65535", AMBIT_OK},
        {"127.0.0.1:65536", NULL, AMBIT_ERR_MALFORMED},
        {"127.0.0.1:", NULL, AMBIT_ERR_MALFORMED},
        {"127.0.0.1:+1", NULL, AMBIT_ERR_MALFORMED},
        {":8420", NULL, AMBIT_ERR_MALFORMED},
        {"::1:8420", NULL, AMBIT_ERR_MALFORMED},
        {"[127.0.0.1]:8420", NULL, AMBIT_ERR_MALFORMED},
        {"localhost:8420", NULL, AMBIT_ERR_MALFORMED},
        {"0.0.0.0:8420", NULL, AMBIT_ERR_REFUSED},
        {"[::]:8420", NULL, AMBIT_ERR_REFUSED},
        {"10.1.2.3:8420", NULL, AMBIT_ERR_REFUSED},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct config_listener listener = {.port = 0};
        print_message("# %s\n", rows[i].text);
        assert_int_equal(config_listen_decode(ambit_str_of(rows[i].text), &listener), rows[i].err);
        if (rows[i].err)
            continue;
        char url[CONFIG_URL_MAX] = "";
        config_listener_url(&listener, listener.port, url);
        assert_string_equal(url, rows[i].url);
    }
}

static void tls_unix_and_proxies_are_taken(void **state)
{
    (void)state;
    CONFIG_AUTO config = {.n_listen = 0};
    PROBLEMS_AUTO problems = {.v = NULL};
    const struct config_source none = {.path = NULL};
    const char *json =
        "{\"issuer\": \"https://broker.example.gov\", \"listen\": [{\"name\": \"agents\", "
        "\"address\": \"0.0.0.0:8443\", \"tls\": {\"certificate\": \"tls/c.pem\", \"key\": "
        "\"/k.pem\", \"client_ca\": \"ca.pem\"}}, {\"name\": \"local\", \"unix\": \"agent.sock\", "
        "\"mode\": \"0660\", \"owner\": \"root\", \"group\": \"root\"}, {\"name\": \"operators\", "
        "\"address\": \"[::1]:8421\"}], \"trusted_proxies\": [\"10.0.0.0/8\", \"::1/128\"], "
        "\"proxy_client_ca\": \"proxy.pem\"}";
    assert_int_equal(load(json, &none, &config, &problems), AMBIT_OK);
    char url[CONFIG_URL_MAX] = "";
    assert_string_equal(config.listen[0].tls.certificate.p, "/etc/x/tls/c.pem");
    assert_string_equal(config.listen[0].tls.key.p, "/k.pem");
    assert_string_equal(config.listen[0].tls.client_ca.p, "/etc/x/ca.pem");
    config_listener_url(&config.listen[0], 8443, url);
    assert_string_equal(url, "https://0.0.0.0:8443");
    assert_string_equal(config.listen[1].unix_path.p, "/etc/x/agent.sock");
    assert_int_equal(config.listen[1].unix_mode, 0660);
    assert_int_equal(config.listen[1].unix_owner, 0);
    assert_int_equal(config.listen[1].unix_group, 0);
    config_listener_url(&config.listen[1], 0, url);
    assert_string_equal(url, "unix:/etc/x/agent.sock");
    assert_null(config.listen[2].tls.certificate.p);
    assert_int_equal(config.n_trusted_proxies, 2);
    assert_int_equal(config.trusted_proxies[0].bits, 8);
    assert_string_equal(config.proxy_client_ca.p, "/etc/x/proxy.pem");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_unix_and_proxies_are_taken),
        cmocka_unit_test(defaults_are_those_of_the_interface),
        cmocka_unit_test(a_whole_file_is_taken),
        cmocka_unit_test(each_mistake_is_refused_at_its_place),
        cmocka_unit_test(all_mistakes_come_at_once),
        cmocka_unit_test(flag_over_environment_over_file),
        cmocka_unit_test(mistakes_of_the_environment_are_named),
        cmocka_unit_test(a_missing_file_is_a_problem),
        cmocka_unit_test(listeners_have_urls),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
