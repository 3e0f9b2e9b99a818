/* SPDX-License-Identifier: Apache-2.0 */
/* Three agents, each delegating to the next: `a` (owner dana) to `b` (lee) to `c` (dana), with a
 * policy each, and the grants that a and b hold. Tests change one thing and ask. */
#pragma once

#include "lab.h"

#define CHAIN_RULE(id, more)                                                             \
    "'allow':[{'id':'" id "','actions':['service.*'],'resources':['svc:staging/**'],'tt" \
    "l':{'default':'30m','max':'1h'}" more "}]"
#define CHAIN_DEEP ",'delegation':{'depth':2}"
#define CHAIN_PA   CHAIN_RULE("ra", CHAIN_DEEP) "," LAB_QUIET
#define CHAIN_PB   CHAIN_RULE("rb", CHAIN_DEEP) "," LAB_QUIET
#define CHAIN_PC   CHAIN_RULE("rc", "") "," LAB_QUIET

#define CHAIN_APPROVAL(at) ",'approval':{'at':'" at "','roles':['oncall'],'timeout':'15m'}"

struct held {
    struct ambit_grant_view view;
    struct ambit_given items[2];
    struct ambit_except except[1];
};
struct chain {
    struct lab lab;
    struct held a, b, c; /* c: under b, which is under a */
    struct ambit_item item;
    struct ambit_grant_question q;    /* c asks for a part of what b holds */
    struct ambit_action_question act; /* c acts under its grant */
};
/* NULL: as above. */
struct chain_documents {
    const char *pa, *pb, *pc;
    const char *head_a;             /* further members of pa; NULL: none */
    const struct lab_agent *agents; /* three */
};
/* One of them changed, where a table says so. */
/* clang-format off */
#define AS_IS        {0}
#define PA(text)     {.pa = (text)}
#define PB(text)     {.pb = (text)}
#define PC(text)     {.pc = (text)}
#define PA_PB(a, b)  {.pa = (a), .pb = (b)}
#define PA_PC(a, c)  {.pa = (a), .pc = (c)}
#define HEAD_A(text) {.head_a = (text)}
#define AGENTS(list) {.agents = (list)}
/* clang-format on */
void chain_open(struct chain *chain, const struct chain_documents *documents);
void chain_close(struct chain *chain);
