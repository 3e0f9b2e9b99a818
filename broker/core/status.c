/* SPDX-License-Identifier: Apache-2.0 */
/* See status.h: the thread, and finished answers. The look through one list: status_walk.c. */
#include "core/status_inside.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/deflate.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/random.h"
#include "base/secret.h"

enum { TURN_MS = 500, LISTS_MAX = 4096, DAY_MS = 86400 * 1000 };

/* ---- one list, finished -------------------------------------------------------------------- */

static void put_uri(const struct status_keeper *keeper, uint64_t number, struct buf *out)
{
    char name[STATUS_NAME_MAX];
    size_t len = status_name(&keeper->plan, number, name);
    buf_put_str(out, broker_issuer(keeper->broker));
    buf_put_text(out, "/status/");
    buf_put(out, name, len);
}

static void put_number(struct json_out *out, const char *key, int64_t value)
{
    json_key(out, key);
    json_i64(out, value);
}

/* TSL-2. */
static AMBIT_CHECKED enum ambit_err write_payload(const struct status_keeper *keeper,
                                                  const struct status_one *list, int64_t now_ms,
                                                  struct buf *payload)
{
    BUF_AUTO uri, aggregation;
    struct json_out out;
    buf_init(&uri, 0);
    buf_init(&aggregation, 0);
    put_uri(keeper, list->number, &uri);
    buf_put_str(&aggregation, broker_issuer(keeper->broker));
    buf_put_text(&aggregation, "/status");
    json_out_init(&out, payload, false);
    json_begin_object(&out);
    json_member_str(&out, "iss", broker_issuer(keeper->broker));
    json_member_str(&out, "sub", buf_str(&uri));
    put_number(&out, "iat", now_ms / 1000);
    put_number(&out, "exp", now_ms / 1000 + 2 * keeper->ttl_s);
    put_number(&out, "ttl", keeper->ttl_s);
    json_key(&out, "status_list");
    json_begin_object(&out);
    put_number(&out, "bits", 1);
    json_member_str(&out, "lst", buf_str(&list->lst));
    json_member_str(&out, "aggregation_uri", buf_str(&aggregation));
    json_end_object(&out);
    json_end_object(&out);
    enum ambit_err err = buf_check(&uri);
    return err == AMBIT_OK ? buf_check(payload) : err;
}

/* Signed anew; the answers change places under the lock. */
static AMBIT_CHECKED enum ambit_err finish(struct status_keeper *keeper, struct status_one *list,
                                           int64_t now_ms)
{
    BUF_AUTO payload;
    struct buf plain, gzip;
    BROKER_KEYS_AUTO *keys = broker_keys_acquire(keeper->broker);
    buf_init(&payload, 0);
    buf_init(&plain, 0);
    buf_init(&gzip, 0);
    enum ambit_err err = write_payload(keeper, list, now_ms, &payload);
    if (err == AMBIT_OK)
        err = jws_sign(keys->signer, "statuslist+jwt", buf_str(&payload), &plain);
    if (err == AMBIT_OK)
        err = deflate_all(DEFLATE_GZIP, buf_str(&plain), &gzip);
    if (err == AMBIT_OK) {
        struct buf old_plain = list->plain, old_gzip = list->gzip;
        pthread_mutex_lock(&keeper->lock);
        list->plain = plain;
        list->gzip = gzip;
        pthread_mutex_unlock(&keeper->lock);
        plain = old_plain;
        gzip = old_gzip;
        list->signed_ms = now_ms;
        list->signed_by = crypto_key_thumbprint(jws_signer_key(keys->signer));
    }
    buf_done(&plain);
    buf_done(&gzip);
    return err;
}

static bool is_stale(const struct status_keeper *keeper, const struct status_one *list,
                     int64_t now_ms)
{
    BROKER_KEYS_AUTO *keys = broker_keys_acquire(keeper->broker);
    struct ambit_digest key = crypto_key_thumbprint(jws_signer_key(keys->signer));
    int64_t age_ms = now_ms - list->signed_ms;
    return list->plain.len == 0 || age_ms < 0 || age_ms >= keeper->ttl_s * 1000 / 2 ||
           !ambit_digest_eq(list->signed_by, key);
}

