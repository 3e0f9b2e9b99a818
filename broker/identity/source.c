/* SPDX-License-Identifier: Apache-2.0 */
/* The sources and the thread that keeps them. What a source is stands in its header; here is when:
 * due at once when new, then as often as it says, and after a failure after 1, 2, 4 ... 60 s. */
#include "identity/source.h"

#include <fcntl.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "identity/fetch.h"

struct key_source {
    struct key_source *next;
    enum source_kind kind;
    bool is_file;
    char *place; /* URL or path; of SOURCE_DISCOVERY the issuer */
    size_t users;
    struct key_snapshot *snapshot; /* NULL: none */
    int64_t fetched_us;            /* of the snapshot */
    int64_t due_us, dead_us;       /* when to fetch again; when the snapshot is too old */
    bool is_busy;                  /* the thread has it in hand */
    bool is_second;  /* of discovery: the key set is being fetched, not the metadata */
    bool has_failed; /* told once */
    unsigned failures;
};

struct key_sources {
    pthread_mutex_t lock; /* guards the list and everything in it but `place`, and is_over */
    struct key_source *first;
    size_t n;
    bool is_over;
    struct fetches *fetches; /* of the thread, but for waking it */
    pthread_t thread;
    bool has_thread;
    int64_t stale_us;
};

static const int64_t SECOND_US = 1000000;

static struct ambit_str place_of(const struct key_source *source)
{
    return ambit_str_of(source->place);
}

/* ---- taking in ---- */

static int64_t fresh_us(int64_t told_s)
{
    int64_t s = told_s < SOURCE_FRESH_S ? SOURCE_FRESH_S : told_s;
    return (s > SOURCE_FRESH_MAX_S ? SOURCE_FRESH_MAX_S : s) * SECOND_US;
}

/* Under the lock. Returns what is to be released after it. */
static struct key_snapshot *keep(struct key_sources *sources, struct key_source *source,
                                 struct key_snapshot *snapshot, int64_t told_s)
{
    struct key_snapshot *old = source->snapshot;
    int64_t now_us = clock_mono_us();
    source->snapshot = snapshot;
    source->fetched_us = now_us;
    source->due_us = now_us + fresh_us(source->is_file ? 0 : told_s);
    source->dead_us = source->due_us + sources->stale_us;
    source->failures = 0;
    source->is_busy = false;
    source->has_failed = false;
    return old;
}

/* Under the lock. */
static void put_off(struct key_source *source)
{
    int64_t wait_s = (int64_t)1 << (source->failures < 6 ? source->failures : 6);
    source->failures++;
    source->due_us =
        clock_mono_us() + (wait_s < SOURCE_RETRY_MAX_S ? wait_s : SOURCE_RETRY_MAX_S) * SECOND_US;
    source->is_busy = false;
}

static void failed(struct key_sources *sources, struct key_source *source, const char *what)
{
    pthread_mutex_lock(&sources->lock);
    bool is_news = !source->has_failed;
    source->has_failed = true;
    put_off(source);
    pthread_mutex_unlock(&sources->lock);
    if (is_news) /* once until it succeeds again: its owner may not fill our log */
        LOG(LOG_WARNING,
            "keys could not be fetched: what rests on them is refused once they are old",
            LOG_TEXT("place", place_of(source)), LOG_TEXT("what", ambit_str_of(what)));
}

static enum ambit_err take_in(struct key_sources *sources, struct key_source *source,
                              struct ambit_str bytes, int64_t told_s)
{
    struct key_snapshot *snapshot = NULL;
    int64_t hint_s = 0;
    enum ambit_err err = key_snapshot_read(source->kind, bytes, &snapshot, &hint_s);
    if (err)
        return err;
    pthread_mutex_lock(&sources->lock);
    struct key_snapshot *old = keep(sources, source, snapshot, hint_s > 0 ? hint_s : told_s);
    pthread_mutex_unlock(&sources->lock);
    key_snapshot_release(old);
    return AMBIT_OK;
}

static enum ambit_err read_file(struct key_sources *sources, struct key_source *source)
{
    BUF_AUTO bytes = {.p = NULL};
    enum ambit_err err = file_read(AT_FDCWD, source->place, SOURCE_BYTES_MAX, &bytes);
    return err ? err : take_in(sources, source, buf_str(&bytes), 0);
}

/* ---- the thread ---- */

