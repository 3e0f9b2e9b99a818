/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of core/apply_people.c, by events alone: of each the sequence at which it was said
 * last. */
#include "ledger/people.h"

#include "base/encode.h"
#include "crypto/digest.h"

void people_init(struct people *people, const uint64_t key[2])
{
    *people = (struct people){.places = {.n = 0}};
    places_init(&people->places, key);
}

void people_done(struct people *people)
{
    places_done(&people->places);
}

static struct ambit_id id_of(struct ambit_str a, struct ambit_str b)
{
    const struct ambit_str parts[] = {a, AMBIT_STR("\n"), b};
    struct ambit_digest digest;
    struct ambit_id id;
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &digest);
    memcpy(id.b, digest.b, sizeof id.b);
    return id;
}

static struct ambit_id id_of_person(struct ambit_str name)
{
    return id_of(AMBIT_STR("person"), name);
}

static struct ambit_id id_of_digest(const struct ambit_digest *digest, struct ambit_str person)
{
    return id_of((struct ambit_str){.p = (const char *)digest->b, .len = sizeof digest->b}, person);
}

static bool cut_front(struct ambit_str *text, const char *front)
{
    size_t len = strlen(front);
    if (text->len < len || memcmp(text->p, front, len) != 0)
        return false;
    *text = (struct ambit_str){.p = text->p + len, .len = text->len - len};
    return true;
}

/* ---- what is said --------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err superseded(struct people *people, const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < event->n_also; i++) {
        struct ambit_str what = event->also[i];
        struct ambit_digest digest;
        if (cut_front(&what, "person:"))
            err = places_put(&people->places, PLACE_RETURNED, id_of_person(what), event->seq);
        else if (digest_decode(what, &digest) == AMBIT_OK)
            err = places_put(&people->places, PLACE_SPENT,
                             id_of_digest(&digest, (struct ambit_str){0}), event->seq);
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err confirmed(struct people *people, const struct event *event)
{
    struct ambit_id id = id_of_digest(&event->digest, event->person);
    if (event->is_removal)
        return AMBIT_OK;
    return places_put(&people->places, event->by.p != NULL ? PLACE_SIGNED : PLACE_CONFIRMED, id,
                      event->seq);
}

enum ambit_err people_note(struct people *people, const struct event *event)
{
    struct ambit_str person = event->target;
    if (event->type == EVENT_PERSON_OFFBOARDED && cut_front(&person, "owner:"))
        return places_put(&people->places, PLACE_OFFBOARDED, id_of_person(person), event->seq);
    if (event->type == EVENT_DOCUMENTS_SUPERSEDED)
        return superseded(people, event);
    return event->type == EVENT_DOCUMENTS_CONFIRMED ? confirmed(people, event) : AMBIT_OK;
}

/* ---- what follows --------------------------------------------------------------------------- */

static bool has_left(const struct people *people, struct ambit_str name)
{
    struct ambit_id id = id_of_person(name);
    uint64_t left = 0, back = 0;
    return places_find(&people->places, PLACE_OFFBOARDED, id, &left) &&
           (!places_find(&people->places, PLACE_RETURNED, id, &back) || back < left);
}

enum ambit_err people_fault(const struct people *people, const struct event *event,
                            const struct ambit_agent *agent, bool is_partial, struct ambit_str *ret)
{
    struct ambit_str said =
        event->reason == AMBIT_REASON_OWNER_REQUIRED ? event->member : (struct ambit_str){0};
    bool says_left = ambit_str_is(said, "owner") || ambit_str_is(said, "backup");
    if (has_left(people, agent->owner))
        *ret = AMBIT_STR("owner");
    else if (has_left(people, agent->backup))
        *ret = AMBIT_STR("backup");
    else if (is_partial && says_left)
        return AMBIT_ERR_NOT_FOUND;
    else if (event->attested_until_ms == 0) /* whether it is enforced stands nowhere */
        *ret = ambit_str_is(said, "attestation") ? said : (struct ambit_str){0};
    else
        *ret = event->attested_until_ms <= event->time_ms ? AMBIT_STR("attestation")
                                                          : (struct ambit_str){0};
    return AMBIT_OK;
}

const char *people_judge(const struct people *people, const struct event *event,
                         const struct ambit_agent *agent, bool is_partial)
{
    struct ambit_id id = id_of_digest(&agent->doc.digest, agent->owner);
    uint64_t said = 0, is_signed = 0, spent = 0;
    bool was_said = places_find(&people->places, PLACE_CONFIRMED, id, &said);
    bool was_signed = places_find(&people->places, PLACE_SIGNED, id, &is_signed);
    bool was_spent = places_find(&people->places, PLACE_SPENT,
                                 id_of_digest(&agent->doc.digest, (struct ambit_str){0}), &spent);
    if (event->attested_until_ms == 0 || (was_signed && was_spent)) /* a signature stays spent */
        return NULL;
    bool is_attested = was_signed || (was_said && (!was_spent || spent < said));
    if (event->attested_until_ms == EVENT_ATTESTED_NEVER)
        return is_attested ? "says that its agent was never attested, which its owner did" : NULL;
    return is_attested || is_partial
               ? NULL
               : "says that its agent was attested, which its owner never did";
}
