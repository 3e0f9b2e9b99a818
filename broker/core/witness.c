/* SPDX-License-Identifier: Apache-2.0 */
/* See witness.h. */
#include "core/witness.h"

#include <pthread.h>

#include "base/clock.h"
#include "core/query_internal.h"
#include "core/witness_ask.h"
#include "identity/post.h"
#include "ledger/tlog.h"

enum { NEWS_WAIT_MS = 300, PAUSE_MS = 1000, PAUSE_MAX_MS = 60000 };

struct witness {
    struct witnesses *all;
    pthread_t thread;
    bool is_running;
    struct note_verifier verifier;
    struct buf url;   /* of add-checkpoint */
    uint64_t known;   /* how much of the log it has seen, as far as we know */
    uint64_t is_done; /* the size it signed last */
    bool is_failing;
    _Atomic uint64_t size, failures;
    _Atomic int64_t signed_ms;
};

struct witnesses {
    struct broker *broker;
    atomic_bool is_over;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    struct buf note; /* under the mutex, as its size */
    uint64_t size;
    size_t n;
    struct witness one[WITNESSES_MAX];
};

/* ---- what was signed ---- */

/* Puts the lines under the checkpoint they are of, if nothing newer is held; others of the same
 * checkpoint are added to. */
static enum ambit_err keep(struct witnesses *all, const struct tlog_checkpoint *of,
                           struct ambit_str lines)
{
    enum ambit_err err = AMBIT_OK;
    (void)pthread_mutex_lock(&all->mutex);
    if (of->size > all->size || all->note.len == 0) {
        buf_reset(&all->note);
        buf_put_str(&all->note, buf_str(&of->note));
        all->size = of->size;
    }
    if (of->size == all->size)
        buf_put_str(&all->note, lines);
    err = buf_check(&all->note);
    (void)pthread_mutex_unlock(&all->mutex);
    return err;
}

enum ambit_err witnesses_note(struct witnesses *all, struct buf *out)
{
    if (!all)
        return AMBIT_ERR_NOT_FOUND;
    (void)pthread_mutex_lock(&all->mutex);
    bool is_there = all->note.len > 0;
    buf_put_str(out, buf_str(&all->note));
    (void)pthread_mutex_unlock(&all->mutex);
    return is_there ? buf_check(out) : AMBIT_ERR_NOT_FOUND;
}

/* ---- one witness ---- */

static void told(struct witness *witness, const char *why)
{
    struct ambit_str name = note_verifier_name(&witness->verifier);
    if (why && !witness->is_failing)
        LOG(LOG_ERROR, "a witness does not cosign", LOG_TEXT("witness", name),
            LOG_TEXT("why", ambit_str_of(why)));
    else if (!why && witness->is_failing)
        LOG(LOG_NOTICE, "the witness cosigns again", LOG_TEXT("witness", name));
    witness->is_failing = why != NULL;
    if (why)
        atomic_fetch_add(&witness->failures, 1);
}

static enum ambit_err prove(struct broker *broker, uint64_t from, uint64_t to,
                            struct tree_proof *ret)
{
    struct reading reading;
    ret->n = 0;
    if (from == 0 || from == to)
        return AMBIT_OK;
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = tree_consistency(reading.txn, from, to, ret);
    reading_end(&reading);
    return err;
}

/* The answer; NULL, or why nothing came of it. `ret_again`: it knows another size than we thought.
 */
static const char *take(struct witness *witness, const struct tlog_checkpoint *checkpoint,
                        const struct posted *posted, bool *ret_again)
{
    BUF_AUTO lines;
    buf_init(&lines, NOTE_BYTES_MAX);
    uint64_t size = 0;
    if (posted->status == 409 && witness_read_size(posted->type, buf_str(&posted->body), &size)) {
        *ret_again = size <= checkpoint->size && size != witness->known;
        witness->known = size <= checkpoint->size ? size : witness->known;
        return size > checkpoint->size ? "it has seen more of this log than there is: was an older "
                                         "copy restored?"
                                       : "it has seen another part of the log";
    }
    if (posted->status != 200)
        return witness_refusal(posted->status);
    if (witness_read_lines(buf_str(&posted->body), buf_str(&checkpoint->note), &witness->verifier,
                           &lines) != AMBIT_OK)
        return "its answer is no cosignature of this checkpoint by its key";
    if (keep(witness->all, checkpoint, buf_str(&lines)) != AMBIT_OK)
        return "out of memory";
    /* Another may have taken its place: it stands in /log/witnessed all the same. */
    (void)!tlog_cosign(broker_log(witness->all->broker), checkpoint, buf_str(&lines), 1);
    witness->known = witness->is_done = checkpoint->size;
    atomic_store(&witness->size, checkpoint->size);
    atomic_store(&witness->signed_ms, broker_now_ms(witness->all->broker));
    return NULL;
}

