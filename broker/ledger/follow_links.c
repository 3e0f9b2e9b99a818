/* SPDX-License-Identifier: Apache-2.0 */
/* Which ids stand for what was before. */
#include "ledger/follow_links.h"

static bool is_there(const struct places *places, enum place_kind kind, struct ambit_id id)
{
    uint64_t seq = 0;
    return ambit_id_is_none(id) || places_find(places, kind, id, &seq);
}

/* What a refused request named as its parent and was unknown has no lineage. */
static const char *missing_grant(const struct places *places, const struct event *event)
{
    bool names_parent = !ambit_id_is_none(event->lineage) && !ambit_id_is_none(event->parent);
    bool is_given = event->type == EVENT_GRANT_ISSUED;
    if (!is_given && !is_there(places, PLACE_GRANT, event->grant))
        return "names a grant that was never given";
    if (names_parent && !is_there(places, PLACE_GRANT, event->parent))
        return "names a parent grant that was never given";
    if (names_parent && !is_there(places, PLACE_GRANT, event->lineage))
        return "names a lineage that never began";
    return is_there(places, PLACE_GRANT, event->replaces) ? NULL
                                                          : "replaces a grant that was never given";
}

static const char *missing_other(const struct places *places, const struct event *event)
{
    bool raises = event->type == EVENT_STOP_RAISED;
    bool opens =
        raises || event->type == EVENT_INCIDENT_OPENED || event->type == EVENT_PERSON_OFFBOARDED;
    if (!is_there(places, PLACE_EVENT, event->cause))
        return "names a cause that is no event before it";
    if (!opens && !is_there(places, PLACE_STOP, event->stop))
        return "names a stop that was never raised";
    if (!opens && !is_there(places, PLACE_INCIDENT, event->incident))
        return "names an incident that was never opened";
    if (event->type != EVENT_APPROVAL_ASKED && !is_there(places, PLACE_APPROVAL, event->approval))
        return "names an approval that was never asked for";
    return NULL;
}

static AMBIT_CHECKED enum ambit_err add(struct places *places, enum place_kind kind,
                                        struct ambit_id id, uint64_t seq, bool *ret_is_new)
{
    *ret_is_new = true;
    return ambit_id_is_none(id) ? AMBIT_OK : places_add(places, kind, id, seq, ret_is_new);
}

enum ambit_err follow_links(struct places *places, const struct event *event,
                            const char **ret_unknown, const char **ret_doubled)
{
    bool is_new = true;
    const char *what = missing_grant(places, event);
    *ret_unknown = what != NULL ? what : missing_other(places, event);
    *ret_doubled = NULL;
    enum ambit_err err = add(places, PLACE_EVENT, event->id, event->seq, &is_new);
    if (!is_new && event->decision != EVENT_DECISION_NONE) /* a command may be several others */
        *ret_doubled = "is a decision with the id of an event before it";
    if (err == AMBIT_OK && event->type == EVENT_GRANT_ISSUED) {
        err = add(places, PLACE_GRANT, event->grant, event->seq, &is_new);
        if (!is_new)
            *ret_doubled = "gives a grant of an id that was given before";
    }
    if (err == AMBIT_OK && event->type == EVENT_STOP_RAISED)
        err = add(places, PLACE_STOP, event->stop, event->seq, &is_new);
    if (err == AMBIT_OK &&
        (event->type == EVENT_INCIDENT_OPENED || event->type == EVENT_STOP_RAISED))
        err = add(places, PLACE_INCIDENT, event->incident, event->seq, &is_new);
    if (err == AMBIT_OK && event->type == EVENT_APPROVAL_ASKED)
        err = add(places, PLACE_APPROVAL, event->approval, event->seq, &is_new);
    return err;
}