/* ---- which lists there are ----------------------------------------------------------------- */

static void one_done(struct status_one *list)
{
    buf_done(&list->lst);
    buf_done(&list->plain);
    buf_done(&list->gzip);
}

static AMBIT_CHECKED enum ambit_err add_list(struct status_keeper *keeper, uint64_t number)
{
    if (keeper->n == LISTS_MAX)
        return AMBIT_ERR_NO_SPACE;
    struct status_one *list = calloc(1, sizeof *list);
    if (list == NULL)
        return AMBIT_ERR_NO_MEMORY;
    list->number = number;
    pthread_mutex_lock(&keeper->lock);
    keeper->lists[keeper->n++] = list;
    pthread_mutex_unlock(&keeper->lock);
    return AMBIT_OK;
}

/* Every token of it has expired, and no further one comes. */
static void drop_over(struct status_keeper *keeper, int64_t now_ms)
{
    for (size_t i = 0; i < keeper->n;) {
        struct status_one *list = keeper->lists[i];
        if (!list->is_whole || list->last_expiry_ms > now_ms) {
            i++;
            continue;
        }
        pthread_mutex_lock(&keeper->lock);
        memmove(&keeper->lists[i], &keeper->lists[i + 1],
                (keeper->n - i - 1) * sizeof keeper->lists[0]);
        keeper->n--;
        pthread_mutex_unlock(&keeper->lock);
        one_done(list);
        free(list);
    }
}

/* The list that is being filled and the one that will be; at the start also those before them in
 * which a token may be alive. */
static AMBIT_CHECKED enum ambit_err add_wanted(struct status_keeper *keeper, int64_t now_ms)
{
    uint64_t current = status_list_of(&keeper->plan, atomic_load(&keeper->broker->size));
    uint64_t next = keeper->n > 0 ? keeper->next : current;
    enum ambit_err err = AMBIT_OK;
    for (bool is_start = keeper->n == 0; is_start && next > 0 && current - next < LISTS_MAX / 2;
         next--) {
        int64_t last_ms = 0;
        err = status_last_time(keeper, next - 1, &last_ms);
        if (err != AMBIT_OK || last_ms < now_ms - DAY_MS - TURN_MS)
            break;
    }
    for (; err == AMBIT_OK && next <= current + 1; next++)
        err = add_list(keeper, next);
    keeper->next = next;
    return err;
}

/* ---- the thread ---------------------------------------------------------------------------- */

/* The bits as they are put into the token. */
static AMBIT_CHECKED enum ambit_err encode(const uint8_t *bytes, size_t n, struct buf *ret)
{
    BUF_AUTO packed;
    buf_init(&packed, 0);
    enum ambit_err err =
        deflate_all(DEFLATE_ZLIB, (struct ambit_str){.p = (const char *)bytes, .len = n}, &packed);
    if (err != AMBIT_OK)
        return err;
    size_t len = base64url_encoded_len(packed.len);
    char *text = malloc(len + 1);
    if (text == NULL)
        return AMBIT_ERR_NO_MEMORY;
    base64url_encode((const uint8_t *)packed.p, packed.len, text);
    buf_reset(ret);
    buf_put(ret, text, len);
    free(text);
    return buf_check(ret);
}

static AMBIT_CHECKED enum ambit_err look_through(struct status_keeper *keeper,
                                                 struct status_one *list, int64_t now_ms)
{
    size_t n = ((size_t)1 << keeper->plan.bits) / 8;
    int64_t begun_us = clock_mono_us();
    uint8_t *bytes = calloc(1, n);
    enum ambit_err err =
        bytes != NULL ? status_walk(keeper, list, now_ms, bytes) : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK)
        err = encode(bytes, n, &list->lst);
    free(bytes);
    list->cost_ms = (clock_mono_us() - begun_us) / 1000;
    list->looked_ms = now_ms;
    return err;
}

/* Bounded: a list that takes long to look through is looked through less often, but within half
 * the time that its readers keep it. */
