/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON line a call, by one write. A line that cannot be written is lost: the record, not the
 * log, is what must not be. */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "base/utf8.h"

enum { LINE_MAX_BYTES = 8192, TEXT_MAX_BYTES = 256 };

static atomic_int lowest_level = LOG_INFO;
static atomic_bool is_journal;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&lowest_level, (int)level, memory_order_relaxed);
}

/* JOURNAL_STREAM holds "device:inode" of the stream that the service manager connected; another
 * file on standard error means that it was redirected since. */
void log_init(const char *journal_stream)
{
    const char *colon = journal_stream ? strchr(journal_stream, ':') : NULL;
    struct stat st = {0};
    uint64_t device = 0, inode = 0;

    is_journal = false;
    if (!colon || fstat(STDERR_FILENO, &st) != 0)
        return;
    struct ambit_str head = {.p = journal_stream, .len = (size_t)(colon - journal_stream)};
    if (parse_u64(head, &device) != AMBIT_OK ||
        parse_u64(ambit_str_of(colon + 1), &inode) != AMBIT_OK)
        return;
    is_journal = st.st_dev == device && st.st_ino == inode;
}

/* At most TEXT_MAX_BYTES of `text`, cut between characters; what is not UTF-8 becomes '?'. */
static void put_text(struct json_out *out, struct ambit_str text)
{
    __attribute__((uninitialized)) char clean[TEXT_MAX_BYTES];
    size_t len = 0;

    if (text.len <= sizeof clean && json_plain_run(text.p, text.len) == text.len) {
        json_str(out, text);
        return;
    }
    for (size_t i = 0; i < text.len;) {
        size_t n = utf8_sequence(text.p + i, text.len - i);
        if (len + (n ? n : 1) > sizeof clean)
            break;
        if (n)
            memcpy(clean + len, text.p + i, n);
        else
            clean[len] = '?';
        len += n ? n : 1;
        i += n ? n : 1;
    }
    json_str(out, (struct ambit_str){.p = clean, .len = len});
}

static const char *level_text(enum log_level level)
{
    switch (level) {
    case LOG_ERROR:
        return "error";
    case LOG_WARNING:
        return "warning";
    case LOG_NOTICE:
        return "notice";
    case LOG_INFO:
        return "info";
    case LOG_DEBUG:
        return "debug";
    }
    return "error";
}

static void write_all(struct ambit_str line)
{
    while (line.len) {
        ssize_t n = write(STDERR_FILENO, line.p, line.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        line.p += n;
        line.len -= (size_t)n;
    }
}

bool log_wants(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&lowest_level, memory_order_relaxed);
}

void log_append(struct buf *lines, enum log_level level, const char *message,
                const struct log_field *fields, size_t n)
{
    struct json_out out = {0};
    if (!log_wants(level))
        return;
    if (is_journal)
        buf_printf(lines, "<%d>", (int)level);
    json_out_init(&out, lines, false);
    json_begin_object(&out);
    json_key(&out, "time");
    json_time_ms(&out, clock_wall_ms());
    json_key(&out, "level");
    json_text(&out, level_text(level));
    json_key(&out, "message");
    json_text(&out, message);
    for (size_t i = 0; i < n; i++) {
        json_key(&out, fields[i].key);
        if (fields[i].text.p)
            put_text(&out, fields[i].text);
        else
            json_i64(&out, fields[i].number);
    }
    json_end_object(&out);
    buf_put_char(lines, '\n');
}

void log_write(const struct buf *lines)
{
    if (buf_check(lines) == AMBIT_OK)
        write_all(buf_str(lines));
    else
        write_all(AMBIT_STR("{\"level\":\"error\",\"message\":\"a log line did not fit\"}\n"));
}

void log_line(enum log_level level, const char *message, const struct log_field *fields, size_t n)
{
    char memory[LINE_MAX_BYTES];
    struct buf line = {0};
    if (!log_wants(level))
        return;
    buf_init_fixed(&line, memory, sizeof memory);
    log_append(&line, level, message, fields, n);
    log_write(&line);
}