static const char *ask_once(struct witness *witness, struct poster *poster,
                            const struct tlog_checkpoint *checkpoint, bool *ret_again)
{
    struct tree_proof proof;
    struct posted posted = {.status = 0};
    BUF_AUTO body;
    buf_init(&body, 0);
    if (prove(witness->all->broker, witness->known, checkpoint->size, &proof) != AMBIT_OK)
        return "the consistency proof cannot be made";
    witness_put_request(witness->known, &proof, buf_str(&checkpoint->note), &body);
    if (buf_check(&body) != AMBIT_OK)
        return "out of memory";
    enum ambit_err err = poster_post(poster, witness->url.p, buf_str(&body), &posted);
    const char *why = err ? "it does not answer" : take(witness, checkpoint, &posted, ret_again);
    buf_done(&posted.body);
    return why;
}

static bool ask(struct witness *witness, struct poster *poster,
                const struct tlog_checkpoint *checkpoint)
{
    bool again = false;
    const char *why = ask_once(witness, poster, checkpoint, &again);
    if (why && again)
        why = ask_once(witness, poster, checkpoint, &again);
    if (!atomic_load(&witness->all->is_over))
        told(witness, why);
    return !why;
}

static void pause_for(struct witnesses *all, int64_t ms)
{
    struct timespec until;
    int64_t at_ms = clock_mono_us() / 1000 + ms;
    until = (struct timespec){.tv_sec = at_ms / 1000, .tv_nsec = at_ms % 1000 * 1000000};
    int rc = 0;
    (void)pthread_mutex_lock(&all->mutex);
    while (!atomic_load(&all->is_over) && rc == 0)
        rc = pthread_cond_timedwait(&all->woken, &all->mutex, &until);
    (void)pthread_mutex_unlock(&all->mutex);
}

static void follow(struct witness *witness, struct poster *poster)
{
    struct witnesses *all = witness->all;
    struct tlog *log = broker_log(all->broker);
    int64_t pause_ms = PAUSE_MS;
    while (!atomic_load(&all->is_over)) {
        TLOG_CHECKPOINT_AUTO *checkpoint = tlog_checkpoint_acquire(log);
        if (!checkpoint || checkpoint->size == 0 || checkpoint->size == witness->is_done) {
            int64_t from_us = clock_mono_us();
            if (!tlog_wait(log, checkpoint ? checkpoint->size : 0, NEWS_WAIT_MS) &&
                clock_mono_us() - from_us < NEWS_WAIT_MS * 1000 / 2)
                pause_for(all, NEWS_WAIT_MS); /* the log tells nobody any more */
            continue;
        }
        bool is_signed = ask(witness, poster, checkpoint);
        pause_ms = is_signed                      ? PAUSE_MS
                   : pause_ms * 2 <= PAUSE_MAX_MS ? pause_ms * 2
                                                  : PAUSE_MAX_MS;
        pause_for(all, pause_ms);
    }
}

static void *run(void *ctx)
{
    struct witness *witness = ctx;
    struct poster *poster = NULL;
    if (poster_new(&witness->all->is_over, &poster) == AMBIT_OK)
        follow(witness, poster);
    else
        told(witness, "out of memory");
    poster_free(poster);
    return NULL;
}

/* ---- life ---- */

