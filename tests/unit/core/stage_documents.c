/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of the stage: one rule for each thing that is counted, one stop for each way to
 * fire. ' stands for ". Every shared secret is a number in hexadecimal: see stage_caller(). */
#include "stage_documents.h"

#define PERSON(name, number, team, roles)                                            \
    {                                                                                \
        "people/" name ".json",                                                      \
            "{'person':'" name "','name':'" name " X','email':'" name                \
            "@example.gov','team':'" team "','active':true,'roles':[" roles          \
            "],'authenticate':[{'method':'token','sha256':"                          \
            "'00000000000000000000000000000000000000000000000000000000000000" number \
            "','expires':'2027-01-31T00:00:00Z'}]}"                                  \
    }
#define SECRET                                                            \
    "'authenticate':[{'method':'client_secret_basic','sha256':"           \
    "'00000000000000000000000000000000000000000000000000000000000000aa'," \
    "'expires':'2027-01-31T00:00:00Z'}]"
#define AGENT(name, owner, backup, policies)                                                    \
    {                                                                                           \
        "agents/" name ".json", "{'agent':'" name "','description':'d','owner':'" owner         \
                                "','backup':'" backup "'," SECRET ",'policies':[" policies "]}" \
    }
#define SERVICE(name, owner, tier, resources)                                               \
    {                                                                                       \
        "services/" name ".json", "{'service':'" name "','owner':'" owner "','tier':'" tier \
                                  "','audiences':['https://" name                           \
                                  ".example.gov'],'resources':[" resources "]," SECRET "}"  \
    }
#define REVIEW "'review':{'authored_by':'dana','accepted_by':'dana','reviewed_by':['lee']},"
#define HOURLY "{'count':5000,'within':'1h'}"
#define RULE(id, resources, limits)                                 \
    "{'id':'" id "','actions':['a." id "'],'resources':[" resources \
    "],'ttl':{'default':'5m','max':'24h'}" limits "}"

const struct stage_file stage_files[] = {
    PERSON("dana", "01", "payments", "'owner'"),
    PERSON("sam", "02", "payments", "'owner'"),
    PERSON("lee", "03", "operations", "'oncall','admin'"),
    PERSON("kim", "04", "operations", "'oncall'"),
    PERSON("oli", "05", "operations", "'owner','oncall'"),
    PERSON("ann", "06", "audit", "'auditor','approver','admin'"),
    AGENT("worker", "dana", "sam", "'counting','watched'"),
    AGENT("helper", "dana", "sam", "'counting','watched'"),
    AGENT("porter", "oli", "sam", "'ports'"),
    {"agents/keeper.json",
     "{'agent':'keeper','description':'d','owner':'dana','backup':'sam',"
     "'authenticate':[{'method':'unix_peer','uid':1000}],'policies':['vaulted']}"},
    SERVICE("api", "dana", "low", "'svc:**','db:**','secret:**'"),
    SERVICE("vault", "dana", "critical", "'vault:**'"),
    {"policies/counting.json",
     "{'policy':'counting','description':'d','owner':'dana','tier':'medium',"
     "'audiences':['https://api.example.gov']," REVIEW
     "'allow':[" RULE("free", "'svc:free/**','svc:other/**'", "") "," RULE("few", "'svc:few/**'", ",'limits':[{'count':3,'within':'1s'}]") "," RULE("sum", "'svc:sum/**'", ",'limits':[{'sum':'amount','max':100,'within':'10s'}]") "," RULE(
         "uses", "'svc:uses/**'",
         ",'limits':[{'uses':2}," HOURLY
         "]") "," RULE("slot", "'svc:slot/**'",
                       ",'limits':[{'live_grants':2}]") "," RULE("many", "'svc:many/**'",
                                                                 ",'limits':[" HOURLY
                                                                 "]") "," RULE("each",
                                                                               "'svc:each/**'",
                                                                               ",'limits':[{'count'"
                                                                               ":1,'within':'1m','"
                                                                               "by':'resource'}"
                                                                               "," HOURLY
                                                                               "]") ","
                                                                                    "{'id':'asks','"
                                                                                    "actions':['a."
                                                                                    "asks'],'"
                                                                                    "resources':['"
                                                                                    "svc:asks/"
                                                                                    "**'],'ttl':{'"
                                                                                    "max':'10m'},"
                                                                                    "'when':{'"
                                                                                    "source':['10."
                                                                                    "0.0.0/"
                                                                                    "8'],'purpose':"
                                                                                    "'INC-*','"
                                                                                    "reason':true,'"
                                                                                    "context':{'"
                                                                                    "mode':{'in':['"
                                                                                    "slow']}}}}],"
                                                                                    "'never':[{'id'"
                                                                                    ":'customers','"
                                                                                    "actions':['**'"
                                                                                    "],'resources':"
                                                                                    "['db:"
                                                                                    "customers/"
                                                                                    "**','svc:free/"
                                                                                    "secret/**']}],"
                                                                                    "'hard_stops':["
                                                                                    "{'id':'"
                                                                                    "probing','on':"
                                                                                    "'denied','"
                                                                                    "count':3,'"
                                                                                    "within':'1m','"
                                                                                    "by':'grant','"
                                                                                    "then':'revoke_"
                                                                                    "grant'}]}"},
    {"policies/watched.json",
     "{'policy':'watched','description':'d','owner':'sam','tier':'low',"
     "'audiences':['https://api.example.gov']," REVIEW
     "'allow':[{'id':'w','actions':['w.**'],'resources':['svc:w/**'],'ttl':{'max':'1h'}}],"
     "'hard_stops':["
     "{'id':'tripwire','on':'attempted','resources':['secret:canary/**'],'then':'suspend_agent'},"
     "{'id':'burst','on':'allowed','actions':['w.do'],'count':3,'within':'1m','by':'grant','then':'"
     "revoke_grant'},"
     "{'id':'bulk','on':'allowed','actions':['w.bulk'],'sum':'rows','max':10,'within':'1m','then':'"
     "suspend_agent'},"
     "{'id':'team','on':'attempted','actions':['w.team'],'count':2,'within':'1m','by':'team','then'"
     ":'stop_team'},"
     "{'id':'fleet','on':'attempted','actions':['w.fleet'],'count':2,'within':'1m','by':'policy','"
     "then':'stop_policy'},"
     "{'id':'greed','on':'granted','actions':['w.greed'],'count':3,'within':'1m','then':'revoke_"
     "grant'}]}"},
    {"policies/ports.json",
     "{'policy':'ports','description':'d','owner':'oli','tier':'low',"
     "'audiences':['https://api.example.gov']," REVIEW
     "'allow':[{'id':'p','actions':['p.**'],'resources':['svc:p/**'],'ttl':{'max':'1h'}}],"
     "'hard_stops':[{'id':'probing','on':'denied','count':100,'within':'1m','then':'suspend_agent'}"
     "]}"},
    {"policies/vaulted.json",
     "{'policy':'vaulted','description':'d','owner':'dana','tier':'critical',"
     "'audiences':['https://vault.example.gov']," REVIEW
     "'allow':[{'id':'v','actions':['v.**'],'resources':['vault:**'],'ttl':{'max':'1h'}}],"
     "'hard_stops':[{'id':'probing','on':'denied','count':100,'within':'1m','then':'suspend_agent'}"
     "]}"},
};
const size_t stage_n_files = sizeof stage_files / sizeof stage_files[0];
