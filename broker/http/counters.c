/* SPDX-License-Identifier: Apache-2.0 */
/* Counting what the edge did. Relaxed atomics: figures for operators, nothing is decided by them.
 */
#include "http/inside.h"

static const unsigned refused_statuses[] = {400, 404, 405, 411, 413, 414, 431, 503};

static void add_one(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static uint64_t value_of(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void count_reply(struct counters *counters, unsigned status)
{
    if (status / 100 < AMBIT_LEN(counters->status))
        add_one(&counters->status[status / 100]);
}

void count_refusal(struct counters *counters, unsigned status)
{
    for (size_t i = 0; i < AMBIT_LEN(refused_statuses); i++)
        if (refused_statuses[i] == status)
            add_one(&counters->refused[i]);
}

void http_read_counters(const struct http_server *server, struct http_counters *ret)
{
    const struct counters *counters = &server->counters;
    *ret = (struct http_counters){
        .connections = value_of(&counters->connections),
        .connections_open = value_of(&counters->connections_open),
        .connections_refused = value_of(&counters->connections_refused),
        .connections_reaped = value_of(&counters->connections_reaped),
        .requests = value_of(&counters->requests),
        .waiting = value_of(&counters->waiting),
        .streams_open = value_of(&counters->streams_open),
        .refused_400 = value_of(&counters->refused[0]),
        .refused_404 = value_of(&counters->refused[1]),
        .refused_405 = value_of(&counters->refused[2]),
        .refused_411 = value_of(&counters->refused[3]),
        .refused_413 = value_of(&counters->refused[4]),
        .refused_414 = value_of(&counters->refused[5]),
        .refused_431 = value_of(&counters->refused[6]),
        .refused_503 = value_of(&counters->refused[7]),
    };
    for (size_t i = 0; i < AMBIT_LEN(ret->status); i++)
        ret->status[i] = value_of(&counters->status[i]);
}