static enum ambit_err add(struct witnesses *all, const struct broker_witness *given,
                          struct buf *reterr_text)
{
    struct witness *witness = &all->one[all->n];
    witness->all = all;
    enum ambit_err err = note_verifier_read(given->vkey, &witness->verifier);
    if (err != AMBIT_OK || witness->verifier.type != NOTE_COSIGNATURE) {
        buf_printf(reterr_text,
                   "log.witnesses: %.*s is no verifier key of a cosigner; expected "
                   "NAME+HEX+BASE64 of an Ed25519 key of type 0x04",
                   AMBIT_STR_ARG(given->vkey));
        return AMBIT_ERR_MALFORMED;
    }
    /* Ids are short: a line of a witness must not be taken for one of the log. */
    if (ambit_str_eq(note_verifier_name(&witness->verifier),
                     note_verifier_name(tlog_verifier(broker_log(all->broker))))) {
        buf_put_text(reterr_text, "log.witnesses: a witness has the log's own name");
        return AMBIT_ERR_MALFORMED;
    }
    all->n++;
    buf_put_str(&witness->url, given->url);
    buf_put(&witness->url, "/add-checkpoint", sizeof "/add-checkpoint");
    err = buf_check(&witness->url);
    if (err != AMBIT_OK)
        return err;
    witness->is_running = pthread_create(&witness->thread, NULL, run, witness) == 0;
    return witness->is_running ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

enum ambit_err witnesses_start(struct broker *broker, struct witnesses **ret,
                               struct buf *reterr_text)
{
    const struct broker_log_config *config = broker_log_config(broker);
    pthread_condattr_t attr;
    *ret = NULL;
    if (config->n_witnesses == 0)
        return AMBIT_OK;
    struct witnesses *all = calloc(1, sizeof *all);
    if (!all)
        return AMBIT_ERR_NO_MEMORY;
    all->broker = broker;
    (void)pthread_mutex_init(&all->mutex, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&all->woken, &attr);
    (void)pthread_condattr_destroy(&attr);
    buf_init(&all->note, 2 * NOTE_BYTES_MAX);
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < config->n_witnesses && i < WITNESSES_MAX; i++)
        err = add(all, &config->witnesses[i], reterr_text);
    if (err != AMBIT_OK) {
        witnesses_stop(all);
        return err;
    }
    *ret = all;
    return AMBIT_OK;
}

void witnesses_stop(struct witnesses *all)
{
    if (!all)
        return;
    (void)pthread_mutex_lock(&all->mutex);
    atomic_store(&all->is_over, true);
    (void)pthread_cond_broadcast(&all->woken);
    (void)pthread_mutex_unlock(&all->mutex);
    for (size_t i = 0; i < all->n; i++) {
        if (all->one[i].is_running)
            (void)pthread_join(all->one[i].thread, NULL);
        buf_done(&all->one[i].url);
    }
    buf_done(&all->note);
    (void)pthread_cond_destroy(&all->woken);
    (void)pthread_mutex_destroy(&all->mutex);
    free(all);
}

void witnesses_metrics(struct witnesses *all, int64_t now_ms, struct buf *out)
{
    if (!all)
        return;
    buf_put_text(out, "# HELP ambit_log_witnessed_size Events of the newest checkpoint that a "
                      "witness cosigned.\n# TYPE ambit_log_witnessed_size gauge\n");
    for (size_t i = 0; i < all->n; i++)
        buf_printf(out, "ambit_log_witnessed_size{witness=\"%.*s\"} %llu\n",
                   AMBIT_STR_ARG(note_verifier_name(&all->one[i].verifier)),
                   (unsigned long long)atomic_load(&all->one[i].size));
    buf_put_text(out, "# HELP ambit_log_witness_age_seconds Since a witness cosigned last.\n"
                      "# TYPE ambit_log_witness_age_seconds gauge\n");
    for (size_t i = 0; i < all->n; i++) {
        int64_t signed_ms = atomic_load(&all->one[i].signed_ms);
        if (signed_ms > 0)
            buf_printf(out, "ambit_log_witness_age_seconds{witness=\"%.*s\"} %.3f\n",
                       AMBIT_STR_ARG(note_verifier_name(&all->one[i].verifier)),
                       (double)(now_ms - signed_ms) / 1000);
    }
    buf_put_text(out, "# HELP ambit_log_witness_failures_total Checkpoints that a witness did not "
                      "cosign.\n# TYPE ambit_log_witness_failures_total counter\n");
    for (size_t i = 0; i < all->n; i++)
        buf_printf(out, "ambit_log_witness_failures_total{witness=\"%.*s\"} %llu\n",
                   AMBIT_STR_ARG(note_verifier_name(&all->one[i].verifier)),
                   (unsigned long long)atomic_load(&all->one[i].failures));
}