static bool wants_look(const struct status_keeper *keeper, const struct status_one *list,
                       uint64_t last_cutoff_seq, uint64_t size, int64_t now_ms)
{
    uint64_t first = list->number << keeper->plan.bits, end = (list->number + 1)
                                                              << keeper->plan.bits;
    int64_t rest_ms = list->cost_ms * 10;
    bool has_news = last_cutoff_seq != list->covers && last_cutoff_seq >= first;
    if (list->lst.len == 0)
        return true;
    if (rest_ms > keeper->ttl_s * 1000 / 2)
        rest_ms = keeper->ttl_s * 1000 / 2;
    return (has_news || (size >= end && !list->is_whole)) && now_ms - list->looked_ms >= rest_ms;
}

static AMBIT_CHECKED enum ambit_err turn(struct status_keeper *keeper)
{
    int64_t now_ms = broker_now_ms(keeper->broker);
    uint64_t last_cutoff_seq = 0, size = 0;
    enum ambit_err err = status_head(keeper, &last_cutoff_seq, &size);
    if (err == AMBIT_OK)
        err = add_wanted(keeper, now_ms);
    if (err == AMBIT_OK)
        drop_over(keeper, now_ms);
    for (size_t i = 0; err == AMBIT_OK && i < keeper->n; i++) {
        struct status_one *list = keeper->lists[i];
        bool is_new = wants_look(keeper, list, last_cutoff_seq, size, now_ms);
        if (is_new)
            err = look_through(keeper, list, now_ms);
        if (err == AMBIT_OK && (is_new || is_stale(keeper, list, now_ms)))
            err = finish(keeper, list, now_ms);
    }
    return err;
}

/* Whether what is published may be believed: else nothing is said. */
static bool can_tell(const struct broker *broker)
{
    enum writer_state state = writer_state(broker->writer);
    return state == WRITER_READY || state == WRITER_FULL;
}

static void *run(void *arg)
{
    struct status_keeper *keeper = arg;
    pthread_mutex_lock(&keeper->lock);
    while (!keeper->is_stopping) {
        pthread_mutex_unlock(&keeper->lock);
        enum ambit_err err = can_tell(keeper->broker) ? turn(keeper) : AMBIT_OK;
        if (err != AMBIT_OK)
            LOG(LOG_ERROR, "a status list cannot be built",
                LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
        int64_t until_us = clock_mono_us() + TURN_MS * 1000;
        struct timespec until = {.tv_sec = until_us / 1000000,
                                 .tv_nsec = until_us % 1000000 * 1000};
        pthread_mutex_lock(&keeper->lock);
        if (!keeper->is_stopping)
            (void)pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until);
    }
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

/* ---- start and stop ------------------------------------------------------------------------ */

static const char key_file[] = "keys/status.key";

/* Kept: with another key every list has another name. */
static AMBIT_CHECKED enum ambit_err load_key(struct broker *broker, uint8_t key[STATUS_KEY_BYTES])
{
    FD_AUTO fd = -1;
    struct buf bytes;
    buf_init(&bytes, 0);
    enum ambit_err err = dir_open(AT_FDCWD, broker->state_folder.p, &fd);
    if (err == AMBIT_OK)
        err = dir_make(fd, "keys", 0700);
    if (err == AMBIT_OK)
        err = file_read(fd, key_file, STATUS_KEY_BYTES, &bytes);
    if (err == AMBIT_OK && bytes.len == STATUS_KEY_BYTES) {
        memcpy(key, bytes.p, STATUS_KEY_BYTES);
    } else if (err == AMBIT_ERR_NOT_FOUND) {
        random_bytes(key, STATUS_KEY_BYTES);
        err =
            file_create(fd, key_file,
                        (struct ambit_str){.p = (const char *)key, .len = STATUS_KEY_BYTES}, 0600);
    } else if (err == AMBIT_OK) {
        err = AMBIT_ERR_DAMAGED;
    }
    buf_wipe(&bytes);
    return err;
}

enum ambit_err status_start(struct broker *broker)
{
    uint8_t key[STATUS_KEY_BYTES];
    pthread_condattr_t attributes;
    if (broker->status_ttl_s == 0)
        return AMBIT_OK;
    enum ambit_err err = load_key(broker, key);
    if (err != AMBIT_OK)
        return err;
    struct status_keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL)
        return AMBIT_ERR_NO_MEMORY;
    keeper->lists = calloc(LISTS_MAX, sizeof *keeper->lists);
    keeper->broker = broker;
    keeper->ttl_s = broker->status_ttl_s;
    status_plan_init(&keeper->plan, key, broker->status_size);
    secret_wipe(key, sizeof key);
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&keeper->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    broker->status = keeper;
    err = keeper->lists != NULL ? turn(keeper) : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK && pthread_create(&keeper->thread, NULL, run, keeper) != 0)
        err = AMBIT_ERR_NO_MEMORY;
    keeper->is_running = err == AMBIT_OK;
    return err;
}

