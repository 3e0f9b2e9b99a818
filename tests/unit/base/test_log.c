/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a log line is one line of JSON whatever the texts in it, cut and cleaned. */
#include "support/unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_read.h"
#include "base/log.h"

/* Runs `speak` with standard error turned into a file and gives what it wrote. */
static struct ambit_str captured(void (*speak)(void), char *memory, size_t size)
{
    char name[] = "/tmp/ambit-log-XXXXXX";
    int fd = mkstemp(name);
    int saved = dup(STDERR_FILENO);

    assert_true(fd >= 0 && saved >= 0);
    unlink(name);
    dup2(fd, STDERR_FILENO);
    speak();
    dup2(saved, STDERR_FILENO);
    ssize_t n = pread(fd, memory, size, 0);
    assert_true(n >= 0);
    close(fd);
    close(saved);
    return (struct ambit_str){.p = memory, .len = (size_t)n};
}

static void speak_plain(void)
{
    static char long_text[1000];

    memset(long_text, 'x', sizeof long_text);
    memcpy(long_text + 255, "\xe2\x82\xac", 3);
    log_init(NULL);
    LOG(LOG_INFO, "a request", LOG_NUMBER("status", 200), LOG_TEXT("route", AMBIT_STR("/token")),
        LOG_TEXT("bad", AMBIT_STR("a\n\"\xff z")),
        LOG_TEXT("long", ((struct ambit_str){.p = long_text, .len = sizeof long_text})));
}

static void speak_quietly(void)
{
    log_set_level(LOG_WARNING);
    LOG(LOG_INFO, "not seen", LOG_NUMBER("n", 1));
    LOG(LOG_ERROR, "seen", LOG_NUMBER("n", 2));
    log_set_level(LOG_INFO);
}

static void speak_journal(void)
{
    struct stat st = {0};
    char stream[64];

    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    log_init(stream);
    LOG(LOG_NOTICE, "to the journal", LOG_NUMBER("n", 1));
    log_init("8:x");
}

static void test_line(void **state)
{
    char memory[4096];
    ARENA_AUTO arena = {0};
    const struct json_value *v = NULL;
    struct json_problem problem = {0};
    int64_t status = 0;

    (void)state;
    struct ambit_str line = captured(speak_plain, memory, sizeof memory);
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(json_read(line, (struct json_limits){0}, &arena, &v, &problem), AMBIT_OK);
    assert_ptr_equal(memchr(line.p, '\n', line.len), line.p + line.len - 1);
    assert_true(ambit_str_is(json_get_str(v, "message"), "a request"));
    assert_true(ambit_str_is(json_get_str(v, "level"), "info"));
    assert_true(json_get_i64(v, "status", &status) && status == 200);
    assert_true(ambit_str_is(json_get_str(v, "route"), "/token"));
    assert_true(ambit_str_is(json_get_str(v, "bad"), "a\n\"? z"));
    assert_int_equal(json_get_str(v, "long").len, 255); /* not in the middle of a character */
}

static void test_levels(void **state)
{
    char memory[4096];

    (void)state;
    struct ambit_str line = captured(speak_quietly, memory, sizeof memory);
    assert_null(memmem(line.p, line.len, "not seen", 8));
    assert_non_null(memmem(line.p, line.len, "\"seen\"", 6));
    line = captured(speak_journal, memory, sizeof memory);
    assert_memory_equal(line.p, "<5>{", 4);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_line),
    cmocka_unit_test(test_levels),
};
UNIT_MAIN(tests)
