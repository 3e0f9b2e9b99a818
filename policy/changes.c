/* SPDX-License-Identifier: Apache-2.0 */
/* Two sets side by side: what is new, other or gone. And the line that a removal is signed over. */
#include "ambit/review.h"

#include "base/buf.h"

/* One kind of document of a set. */
struct list {
    const struct ambit_document *first;
    size_t stride, n;
};

static struct list list_of(const struct ambit_documents *set, enum ambit_kind kind)
{
    if (set == NULL)
        return (struct list){0};
    switch (kind) {
    case AMBIT_KIND_PERSON:
        return (struct list){&set->people->doc, sizeof *set->people, set->n_people};
    case AMBIT_KIND_AGENT:
        return (struct list){&set->agents->doc, sizeof *set->agents, set->n_agents};
    case AMBIT_KIND_SERVICE:
        return (struct list){&set->services->doc, sizeof *set->services, set->n_services};
    case AMBIT_KIND_POLICY:
        break;
    }
    return (struct list){&set->policies->doc, sizeof *set->policies, set->n_policies};
}

static const struct ambit_document *item(const struct list *list, size_t i)
{
    return i < list->n ? (const void *)((const char *)list->first + i * list->stride) : NULL;
}

/* <0: a comes first; 0: the same name. A list that has ended comes last. */
static int order(const struct ambit_document *a, const struct ambit_document *b)
{
    if (a == NULL || b == NULL)
        return (a == NULL) - (b == NULL);
    return ambit_str_cmp(a->name, b->name);
}

enum ambit_err ambit_documents_changes(
    const struct ambit_documents *before, const struct ambit_documents *after,
    enum ambit_err (*each)(void *ctx, const struct ambit_change_view *change), void *ctx)
{
    static const enum ambit_kind kinds[] = {AMBIT_KIND_PERSON, AMBIT_KIND_AGENT, AMBIT_KIND_SERVICE,
                                            AMBIT_KIND_POLICY};
    for (size_t k = 0; k < AMBIT_LEN(kinds); k++) {
        struct list old = list_of(before, kinds[k]), new = list_of(after, kinds[k]);
        size_t i = 0, j = 0;
        while (i < old.n || j < new.n) {
            const struct ambit_document *a = item(&old, i), *b = item(&new, j);
            int c = order(a, b);
            i += c <= 0;
            j += c >= 0;
            if (c == 0 && ambit_digest_eq(a->digest, b->digest))
                continue;
            struct ambit_change_view change = {.kind = kinds[k],
                                               .name = c <= 0 ? a->name : b->name,
                                               .before = c <= 0 ? a : NULL,
                                               .after = c >= 0 ? b : NULL};
            enum ambit_err err = each(ctx, &change);
            if (err != AMBIT_OK)
                return err;
        }
    }
    return AMBIT_OK;
}

struct ambit_str ambit_removal_text(enum ambit_kind kind, struct ambit_str name,
                                    struct ambit_digest digest, char dst[AMBIT_REMOVAL_TEXT_MAX])
{
    struct buf text;
    buf_init_fixed(&text, dst, AMBIT_REMOVAL_TEXT_MAX);
    buf_put_text(&text, "ambit removal v1 ");
    buf_put_text(&text, ambit_kind_text(kind));
    buf_put_char(&text, ' ');
    buf_put_str(&text, name);
    buf_put_text(&text, " sha256:");
    buf_put_hex(&text, digest.b, sizeof digest.b);
    buf_put_char(&text, '\n');
    AMBIT_ASSERT(buf_check(&text) == AMBIT_OK);
    return buf_str(&text);
}
