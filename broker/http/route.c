/* SPDX-License-Identifier: Apache-2.0 */
/* Matching of paths against the route table. Closed until opened: no row, no way in. */
#include "http/route.h"

bool route_match(const char *pattern, struct ambit_str path, struct ambit_str *ret_parameter)
{
    *ret_parameter = (struct ambit_str){0};
    const char *open = strchr(pattern, '{');
    if (!open)
        return ambit_str_is(path, pattern);

    size_t before = (size_t)(open - pattern);
    if (path.len <= before || memcmp(path.p, pattern, before) != 0)
        return false;

    const char *close = strchr(open, '}');
    struct ambit_str rest = {.p = path.p + before, .len = path.len - before};
    if (close[-1] != '*') {
        struct ambit_str tail = ambit_str_of(close + 1);
        if (rest.len <= tail.len ||
            (tail.len && memcmp(rest.p + rest.len - tail.len, tail.p, tail.len) != 0))
            return false;
        rest.len -= tail.len;
        if (memchr(rest.p, '/', rest.len))
            return false;
    }
    *ret_parameter = rest;
    return true;
}

/* FNV-1a: rows are ours, nobody can make them collide on purpose. */
static size_t slot_of(struct ambit_str path)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < path.len; i++)
        h = (h ^ (uint8_t)path.p[i]) * 16777619U;
    return (h ^ h >> 16) % ROUTE_SLOTS;
}

static bool is_sound(const struct http_route *route)
{
    const char *open = strchr(route->path, '{');
    const char *close = open ? strchr(open, '}') : NULL;
    bool is_rest = close && close[-1] == '*';
    if (route->path[0] != '/' || !route->begin || (route->listeners & HTTP_ALL) == 0)
        return false;
    if (open && (!close || open[-1] != '/' || strchr(close, '{') || (is_rest && close[1] != '\0')))
        return false;
    return !open || is_rest || close[1] == '\0' || close[1] == '/';
}

enum ambit_err route_table_init(struct route_table *table, const struct http_route *routes,
                                size_t n)
{
    *table = (struct route_table){.routes = routes, .n = (uint16_t)n};
    memset(table->slots, 0xff, sizeof table->slots);
    if (n > ROUTE_MAX)
        return AMBIT_ERR_TOO_LARGE;

    for (size_t i = n; i-- > 0;) {
        if (!is_sound(&routes[i]))
            return AMBIT_ERR_MALFORMED;
        if (strchr(routes[i].path, '{'))
            continue;
        uint16_t *slot = &table->slots[slot_of(ambit_str_of(routes[i].path))];
        table->next[i] = *slot;
        *slot = (uint16_t)i;
    }
    for (size_t i = 0; i < n; i++)
        if (strchr(routes[i].path, '{'))
            table->patterns[table->n_patterns++] = (uint16_t)i;
    return AMBIT_OK;
}

/* Notes what the row takes; the first that also takes the method is kept. */
static void try_row(const struct http_route *route, unsigned listener, enum http_method method,
                    struct ambit_str path, struct route_found *found)
{
    struct ambit_str parameter = {0};
    if (!(route->listeners & listener) || !route_match(route->path, path, &parameter))
        return;
    found->allowed |= 1U << route->method;
    if (!found->other)
        found->other = route;
    if (route->method == method && !found->route) {
        found->route = route;
        found->parameter = parameter;
    }
}

struct route_found route_find(const struct route_table *table, unsigned listener,
                              enum http_method method, struct ambit_str path)
{
    struct route_found found = {0};
    for (uint16_t i = table->slots[slot_of(path)]; i != ROUTE_NONE; i = table->next[i])
        try_row(&table->routes[i], listener, method, path, &found);
    for (uint16_t i = 0; i < table->n_patterns && !found.route; i++)
        try_row(&table->routes[table->patterns[i]], listener, method, path, &found);
    return found;
}

void route_allow_text(unsigned allowed, char dst[64])
{
    static const struct {
        enum http_method method;
        const char *text;
    } names[] = {
        {HTTP_GET, "GET, HEAD"}, {HTTP_POST, "POST"},     {HTTP_PUT, "PUT"},
        {HTTP_PATCH, "PATCH"},   {HTTP_DELETE, "DELETE"},
    };
    char *p = dst;
    for (size_t i = 0; i < AMBIT_LEN(names); i++) {
        if (!(allowed & 1U << names[i].method))
            continue;
        if (p != dst) {
            memcpy(p, ", ", 2);
            p += 2;
        }
        size_t len = strlen(names[i].text);
        memcpy(p, names[i].text, len);
        p += len;
    }
    *p = '\0';
}
