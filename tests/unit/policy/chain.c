/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of three agents. */
#include "chain.h"

static const char *const people[] = {"dana", "sam", "lee", "-gone", NULL};
static const struct lab_agent agents[] = {{"a", "dana", "sam", "'pa'", "'delegates_to':['b'],"},
                                          {"b", "lee", "sam", "'pb'", "'delegates_to':['c'],"},
                                          {"c", "dana", "lee", "'pc'", ""}};

static void hold(struct held *held, uint8_t id, const char *agent, struct held *above)
{
    char c = agent[0];
    *held = (struct held){
        .view = {.id = lab_id(id),
                 .lineage = lab_id(1),
                 .agent = ambit_str_of(agent),
                 .owner = c == 'b' ? AMBIT_STR("lee") : AMBIT_STR("dana"),
                 .team = AMBIT_STR("payments"),
                 .audience = LAB_AUDIENCE,
                 .issued_ms = LAB_NOW_MS - 60000,
                 .expires_ms = LAB_NOW_MS + 1200500,
                 .n_items = 1,
                 .depth = above ? above->view.depth + 1 : 0,
                 .above = above ? &above->view : NULL,
                 .parent = above ? above->view.id : (struct ambit_id){{0}}},
    };
    held->view.items = held->items;
    held->view.except = held->except;
    held->items[0] = (struct ambit_given){.action = AMBIT_STR("service.*"),
                                          .resource = AMBIT_STR("svc:staging/**"),
                                          .policy = c == 'a'   ? AMBIT_STR("pa")
                                                    : c == 'b' ? AMBIT_STR("pb")
                                                               : AMBIT_STR("pc"),
                                          .rule = c == 'a'   ? AMBIT_STR("ra")
                                                  : c == 'b' ? AMBIT_STR("rb")
                                                             : AMBIT_STR("rc")};
    held->items[1] = held->items[0];
}

void chain_open(struct chain *chain, const struct chain_documents *documents)
{
    struct lab_policy policies[] = {{"pa", documents->head_a ? documents->head_a : "",
                                     documents->pa ? documents->pa : CHAIN_PA},
                                    {"pb", "", documents->pb ? documents->pb : CHAIN_PB},
                                    {"pc", "", documents->pc ? documents->pc : CHAIN_PC}};
    struct lab_documents all = {.people = people,
                                .agents = documents->agents ? documents->agents : agents,
                                .n_agents = 3,
                                .policies = policies,
                                .n_policies = 3};
    lab_open_agents(&chain->lab, &all);
    hold(&chain->a, 1, "a", NULL);
    hold(&chain->b, 2, "b", &chain->a);
    hold(&chain->c, 3, "c", &chain->b);
    chain->b.items[0].resource = AMBIT_STR("svc:staging/eu/**");
    chain->c.items[0].resource = AMBIT_STR("svc:staging/eu/**");
    chain->item = (struct ambit_item){AMBIT_STR("service.read"), AMBIT_STR("svc:staging/eu/x")};
    chain->q = lab_question(&chain->item, 1);
    chain->q.agent = AMBIT_STR("c");
    chain->q.audience = (struct ambit_str){0};
    chain->q.parent = &chain->b.view;
    chain->act = lab_action(&chain->lab, "service.read", "svc:staging/eu/x");
    chain->act.grant = &chain->c.view;
}

void chain_close(struct chain *chain)
{
    lab_close(&chain->lab);
}
