/* SPDX-License-Identifier: Apache-2.0 */
/* Recording what is read. */
#include "operator/reading.h"

#include "base/json_write.h"
#include "operator/handlers.h"
#include "operator/stream.h"

enum { WHAT_MAX = 1024, ARGUMENT_MAX = 200, NAME_MAX_SHOWN = 32 };

bool reading_open(struct broker *broker, struct http_request *req, struct http_reply *reply,
                  struct reading **ret)
{
    return reading_open_for(broker, RIGHT_READ, req, reply, ret);
}

bool reading_open_for(struct broker *broker, enum right right, struct http_request *req,
                      struct http_reply *reply, struct reading **ret)
{
    struct reading *reading = arena_alloc(&req->arena, sizeof *reading);
    if (!reading) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return false;
    }
    req->user = reading;
    *ret = reading;
    return access_check(&reading->access, broker, right, req, reply);
}

/* The next argument of a query string, taken off its front. */
static struct ambit_str next_argument(struct ambit_str *left)
{
    const char *end = memchr(left->p, '&', left->len);
    struct ambit_str argument = {.p = left->p, .len = end ? (size_t)(end - left->p) : left->len};
    size_t step = end ? argument.len + 1 : argument.len;
    *left = (struct ambit_str){.p = left->p + step, .len = left->len - step};
    return argument;
}

static void put_printable(struct buf *out, struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++)
        buf_put_char(out, text.p[i] > ' ' && text.p[i] < 0x7f ? text.p[i] : '?');
}

/* An argument that is too long to be of use is told by its name alone: what makes one long may be a
 * token in the wrong place. */
static void put_argument(struct buf *out, struct ambit_str argument)
{
    const char *equals = memchr(argument.p, '=', argument.len);
    if (argument.len <= ARGUMENT_MAX) {
        put_printable(out, argument);
    } else if (equals && (size_t)(equals - argument.p) <= NAME_MAX_SHOWN) {
        put_printable(out, (struct ambit_str){argument.p, (size_t)(equals + 1 - argument.p)});
        buf_put_text(out, "...");
    } else {
        buf_put_text(out, "...");
    }
}

/* What was read: the target behind "/v1/" (of the log: behind "/"), printable; of a path that is
 * too long only the route. */
static struct ambit_str what_of(struct http_request *req)
{
    static const char prefix[] = "/v1/";
    struct ambit_str path = req->path.len > WHAT_MAX ? ambit_str_of(req->route->path) : req->path;
    bool is_v1 = path.len >= sizeof prefix - 1 && memcmp(path.p, prefix, sizeof prefix - 1) == 0;
    size_t skip = is_v1 ? sizeof prefix - 1 : 1;
    size_t room = path.len + req->target.len + 4;
    struct buf text;
    char *memory = arena_alloc(&req->arena, room);
    if (!memory)
        return (struct ambit_str){0};
    buf_init_fixed(&text, memory, room);
    put_printable(&text, (struct ambit_str){path.p + skip, path.len - skip});
    size_t path_len = text.len;
    struct ambit_str left = req->query;
    for (char before = '?'; left.len > 0; before = '&') {
        buf_put_char(&text, before);
        put_argument(&text, next_argument(&left));
    }
    if (buf_check(&text) != AMBIT_OK || text.len > WHAT_MAX)
        text.len = path_len;
    return buf_str(&text);
}

static bool is_place(struct ambit_str argument)
{
    static const struct ambit_str places[] = {
        {"after=", 6}, {"before=", 7}, {"cursor=", 7}, {"limit=", 6}};
    for (size_t i = 0; i < AMBIT_LEN(places); i++)
        if (argument.len > places[i].len && memcmp(argument.p, places[i].p, places[i].len) == 0)
            return true;
    return false;
}

/* What is asked without the place in it: the pages of one query have it in common. A page that
 * names no place before it is the first one. */
static void query_of(struct http_request *req, struct read_command *command)
{
    struct buf text;
    char *memory = arena_alloc(&req->arena, req->target.len + 1);
    if (!memory)
        return;
    buf_init_fixed(&text, memory, req->target.len + 1);
    buf_put_str(&text, req->path);
    struct ambit_str left = req->query;
    while (left.len > 0) {
        struct ambit_str argument = next_argument(&left);
        if (!is_place(argument)) {
            buf_put_char(&text, '&');
            buf_put_str(&text, argument);
        } else if (argument.p[0] != 'l') {
            command->is_further = true;
        }
    }
    command->query = buf_str(&text);
}

static enum http_next open_stream(struct reading *reading, struct http_request *req,
                                  struct http_reply *reply)
{
    if (reading->stream)
        event_stream_open(reading->stream, req, reply);
    return HTTP_DONE;
}

enum http_next reading_record(struct reading *reading, struct http_request *req,
                              struct http_reply *reply)
{
    access_command(&reading->access, &reading->command.base, req);
    reading->has_command = true;
    reading->command.what = what_of(req);
    if (!reading->stream)
        query_of(req, &reading->command);
    http_suspend(req);
    enum ambit_err err = read_submit(&reading->command);
    return err ? open_stream(reading, req, reply) : HTTP_WAIT;
}

enum http_next reading_fail(struct http_request *req, struct http_reply *reply, enum ambit_err err)
{
    access_reply_err(req, reply, err);
    return HTTP_DONE;
}

enum http_next reading_close(struct reading *reading, enum ambit_err err, struct http_request *req,
                             struct http_reply *reply)
{
    if (!err)
        err = buf_check(&reply->body);
    if (err)
        return reading_fail(req, reply, err);
    http_reply_json(reply, 200);
    return reading_record(reading, req, reply);
}

enum http_next reading_answer(struct broker *broker, enum right right,
                              enum ambit_err (*query)(struct broker *, struct json_out *),
                              struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    struct json_out out;
    if (!reading_open_for(broker, right, req, reply, &reading))
        return HTTP_DONE;
    json_out_init(&out, &reply->body, false);
    return reading_close(reading, query(broker, &out), req, reply);
}

enum http_next reading_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct reading *reading = req->user;
    const struct command *command = &reading->command.base;
    if (command->way_in_lost) {
        access_reply_unproved(command->broker, req, reply);
        return HTTP_DONE;
    }
    if (!command->err)
        req->log.event = (int64_t)command->seq;
    return open_stream(reading, req, reply);
}

void reading_done(void *app, struct http_request *req)
{
    (void)app;
    struct reading *reading = req->user;
    if (!reading)
        return;
    if (reading->has_command)
        command_release(&reading->command.base);
    access_done(&reading->access);
}
