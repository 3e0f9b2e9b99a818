/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as ambit.json: refused with problems that print and stay inside the file, or accepted
 * with every value in its range and the same values when read again. */
#include "fuzz.h"

#include "config/config.h"
#include "policy/problem.h"

#define PROBLEMS_AUTO AMBIT_CLEANUP(ambit_problems_done) struct ambit_problems

static void check_problems(const struct ambit_problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        BUF_AUTO line = {.p = NULL};
        problem_write_line(&line, &problems->v[i]);
        FUZZ_CHECK(!buf_check(&line));
        /* One line: whatever stood in the file, no control byte comes out of it. */
        for (size_t k = 0; k < line.len; k++)
            FUZZ_CHECK((uint8_t)line.p[k] >= 0x20 && line.p[k] != 0x7f);
    }
}

static void check_config(const struct config *config)
{
    FUZZ_CHECK(config->n_listen >= 1 && config->n_listen <= CONFIG_LISTENERS_MAX);
    for (size_t i = 0; i < config->n_listen; i++) {
        char url[CONFIG_URL_MAX] = "";
        config_listener_url(&config->listen[i], config->listen[i].port, url);
        struct config_listener again = {.kind = CONFIG_LISTENER_ALL};
        FUZZ_CHECK(config_listen_decode(ambit_str_of(url + 7), &again) == AMBIT_OK);
        FUZZ_CHECK(again.port == config->listen[i].port);
        FUZZ_CHECK(memcmp(&again.address, &config->listen[i].address, sizeof again.address) == 0);
    }
    FUZZ_CHECK(config->state.p && config->documents.p &&
               (ambit_str_is(config->review, "record") || ambit_str_is(config->review, "enforce")));
    FUZZ_CHECK(config->limits.queue >= 16 && config->limits.idle_s >= 1 &&
               config->attestation_s >= 1);
    FUZZ_CHECK(config->limits.store_reserve_bytes < config->limits.store_bytes);
}

/* The same bytes as the value of an environment variable, of a flag, and as the name of a file:
 * each is refused in words, or taken whole. */
static void check_elsewhere(struct ambit_str bytes)
{
    BUF_AUTO entry = {.p = NULL};
    buf_put_text(&entry, "AMBIT_LIMITS_QUEUE=");
    buf_put_str(&entry, bytes);
    buf_put_char(&entry, '\0');
    BUF_AUTO word = {.p = NULL};
    buf_put_str(&word, bytes);
    buf_put_char(&word, '\0');
    FUZZ_CHECK(!buf_check(&entry) && !buf_check(&word));

    const char *environment[] = {"AMBIT_REVIEW=record", entry.p, NULL};
    const struct config_source sources[] = {
        {.path = NULL, .environment = environment},
        {.path = NULL, .environment = environment, .listen = word.p},
        {.path = "no/such/folder/ambit.json", .state = word.p},
    };
    for (size_t i = 0; i < AMBIT_LEN(sources); i++) {
        CONFIG_AUTO config = {.n_listen = 0};
        PROBLEMS_AUTO problems = {.v = NULL};
        enum ambit_err err = config_load(&sources[i], &config, &problems);
        FUZZ_CHECK((err == AMBIT_ERR_MALFORMED) == (problems.n > 0) || err == AMBIT_ERR_NO_MEMORY);
        check_problems(&problems);
        if (!err)
            check_config(&config);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct config_source none = {.path = NULL};
    struct ambit_str bytes = {.p = data ? (const char *)data : "", .len = size};
    CONFIG_AUTO config = {.n_listen = 0}, again = {.n_listen = 0};
    PROBLEMS_AUTO problems = {.v = NULL}, problems_again = {.v = NULL};
    check_elsewhere(bytes);
    enum ambit_err err = config_read(bytes, "f", "/x/", &none, &config, &problems);
    FUZZ_CHECK((err == AMBIT_ERR_MALFORMED) == (problems.n > 0) || err == AMBIT_ERR_NO_MEMORY);
    check_problems(&problems);
    if (err)
        return 0;

    check_config(&config);
    FUZZ_CHECK(config_read(bytes, "f", "/x/", &none, &again, &problems_again) == AMBIT_OK);
    FUZZ_CHECK(memcmp(&config.limits, &again.limits, sizeof config.limits) == 0);
    FUZZ_CHECK(ambit_str_eq(config.state, again.state) &&
               ambit_str_eq(config.issuer, again.issuer));
    return 0;
}
