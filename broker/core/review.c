/* SPDX-License-Identifier: Apache-2.0 */
/* Looks up what people confirmed, in the store and in the folder, and whether policies are tested.
 * A signature is over the file as it lies there; that the file is the version in question is
 * checked on those very bytes. */
#include "core/review.h"

#include "ambit/policy_test.h"
#include "config/folder.h"
#include "core/confirm_row.h"
#include "core/internal.h"
#include "crypto/digest.h"
#include "crypto/sshsig.h"

static const char namespace[] = "ambit-policy";

/* ---- the store ---- */

/* What the record says of them; a person who was offboarded has no say. */
static AMBIT_CHECKED enum ambit_err look_up(const struct reviewer *reviewer,
                                            const struct ambit_confirm_query *query,
                                            struct arena *arena, struct confirm_row *ret,
                                            bool *ret_offboarded)
{
    const struct confirm_key key = {
        .digest = query->digest, .is_removal = query->is_removal, .person = query->person};
    struct store_txn *txn = NULL;
    struct offboard_row offboarded;
    *ret = (struct confirm_row){0};
    *ret_offboarded = false;
    if (reviewer->store == NULL)
        return AMBIT_OK;
    enum ambit_err err = store_read_begin(reviewer->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = confirm_row_load(txn, &key, arena, ret);
    if (err == AMBIT_OK || err == AMBIT_ERR_NOT_FOUND) {
        err = offboard_row_load(txn, query->person, arena, &offboarded);
        *ret_offboarded = err == AMBIT_OK;
    }
    store_read_end(txn);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* ---- the folder ---- */

/* The bytes that a signature must be over. NOT_FOUND: not those of this version. */
static AMBIT_CHECKED enum ambit_err signed_bytes(const struct reviewer *reviewer,
                                                 const struct ambit_confirm_query *query,
                                                 struct buf *ret)
{
    if (query->is_removal) {
        char text[AMBIT_REMOVAL_TEXT_MAX];
        buf_put_str(ret, ambit_removal_text(query->kind, query->name, query->digest, text));
        return buf_check(ret);
    }
    const struct folder_beside beside = {.kind = query->kind, .name = query->name};
    enum ambit_err err = folder_read_beside(reviewer->folder, &beside, ret);
    if (err != AMBIT_OK)
        return err;
    const struct ambit_read_env env = {.sha256 = crypto_sha256};
    struct ambit_identity found;
    err = ambit_document_identify(buf_str(ret), &env, &found);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    return err == AMBIT_OK && ambit_digest_eq(found.digest, query->digest) ? AMBIT_OK
                                                                           : AMBIT_ERR_NOT_FOUND;
}

static AMBIT_CHECKED enum ambit_err keep_signature(struct reviewer *reviewer,
                                                   const struct ambit_confirm_query *query,
                                                   struct ambit_str bytes, struct ambit_str armored)
{
    for (size_t i = 0; i < reviewer->n_signatures; i++) {
        const struct ambit_confirm_query *about = &reviewer->signatures[i].about;
        if (ambit_digest_eq(about->digest, query->digest) &&
            about->is_removal == query->is_removal && ambit_str_eq(about->person, query->person))
            return AMBIT_OK;
    }
    if (reviewer->n_signatures == reviewer->room) {
        size_t room = reviewer->room > 0 ? reviewer->room * 2 : 16;
        struct review_signature *more =
            reallocarray(reviewer->signatures, room, sizeof *reviewer->signatures);
        if (more == NULL)
            return AMBIT_ERR_NO_MEMORY;
        reviewer->signatures = more;
        reviewer->room = room;
    }
    struct review_signature signature = {.about = *query};
    signature.about.name = arena_copy(&reviewer->arena, query->name);
    signature.about.person = arena_copy(&reviewer->arena, query->person);
    signature.armored = arena_copy(&reviewer->arena, armored);
    if (!signature.about.name.p || !signature.about.person.p || !signature.armored.p)
        return AMBIT_ERR_NO_MEMORY;
    crypto_sha256(bytes.p, bytes.len, &signature.file);
    reviewer->signatures[reviewer->n_signatures++] = signature;
    return AMBIT_OK;
}

/* The signature of this person beside the document: theirs, another's or none. */
static AMBIT_CHECKED enum ambit_err look_beside(struct reviewer *reviewer,
                                                const struct ambit_confirm_query *query,
                                                struct ambit_confirmed *ret)
{
    const struct ambit_documents *judges = reviewer->in_force != NULL
                                               ? reviewer->in_force
                                               : ambit_policy_documents(reviewer->proposed);
    const struct ambit_person *person = ambit_person_find(judges, query->person);
    const struct folder_beside beside = {.kind = query->kind,
                                         .name = query->name,
                                         .suffix = query->is_removal ? ".removed" : "",
                                         .person = query->person};
    BUF_AUTO armored, bytes;
    buf_init(&armored, 0);
    buf_init(&bytes, 0);
    enum ambit_err err = folder_read_beside(reviewer->folder, &beside, &armored);
    if (err == AMBIT_ERR_NOT_FOUND || person == NULL)
        return AMBIT_OK;
    ret->has_bad_signature = true;
    if (err == AMBIT_ERR_MALFORMED)
        return AMBIT_OK;
    if (err == AMBIT_OK)
        err = signed_bytes(reviewer, query, &bytes);
    const struct sshsig_signed what = {.armored = buf_str(&armored),
                                       .namespace = AMBIT_STR(namespace),
                                       .message = buf_str(&bytes)};
    if (err == AMBIT_OK)
        err = sshsig_verify(&what, person->ssh_signers.v, person->ssh_signers.n);
    if (err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_REFUSED ||
        err == AMBIT_ERR_TOO_LARGE || err == AMBIT_ERR_UNSUPPORTED)
        return AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    ret->has_bad_signature = false;
    ret->by_signature = true;
    return keep_signature(reviewer, query, buf_str(&bytes), buf_str(&armored));
}

static enum ambit_err confirmed(void *ctx, const struct ambit_confirm_query *query,
                                struct ambit_confirmed *ret)
{
    struct reviewer *reviewer = ctx;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct confirm_row row;
    bool is_offboarded = false;
    *ret = (struct ambit_confirmed){0};
    enum ambit_err err = look_up(reviewer, query, &arena, &row, &is_offboarded);
    if (err != AMBIT_OK || is_offboarded)
        return err;
    ret->by_word = row.said_ms != 0 && !row.is_spent;
    ret->by_signature = row.signed_ms != 0 && !row.is_signed_spent;
    /* One that was used before and is spent would be the same one again. */
    bool may_look = row.signed_ms == 0;
    return may_look ? look_beside(reviewer, query, ret) : AMBIT_OK;
}

/* ---- tests ---- */

static AMBIT_CHECKED enum ambit_err say(struct reviewer *reviewer, const char *words,
                                        struct ambit_str name, struct ambit_str *ret)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_text(&text, words);
    buf_put_str(&text, name);
    enum ambit_err err = buf_check(&text);
    if (err != AMBIT_OK)
        return err;
    *ret = arena_copy(&reviewer->arena, buf_str(&text));
    return ret->p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err judge_report(struct reviewer *reviewer,
                                                 const struct ambit_test_report *report,
                                                 struct ambit_str *ret_why)
{
    for (size_t i = 0; i < report->n_cases; i++)
        if (!report->cases[i].passed)
            return say(reviewer, "a case fails: ", report->cases[i].name, ret_why);
    for (size_t i = 0; i < report->n_reach; i++) {
        const struct ambit_test_reach *reach = &report->reach[i];
        if (!reach->is_reached && reach->part != AMBIT_PART_NEVER)
            return say(reviewer,
                       reach->part == AMBIT_PART_RULE ? "no case reaches the rule "
                                                      : "no case reaches the hard stop ",
                       reach->id, ret_why);
    }
    *ret_why = (struct ambit_str){0};
    return AMBIT_OK;
}

static enum ambit_err tested(void *ctx, const struct ambit_policy *policy,
                             struct ambit_str *ret_why)
{
    struct reviewer *reviewer = ctx;
    const struct folder_beside beside = {
        .kind = AMBIT_KIND_POLICY, .name = policy->doc.name, .is_test = true};
    BUF_AUTO text;
    buf_init(&text, 0);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = folder_read_beside(reviewer->folder, &beside, &text);
    if (err == AMBIT_ERR_NOT_FOUND)
        return say(reviewer, "there are none", (struct ambit_str){0}, ret_why);
    struct ambit_test_report report = {0};
    struct ambit_test_problem problem = {0};
    if (err == AMBIT_OK)
        err = ambit_policy_test(reviewer->proposed, policy->doc.name, buf_str(&text),
                                reviewer->now_ms, &arena, &report, &problem);
    if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_TOO_LARGE)
        return say(reviewer, "the file cannot be run", (struct ambit_str){0}, ret_why);
    return err == AMBIT_OK ? judge_report(reviewer, &report, ret_why) : err;
}

/* ---- the whole ---- */

enum ambit_err review_run(struct reviewer *reviewer, struct ambit_problems *missing)
{
    arena_init(&reviewer->arena, NULL, 0, 0);
    const struct ambit_reviewing review = {
        .in_force = reviewer->in_force,
        .proposed = ambit_policy_documents(reviewer->proposed),
        .folder = reviewer->shows_folder ? ambit_str_of(reviewer->folder) : (struct ambit_str){0},
        .ctx = reviewer,
        .confirmed = confirmed,
        .tested = tested};
    return ambit_review_judge(&review, missing);
}

void review_done(struct reviewer *reviewer)
{
    if (reviewer == NULL)
        return;
    free(reviewer->signatures);
    arena_done(&reviewer->arena);
    *reviewer = (struct reviewer){0};
}
