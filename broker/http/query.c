/* SPDX-License-Identifier: Apache-2.0 */
/* The query threads: what reads the store or takes long runs here, so that it delays no loop and no
 * stop. Two queues, first come first served in each: searches of services do not stand before what
 * people ask. */
#include "http/inside.h"

static struct exchange *take(struct query_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    while (!pool->head && !pool->is_stopping)
        pthread_cond_wait(&pool->more, &pool->mutex);
    struct exchange *x = pool->head;
    if (x) {
        pool->head = x->next_job;
        if (!pool->head)
            pool->tail = &pool->head;
        pool->n_waiting -= x->phase == PHASE_QUERY;
    }
    pthread_mutex_unlock(&pool->mutex);
    return x;
}

static void run(struct exchange *x)
{
    struct loop *loop = x->loop;
    if (x->phase == PHASE_QUERY) {
        /* Said before begin: from a hand-over on, the exchange is not ours to write. */
        x->phase = PHASE_WAITING;
        enum http_next next = exchange_begin(x);
        if (next == HTTP_WAIT)
            return;
        AMBIT_ASSERT(next == HTTP_DONE); /* it is later already */
        x->phase = PHASE_READY;
    } else {
        stream_pull(x);
    }
    loop_resume(x);
    loop_wake(loop);
}

static void *query_main(void *arg)
{
    struct query_pool *pool = arg;
    for (struct exchange *x = take(pool); x; x = take(pool))
        run(x);
    return NULL;
}

enum ambit_err query_pool_start(struct query_pool *pool, unsigned n)
{
    pool->tail = &pool->head;
    if (pthread_mutex_init(&pool->mutex, NULL) != 0 || pthread_cond_init(&pool->more, NULL) != 0)
        return AMBIT_ERR_NO_MEMORY;
    for (; pool->n_threads < n && pool->n_threads < QUERY_THREADS_MAX; pool->n_threads++)
        if (pthread_create(&pool->threads[pool->n_threads], NULL, query_main, pool) != 0)
            return AMBIT_ERR_NO_MEMORY;
    return AMBIT_OK;
}

void query_pool_stop(struct query_pool *pool)
{
    if (!pool->tail)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->is_stopping = true;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->mutex);
    for (; pool->n_threads > 0; pool->n_threads--)
        pthread_join(pool->threads[pool->n_threads - 1], NULL);
    pthread_cond_destroy(&pool->more);
    pthread_mutex_destroy(&pool->mutex);
    pool->tail = NULL;
}

enum ambit_err query_submit(struct exchange *x)
{
    struct http_server *server = x->loop->server;
    bool is_agents = x->req.route->listeners & HTTP_AGENTS;
    struct query_pool *pool = is_agents ? &server->pool : &server->operators_pool;
    bool is_request = x->phase == PHASE_QUERY;
    pthread_mutex_lock(&pool->mutex);
    bool is_full = is_request && pool->n_waiting >= QUERY_QUEUE_MAX;
    if (!is_full) {
        x->next_job = NULL;
        *pool->tail = x;
        pool->tail = &x->next_job;
        pool->n_waiting += is_request;
        pthread_cond_signal(&pool->more);
    }
    pthread_mutex_unlock(&pool->mutex);
    return is_full ? AMBIT_ERR_BUSY : AMBIT_OK;
}