void status_stop(struct broker *broker)
{
    struct status_keeper *keeper = TAKE(broker->status);
    if (keeper == NULL)
        return;
    if (keeper->is_running) {
        pthread_mutex_lock(&keeper->lock);
        keeper->is_stopping = true;
        pthread_cond_signal(&keeper->wake);
        pthread_mutex_unlock(&keeper->lock);
        pthread_join(keeper->thread, NULL);
    }
    for (size_t i = 0; i < keeper->n; i++) {
        one_done(keeper->lists[i]);
        free(keeper->lists[i]);
    }
    free(keeper->lists);
    pthread_cond_destroy(&keeper->wake);
    pthread_mutex_destroy(&keeper->lock);
    secret_wipe(&keeper->plan, sizeof keeper->plan);
    free(keeper);
}

/* ---- for the wire -------------------------------------------------------------------------- */

bool broker_has_status(const struct broker *broker)
{
    return broker->status != NULL;
}

bool status_place_of(const struct broker *broker, const struct grant_row *row,
                     struct status_place *ret)
{
    const struct status_keeper *keeper = broker->status;
    if (keeper == NULL || row->n_items == 0 ||
        row->expires_ms - row->issued_ms <= keeper->ttl_s * 1000)
        return false;
    ret->index = status_index(&keeper->plan, row->seq);
    buf_init(&ret->uri, 0);
    put_uri(keeper, status_list_of(&keeper->plan, row->seq), &ret->uri);
    return true;
}

enum ambit_err status_copy(struct broker *broker, struct ambit_str name, bool is_gzip,
                           struct buf *out)
{
    struct status_keeper *keeper = broker->status;
    enum ambit_err err = AMBIT_ERR_NOT_FOUND;
    if (keeper == NULL)
        return err;
    if (!can_tell(broker))
        return AMBIT_ERR_SEALED;
    pthread_mutex_lock(&keeper->lock);
    for (size_t i = keeper->n; i-- > 0 && err == AMBIT_ERR_NOT_FOUND;) {
        char each[STATUS_NAME_MAX];
        size_t len = status_name(&keeper->plan, keeper->lists[i]->number, each);
        if (!ambit_str_eq(name, (struct ambit_str){.p = each, .len = len}))
            continue;
        buf_put_str(out, buf_str(is_gzip ? &keeper->lists[i]->gzip : &keeper->lists[i]->plain));
        err = buf_check(out);
        if (err == AMBIT_OK && out->len == 0)
            err = AMBIT_ERR_BUSY; /* it has no answer yet */
    }
    pthread_mutex_unlock(&keeper->lock);
    return err;
}

enum ambit_err status_write_lists(struct broker *broker, struct json_out *out)
{
    struct status_keeper *keeper = broker->status;
    if (keeper == NULL)
        return AMBIT_ERR_NOT_FOUND;
    json_begin_object(out);
    json_key(out, "status_lists");
    json_begin_array(out);
    pthread_mutex_lock(&keeper->lock);
    for (size_t i = 0; i < keeper->n; i++) {
        BUF_AUTO uri;
        buf_init(&uri, 0);
        put_uri(keeper, keeper->lists[i]->number, &uri);
        json_str(out, buf_str(&uri));
    }
    pthread_mutex_unlock(&keeper->lock);
    json_end_array(out);
    json_end_object(out);
    return buf_check(out->buf);
}
