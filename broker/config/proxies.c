/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_proxies: blocks of addresses whose word on the caller is believed. */
#include <stdio.h>

#include "base/json_read.h"
#include "config/values.h"

static const char form[] = "a list of at most 32 blocks such as \"10.1.2.0/24\" or \"::1/128\"";

void config_take_proxies(struct config_reader *reader, const struct config_place *place,
                         const struct json_value *value)
{
    struct config *config = reader->config;
    if (value->kind != JSON_ARRAY || value->count > CONFIG_PROXIES_MAX) {
        config_complain(reader, place, "is no list of address blocks", form);
        return;
    }

    size_t index = 0;
    for (const struct json_value *one = value->first; one; one = one->next, index++) {
        struct config_place at = *place;
        struct cidr block = {.bits = 0};
        at.line = one->line;
        at.column = one->column;
        int n = snprintf(at.pointer, sizeof at.pointer, "/trusted_proxies/%zu", index);
        AMBIT_ASSERT(n > 0 && (size_t)n < sizeof at.pointer);
        if (one->kind != JSON_STRING || cidr_decode(one->text, &block) != AMBIT_OK)
            config_complain(reader, &at, "is no block of addresses", form);
        else if (block.bits == 0)
            config_complain(reader, &at, "would believe everybody about who calls",
                            "the addresses of the proxies alone");
        else
            config->trusted_proxies[config->n_trusted_proxies++] = block;
    }
}