static void begin(struct key_sources *sources, struct key_source *source)
{
    if (source->is_file) {
        enum ambit_err err = read_file(sources, source);
        if (err)
            failed(sources, source, ambit_err_text(err));
        return;
    }
    BUF_AUTO url = {.p = NULL};
    buf_put_str(&url, place_of(source));
    if (source->kind == SOURCE_DISCOVERY)
        buf_put_text(&url, "/.well-known/openid-configuration");
    source->is_second = false;
    if (buf_check(&url) != AMBIT_OK || fetch_begin(sources->fetches, buf_str(&url), source))
        failed(sources, source, "the URL is none to fetch from");
}

static void end(struct key_sources *sources, struct fetched *fetched)
{
    struct key_source *source = fetched->owner;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)4 << 20);
    if (!fetched->is_fine) {
        failed(sources, source, "no whole answer of status 200 from an allowed address");
        return;
    }
    if (source->kind == SOURCE_DISCOVERY && !source->is_second) {
        struct ambit_str uri = {0};
        source->is_second = true;
        if (discovery_read(buf_str(&fetched->body), place_of(source), &arena, &uri) != AMBIT_OK ||
            fetch_begin(sources->fetches, uri, source) != AMBIT_OK)
            failed(sources, source, "the metadata is not that issuer's");
        return;
    }
    if (take_in(sources, source, buf_str(&fetched->body), fetched->max_age_s) != AMBIT_OK)
        failed(sources, source, "the answer holds no usable key");
}

/* Under the lock: the next that is due and free, marked; NULL and when to look again. */
static struct key_source *next_due(struct key_sources *sources, size_t *busy, int64_t *ret_wait_us)
{
    int64_t now_us = clock_mono_us(), nearest_us = now_us + SECOND_US;
    *busy = 0;
    for (struct key_source *source = sources->first; source; source = source->next)
        *busy += source->is_busy;
    for (struct key_source *source = sources->first; source; source = source->next) {
        if (source->is_busy || source->users == 0)
            continue;
        if (source->due_us <= now_us && *busy < FETCHES_AT_ONCE) {
            source->is_busy = true;
            return source;
        }
        if (source->due_us < nearest_us)
            nearest_us = source->due_us > now_us ? source->due_us : now_us;
    }
    *ret_wait_us = nearest_us - now_us;
    return NULL;
}

/* Under the lock: what nobody uses any more leaves the list. */
static struct key_source *take_unused(struct key_sources *sources)
{
    struct key_source *unused = NULL;
    for (struct key_source **at = &sources->first; *at;) {
        struct key_source *source = *at;
        if (source->users > 0 || source->is_busy) {
            at = &source->next;
            continue;
        }
        *at = source->next;
        source->next = unused;
        unused = source;
        sources->n--;
    }
    return unused;
}

static void free_all(struct key_source *first)
{
    while (first) {
        struct key_source *source = first;
        first = source->next;
        key_snapshot_release(source->snapshot);
        free(source->place);
        free(source);
    }
}

static void *run(void *arg)
{
    struct key_sources *sources = arg;
    for (;;) {
        int64_t wait_us = 0;
        size_t busy = 0;
        pthread_mutex_lock(&sources->lock);
        bool is_over = sources->is_over;
        struct key_source *due = is_over ? NULL : next_due(sources, &busy, &wait_us);
        struct key_source *unused = take_unused(sources);
        pthread_mutex_unlock(&sources->lock);
        free_all(unused);
        if (is_over)
            return NULL;
        if (due) {
            begin(sources, due);
            continue;
        }
        fetches_run(sources->fetches, (int)(wait_us / 1000) + 1);
        struct fetched fetched;
        while (fetches_next(sources->fetches, &fetched)) {
            end(sources, &fetched);
            buf_done(&fetched.body);
        }
    }
}

enum ambit_err key_sources_new(const struct config_fetch *config, struct key_sources **ret)
{
    struct key_sources *sources = calloc(1, sizeof *sources);
    if (!sources)
        return AMBIT_ERR_NO_MEMORY;
    pthread_mutex_init(&sources->lock, NULL);
    sources->stale_us = config->stale_s * SECOND_US;
    enum ambit_err err = fetches_new(config, &sources->fetches);
    if (!err && pthread_create(&sources->thread, NULL, run, sources) != 0)
        err = AMBIT_ERR_NO_MEMORY;
    sources->has_thread = !err;
    if (err) {
        key_sources_free(sources);
        return err;
    }
    *ret = sources;
    return AMBIT_OK;
}

