/* SPDX-License-Identifier: Apache-2.0 */
/* The query threads: what reads the store or takes long runs here, so that it delays no loop and no
 * stop. Two pools: searches of services do not stand before what people ask. In each, requests
 * stand before the pulls of streams, which are many and come again and again; one thread is never
 * at a pull, and a pull that waits goes after so many requests. First come first served in each
 * list. */
#include "http/inside.h"

enum { REQUESTS_BEFORE_A_PULL = 8 };

static void list_add(struct query_list *list, struct exchange *x)
{
    x->next_job = NULL;
    *(list->first ? &list->last->next_job : &list->first) = x;
    list->last = x;
}

static struct exchange *list_take(struct query_list *list)
{
    struct exchange *x = list->first;
    if (x)
        list->first = x->next_job;
    return x;
}

/* One that may go now, or NULL. */
static struct exchange *next_of(struct query_pool *pool)
{
    bool may_pull = pool->pulls.first && pool->n_pulling + 1 < pool->n_threads;
    bool is_pull_due = may_pull && pool->n_before >= REQUESTS_BEFORE_A_PULL;
    struct exchange *x = is_pull_due ? NULL : list_take(&pool->requests);
    if (x) {
        pool->n_waiting--;
        pool->n_before += may_pull;
        return x;
    }
    if (!may_pull)
        return NULL;
    pool->n_before = 0;
    pool->n_pulling++;
    return list_take(&pool->pulls);
}

static struct exchange *take(struct query_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    struct exchange *x = next_of(pool);
    while (!x && !pool->is_stopping) {
        pthread_cond_wait(&pool->more, &pool->mutex);
        x = next_of(pool);
    }
    pthread_mutex_unlock(&pool->mutex);
    return x;
}

/* Nobody is woken: the thread that says so takes what comes next itself. */
static void pulled(struct query_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->n_pulling--;
    pthread_mutex_unlock(&pool->mutex);
}

static void run(struct query_pool *pool, struct exchange *x)
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
        pulled(pool);
    }
    loop_resume(x);
    loop_wake(loop);
}

static void *query_main(void *arg)
{
    struct query_pool *pool = arg;
    for (struct exchange *x = take(pool); x; x = take(pool))
        run(pool, x);
    return NULL;
}

enum ambit_err query_pool_start(struct query_pool *pool, unsigned n)
{
    if (pthread_mutex_init(&pool->mutex, NULL) != 0 || pthread_cond_init(&pool->more, NULL) != 0)
        return AMBIT_ERR_NO_MEMORY;
    pool->is_ready = true;
    n = n < QUERY_THREADS_LEAST ? QUERY_THREADS_LEAST : n;
    n = n < QUERY_THREADS_MAX ? n : QUERY_THREADS_MAX;
    enum ambit_err err = AMBIT_OK;
    pthread_mutex_lock(&pool->mutex);
    for (; err == AMBIT_OK && pool->n_threads < n; pool->n_threads += err == AMBIT_OK)
        if (pthread_create(&pool->threads[pool->n_threads], NULL, query_main, pool) != 0)
            err = AMBIT_ERR_NO_MEMORY;
    pthread_mutex_unlock(&pool->mutex);
    return err;
}

void query_pool_stop(struct query_pool *pool)
{
    if (!pool->is_ready)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->is_stopping = true;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->n_threads; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->more);
    pthread_mutex_destroy(&pool->mutex);
    pool->is_ready = false;
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
        list_add(is_request ? &pool->requests : &pool->pulls, x);
        pool->n_waiting += is_request;
        pthread_cond_signal(&pool->more);
    }
    pthread_mutex_unlock(&pool->mutex);
    return is_full ? AMBIT_ERR_BUSY : AMBIT_OK;
}
