/* SPDX-License-Identifier: Apache-2.0 */
/* Who and what the development state is made of (interfaces.md, "Dev state"). Constants only. */
#pragma once

#include "config/make.h"

/* A shared secret kept as credentials/NAME.SUFFIX, its digest in documents/FOLDER/NAME.json. */
struct dev_secret {
    const char *name, *suffix, *folder;
    bool is_person, has_curl;
};
struct dev_policy {
    const char *name, *json;
};

extern const struct make_person dev_people[];
extern const struct make_agent dev_agents[];
extern const struct make_service dev_service;
extern const struct dev_policy dev_policies[];
extern const struct dev_secret dev_secrets[];
extern const size_t dev_n_people, dev_n_agents, dev_n_policies, dev_n_secrets;

/* NULL: nobody by that name has a shared secret. */
const struct dev_secret *dev_secret_find(struct ambit_str name);
