/* SPDX-License-Identifier: Apache-2.0 */
/* The set of documents that replaced the first one. */
#include "golden/store.h"

void golden_documents(struct stage *stage)
{
    stage_document(
        stage, "policies/ports.json",
        "{'policy':'ports','description':'The second version','owner':'oli','tier':'low',"
        "'audiences':['https://api.example.gov'],"
        "'review':{'authored_by':'oli','accepted_by':'oli','ticket':'SEC-2'},"
        "'allow':[{'id':'p','actions':['p.**'],'resources':['svc:p/**'],'ttl':{'max':'30m'}},"
        "{'id':'late','actions':['q.do'],'resources':['svc:q/**'],'ttl':{'max':'24h'}}],"
        "'hard_stops':[{'id':'probing','on':'denied','count':100,'within':'1m','then':'suspend_"
        "agent'}]}");
}
