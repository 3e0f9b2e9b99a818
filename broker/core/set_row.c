/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a set's row. */
#include "core/set_row.h"

enum { DIGEST = sizeof(struct ambit_digest) };

static const uint8_t none[DIGEST];

static void put_documents(struct buf *row, const struct ambit_document *first, size_t stride,
                          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct ambit_document *document = (const void *)((const char *)first + i * stride);
        buf_put(row, document->digest.b, DIGEST);
    }
}

void set_row_put(struct buf *row, const struct ambit_documents *set)
{
    put_documents(row, &set->people->doc, sizeof *set->people, set->n_people);
    put_documents(row, &set->agents->doc, sizeof *set->agents, set->n_agents);
    put_documents(row, &set->services->doc, sizeof *set->services, set->n_services);
    put_documents(row, &set->policies->doc, sizeof *set->policies, set->n_policies);
    if (set->n_zones > 0)
        buf_put(row, none, DIGEST);
    for (size_t i = 0; i < set->n_zones; i++) {
        buf_put(row, set->zones[i].digest.b, DIGEST);
        buf_put_char(row, (char)set->zones[i].name.len);
        buf_put_str(row, set->zones[i].name);
    }
}

static bool take_zone(struct ambit_str *rest, struct ambit_digest *ret_digest,
                      struct ambit_str *ret_name)
{
    size_t head = DIGEST + 1, len = rest->len > DIGEST ? (uint8_t)rest->p[DIGEST] : 0;
    if (len == 0 || rest->len < head + len)
        return false;
    memcpy(ret_digest->b, rest->p, DIGEST);
    *ret_name = (struct ambit_str){.p = rest->p + head, .len = len};
    rest->p += head + len;
    rest->len -= head + len;
    return true;
}

enum ambit_err set_row_read(struct ambit_str bytes, struct set_row *ret)
{
    struct ambit_str rest = bytes;
    *ret = (struct set_row){.digests = (const uint8_t *)bytes.p};
    for (; rest.len >= DIGEST && !ret->has_zones; rest.p += DIGEST, rest.len -= DIGEST) {
        ret->has_zones = memcmp(rest.p, none, DIGEST) == 0;
        ret->n += !ret->has_zones;
    }
    ret->zones = rest;
    if (!ret->has_zones || rest.len == 0)
        return rest.len == 0 && !ret->has_zones ? AMBIT_OK : AMBIT_ERR_DAMAGED;
    while (rest.len > 0) {
        struct ambit_digest digest;
        struct ambit_str name;
        if (!take_zone(&rest, &digest, &name))
            return AMBIT_ERR_DAMAGED;
    }
    return AMBIT_OK;
}

bool set_row_zone(struct set_row *row, struct ambit_digest *ret_digest, struct ambit_str *ret_name)
{
    return row->has_zones && row->zones.len > 0 && take_zone(&row->zones, ret_digest, ret_name);
}
