/* SPDX-License-Identifier: Apache-2.0 */
/* What a log is called, at first and after it was continued. */
#include "base/encode.h"
#include "core/internal.h"
#include "core/tlog_open.h"
#include "core/tlog_start.h"

/* The text before "/rN", and N; the whole and 1 where there is no such end. */
struct ambit_str tlog_origin_base(struct ambit_str origin, uint64_t *ret_n)
{
    const char *slash = origin.len ? memrchr(origin.p, '/', origin.len) : NULL;
    size_t at = slash ? (size_t)(slash - origin.p) : origin.len;
    struct ambit_str number = {.p = origin.p + at + 2, .len = 0};
    *ret_n = 1;
    if (slash == NULL || origin.len - at < 3 || slash[1] != 'r')
        return origin;
    number.len = origin.len - at - 2;
    if (parse_u64(number, ret_n) != AMBIT_OK || *ret_n < 2) {
        *ret_n = 1;
        return origin;
    }
    return (struct ambit_str){.p = origin.p, .len = at};
}

uint64_t tlog_generation(struct ambit_str origin)
{
    uint64_t n = 1;
    (void)tlog_origin_base(origin, &n);
    return n;
}

void tlog_start_name(struct tlog_start *start, struct ambit_str origin)
{
    AMBIT_ASSERT(origin.len <= sizeof start->origin);
    memmove(start->origin, origin.p, origin.len);
    start->origin_len = origin.len;
}

/* The issuer without its scheme, and "/log" (TIL-1). */
static AMBIT_CHECKED enum ambit_err put_default_origin(const struct broker *broker,
                                                       struct buf *origin)
{
    struct ambit_str issuer = buf_str(&broker->issuer);
    const char *scheme = issuer.len ? memmem(issuer.p, issuer.len, "://", 3) : NULL;
    if (scheme != NULL) {
        size_t skip = (size_t)(scheme - issuer.p) + 3;
        issuer = (struct ambit_str){.p = issuer.p + skip, .len = issuer.len - skip};
    }
    buf_put_str(origin, issuer);
    buf_put_text(origin, "/log");
    return buf_check(origin);
}

/* Of a log that is to be begun, or that is to be left for the next. */
enum ambit_err tlog_name_first(const struct broker *broker, struct tlog_start *start)
{
    BUF_AUTO origin = {0};
    enum ambit_err err = AMBIT_OK;
    if (start->origin_len > 0)
        return AMBIT_OK;
    if (broker->log_config.origin.p != NULL)
        buf_put_str(&origin, broker->log_config.origin);
    else
        err = put_default_origin(broker, &origin);
    if (err == AMBIT_OK)
        err = buf_check(&origin);
    if (err == AMBIT_OK && !note_name_is_valid(buf_str(&origin)))
        err = AMBIT_ERR_MALFORMED;
    if (err == AMBIT_OK)
        tlog_start_name(start, buf_str(&origin));
    return err;
}

enum ambit_err tlog_name_next(struct tlog_start *start)
{
    BUF_AUTO origin = {.max = NOTE_NAME_MAX};
    uint64_t n = 1;
    buf_put_str(&origin, tlog_origin_base(tlog_start_origin(start), &n));
    buf_printf(&origin, "/r%llu", (unsigned long long)n + 1);
    enum ambit_err err = buf_check(&origin);
    if (err == AMBIT_OK)
        tlog_start_name(start, buf_str(&origin));
    return err;
}
