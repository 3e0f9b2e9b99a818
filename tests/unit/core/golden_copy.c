/* SPDX-License-Identifier: Apache-2.0 */
/* See golden_copy.h. The files are named by the environment: GOLDEN_STORE, the unpacked data.mdb,
 * and GOLDEN_STORE_JSON. */
#include "golden_copy.h"

#include <fcntl.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json_read.h"

static const char *path_of(const char *name)
{
    const char *path = getenv(name);
    assert_non_null(path);
    return path;
}

static struct answer read_token(const struct json_value *value)
{
    struct answer token = {.err = AMBIT_OK};
    assert_int_equal(id_decode(json_get_str(value, "grant"), &token.grant), AMBIT_OK);
    assert_int_equal(hex_decode(json_get_str(value, "rnd"), token.rnd, sizeof token.rnd), AMBIT_OK);
    return token;
}

void golden_again(struct stage *stage)
{
    stage_take_store(stage, path_of("GOLDEN_STORE"));
}

void golden_make(struct stage *stage, struct golden_store *ret)
{
    ARENA_AUTO arena = {0};
    BUF_AUTO text = {0};
    const struct json_value *value = NULL;
    struct json_problem problem;
    int64_t events = 0;
    stage_make(stage);
    stage->limits.store_bytes = 8 << 20;
    golden_documents(stage);
    golden_again(stage);
    stage_wall_ms = GOLDEN_END_MS;

    assert_int_equal(file_read(AT_FDCWD, path_of("GOLDEN_STORE_JSON"), 1 << 16, &text), AMBIT_OK);
    assert_int_equal(json_read(buf_str(&text), (struct json_limits){0}, &arena, &value, &problem),
                     AMBIT_OK);
    assert_true(json_get_i64(value, "events", &events));
    *ret = (struct golden_store){
        .events = (uint64_t)events,
        .live = read_token(json_get(value, "live")),
        .stopped = read_token(json_get(value, "stopped")),
    };
    assert_int_equal(hex_decode(json_get_str(value, "root"), ret->root.b, sizeof ret->root.b),
                     AMBIT_OK);
}