void key_sources_free(struct key_sources *sources)
{
    if (!sources)
        return;
    pthread_mutex_lock(&sources->lock);
    sources->is_over = true;
    pthread_mutex_unlock(&sources->lock);
    if (sources->has_thread) {
        fetches_wake(sources->fetches);
        pthread_join(sources->thread, NULL);
    }
    fetches_free(sources->fetches);
    free_all(sources->first);
    pthread_mutex_destroy(&sources->lock);
    free(sources);
}

void key_sources_refresh(struct key_sources *sources)
{
    pthread_mutex_lock(&sources->lock);
    for (struct key_source *source = sources->first; source; source = source->next)
        source->due_us = 0;
    pthread_mutex_unlock(&sources->lock);
    fetches_wake(sources->fetches);
}

/* ---- users ---- */

/* Under the lock. */
static struct key_source *find(struct key_sources *sources, enum source_kind kind,
                               struct ambit_str place, bool is_file)
{
    struct key_source *source = sources->first;
    while (source && !(source->kind == kind && source->is_file == is_file &&
                       ambit_str_eq(place_of(source), place)))
        source = source->next;
    return source;
}

static enum ambit_err add(struct key_sources *sources, enum source_kind kind,
                          struct ambit_str place, bool is_file, struct key_source **ret)
{
    struct key_source *source = calloc(1, sizeof *source);
    char *copy = strndup(place.p, place.len);
    if (!source || !copy || sources->n >= SOURCES_MAX) {
        free(source);
        free(copy);
        return sources->n >= SOURCES_MAX ? AMBIT_ERR_TOO_LARGE : AMBIT_ERR_NO_MEMORY;
    }
    *source = (struct key_source){.next = sources->first,
                                  .kind = kind,
                                  .is_file = is_file,
                                  .place = copy,
                                  .is_busy = is_file};
    sources->first = source;
    sources->n++;
    *ret = source;
    return AMBIT_OK;
}

enum ambit_err key_source_take(struct key_sources *sources, enum source_kind kind,
                               struct ambit_str place, bool is_file, struct key_source **ret)
{
    enum ambit_err err = AMBIT_OK;
    pthread_mutex_lock(&sources->lock);
    struct key_source *source = find(sources, kind, place, is_file);
    bool is_new = !source;
    if (is_new)
        err = add(sources, kind, place, is_file, &source);
    if (!err)
        source->users++;
    pthread_mutex_unlock(&sources->lock);
    if (!err && is_new && is_file) { /* busy since it was made: the thread leaves it alone */
        err = read_file(sources, source);
        if (err) {
            pthread_mutex_lock(&sources->lock);
            source->users--;
            put_off(source);
            pthread_mutex_unlock(&sources->lock);
        }
    }
    if (err)
        return err;
    if (is_new && !is_file)
        fetches_wake(sources->fetches);
    *ret = source;
    return AMBIT_OK;
}

void key_source_release(struct key_sources *sources, struct key_source *source)
{
    if (!source)
        return;
    pthread_mutex_lock(&sources->lock);
    source->users--;
    pthread_mutex_unlock(&sources->lock);
}

struct key_snapshot *key_source_keys(struct key_sources *sources, struct key_source *source)
{
    pthread_mutex_lock(&sources->lock);
    struct key_snapshot *snapshot = source->snapshot;
    if (snapshot && source->dead_us <= clock_mono_us())
        snapshot = NULL;
    if (snapshot)
        atomic_fetch_add_explicit(&snapshot->count, 1, memory_order_relaxed);
    pthread_mutex_unlock(&sources->lock);
    return snapshot;
}

bool key_source_news(struct key_sources *sources, struct key_source *source)
{
    int64_t now_us = clock_mono_us();
    pthread_mutex_lock(&sources->lock);
    bool is_old = !source->snapshot ||
                  now_us - source->fetched_us >= (int64_t)SOURCE_AGE_FOR_NEWS_S * SECOND_US;
    /* What just failed is not tried faster because somebody asks. */
    bool is_asked = is_old && !source->is_busy && source->failures == 0;
    if (is_asked)
        source->due_us = 0;
    pthread_mutex_unlock(&sources->lock);
    if (is_asked)
        fetches_wake(sources->fetches);
    return is_old;
}
