/* SPDX-License-Identifier: Apache-2.0 */
/* See unheard.h. When the table is full a signal is recorded, not counted. */
#include "core/unheard.h"

enum { MINUTE_MS = 60000 };

static void change(struct unheard *unheard)
{
    if (!unheard->is_changed)
        memcpy(unheard->before, unheard->slots, sizeof unheard->before);
    unheard->is_changed = true;
}

void unheard_keep(struct unheard *unheard)
{
    unheard->is_changed = false;
}

void unheard_restore(struct unheard *unheard)
{
    if (unheard->is_changed)
        memcpy(unheard->slots, unheard->before, sizeof unheard->slots);
    unheard->is_changed = false;
}

bool unheard_tell(struct unheard *unheard, struct ambit_str service, int64_t now_ms)
{
    struct unheard_slot *free_slot = NULL;
    change(unheard);
    for (size_t i = 0; i < UNHEARD_SLOTS; i++) {
        struct unheard_slot *slot = &unheard->slots[i];
        bool is_over = now_ms - slot->told_ms >= MINUTE_MS;
        if (slot->len > 0 && is_over && slot->count == 0)
            slot->len = 0;
        if (slot->len == 0) {
            free_slot = slot;
        } else if (ambit_str_eq((struct ambit_str){slot->service, slot->len}, service)) {
            slot->count++;
            return false;
        }
    }
    if (free_slot != NULL && service.len > 0 && service.len <= sizeof free_slot->service) {
        *free_slot = (struct unheard_slot){.len = service.len, .told_ms = now_ms};
        memcpy(free_slot->service, service.p, service.len);
    }
    return true;
}

struct unheard_slot *unheard_due(struct unheard *unheard, int64_t now_ms)
{
    for (size_t i = 0; i < UNHEARD_SLOTS; i++) {
        struct unheard_slot *slot = &unheard->slots[i];
        if (slot->len > 0 && slot->count > 0 && now_ms - slot->told_ms >= MINUTE_MS)
            return slot;
    }
    return NULL;
}

void unheard_free(struct unheard *unheard, struct unheard_slot *slot)
{
    change(unheard);
    slot->len = 0;
}
