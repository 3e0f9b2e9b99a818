/* SPDX-License-Identifier: Apache-2.0 */
/* The last published checkpoint, beside the store, against the store: what was signed once must
 * still be its beginning. */
#include "core/verify_internal.h"

#include <fcntl.h>

#include "base/arena.h"
#include "base/file.h"
#include "ledger/checkpoint.h"

enum {
    NAME_MAX_BYTES = 4096,
    FIRST_MS = 60 * 1000 /* by then a log that was begun has published, whatever ended it */
};

struct verify_published {
    struct buf note;
    struct checkpoint checkpoint;
    bool was_reached;
    bool is_absent; /* the file, and nobody gave a key that asks for it */
    bool has_begun; /* by the events */
    int64_t begun_ms;
};

/* STATE/log/NAME, for STATE and for STATE/store. */
static AMBIT_CHECKED enum ambit_err read_beside(const char *folder, const char *name, size_t max,
                                                struct buf *ret)
{
    static const char *const ways[] = {"log", "../log"};
    char path[NAME_MAX_BYTES];
    for (size_t i = 0; i < AMBIT_LEN(ways); i++) {
        struct buf text;
        buf_init_fixed(&text, path, sizeof path);
        buf_printf(&text, "%s/%s/%s", folder, ways[i], name);
        buf_put_char(&text, '\0');
        if (buf_check(&text) != AMBIT_OK)
            return AMBIT_ERR_NOT_FOUND;
        enum ambit_err err = file_read(AT_FDCWD, path, max, ret);
        if (err != AMBIT_ERR_NOT_FOUND)
            return err;
    }
    return AMBIT_ERR_NOT_FOUND;
}

static void problem(struct verify *verify, const char *what)
{
    verify_problem(verify, NULL, "log", AMBIT_STR("checkpoint"), what);
}

static AMBIT_CHECKED enum ambit_err find_key(struct verify *verify, const char *folder,
                                             struct note_verifier *ret)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    verify->report->is_key_given = verify->options->key != NULL;
    if (verify->options->key != NULL) {
        *ret = *verify->options->key;
        return AMBIT_OK;
    }
    enum ambit_err err = read_beside(folder, "log.vkey", NOTE_VKEY_MAX + 2, &text);
    if (err != AMBIT_OK)
        return err;
    struct ambit_str key = buf_str(&text);
    if (key.len > 0 && key.p[key.len - 1] == '\n')
        key.len--;
    return note_verifier_read(key, ret);
}

enum ambit_err verify_checkpoint_open(struct verify *verify, const char *folder)
{
    struct note_verifier key;
    struct verify_published *published = calloc(1, sizeof *published);
    if (published == NULL)
        return AMBIT_ERR_NO_MEMORY;
    verify->published = published;
    buf_init(&published->note, 0);
    enum ambit_err err = read_beside(folder, "checkpoint", NOTE_BYTES_MAX, &published->note);
    if (err == AMBIT_ERR_NOT_FOUND && verify->options->key == NULL) {
        published->is_absent = true; /* fine where there never was one */
        return AMBIT_OK;
    }
    if (err == AMBIT_OK)
        err = find_key(verify, folder, &key);
    if (err == AMBIT_OK)
        err = checkpoint_open(buf_str(&published->note), &key, &published->checkpoint);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    verify->report->has_checkpoint = verify->report->is_signed = err == AMBIT_OK;
    if (err == AMBIT_ERR_NOT_FOUND)
        problem(verify, "there is no checkpoint, or no key of the log, beside the store");
    else if (err != AMBIT_OK)
        problem(verify, "the checkpoint beside the store is none that this key signed");
    return AMBIT_OK;
}

/* After each event: the tree has as many as the checkpoint says. */
void verify_checkpoint_at(struct verify *verify)
{
    const struct tree_edge *edge = &verify->head.edge;
    struct verify_published *published = verify->published;
    if (!verify->report->has_checkpoint || edge->size != published->checkpoint.size)
        return;
    published->was_reached = true;
    if (!ambit_digest_eq(tree_root(edge), published->checkpoint.root))
        problem(verify, "the record is not what the published checkpoint signs");
}

void verify_checkpoint_note(struct verify *verify, const struct event *event)
{
    if (event->type != EVENT_LOG_STARTED && event->type != EVENT_LOG_CONTINUED)
        return;
    verify->published->has_begun = true;
    verify->published->begun_ms = event->time_ms;
}

/* What was pruned was published before. */
static bool must_be_there(const struct verify *verify)
{
    const struct verify_published *published = verify->published;
    return !verify_is_whole(verify) ||
           (published->has_begun && verify->head.last_now_ms - published->begun_ms > FIRST_MS);
}

void verify_checkpoint_end(struct verify *verify)
{
    if (verify->published->is_absent && must_be_there(verify))
        problem(verify, "the record says that its log was begun, and no checkpoint is there");
    /* The first one is of size 0, from before `log.started`. */
    if (verify->report->has_checkpoint && !verify->published->was_reached &&
        verify->published->checkpoint.size > 0)
        problem(verify, "the record is shorter than the published checkpoint says");
}

void verify_checkpoint_done(struct verify *verify)
{
    if (verify->published != NULL)
        buf_done(&verify->published->note);
    free(TAKE(verify->published));
}
