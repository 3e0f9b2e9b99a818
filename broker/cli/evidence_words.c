/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of sentences. */
#include "base/encode.h"
#include "cli/evidence_page_internal.h"

void page_text(struct buf *out, struct ambit_str text)
{
    buf_put_text(out, "<bdi>");
    report_put_html(out, text);
    buf_put_text(out, "</bdi>");
}

void page_time(struct buf *out, int64_t ms)
{
    char text[TIME_TEXT_LEN];
    time_encode(ms, text);
    buf_put_text(out, "<time>");
    buf_put(out, text, 10);
    buf_put_char(out, ' ');
    buf_put(out, text + 11, 8);
    buf_put_text(out, "</time>");
}

void page_span(struct buf *out, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    size_t at = 0;
    while (at + 1 < AMBIT_LEN(units) && ms < units[at].ms)
        at++;
    buf_printf(out, "%lld %s", (long long)(ms / units[at].ms), units[at].unit);
    int64_t rest = at + 1 < AMBIT_LEN(units) ? ms % units[at].ms / units[at + 1].ms : 0;
    if (rest > 0)
        buf_printf(out, " %lld %s", (long long)rest, units[at + 1].unit);
}

void page_link(struct evidence_page *page, struct buf *out, uint64_t seq)
{
    unsigned long long number = (unsigned long long)seq;
    if (evidence_has(page->ask.evidence, seq))
        buf_printf(out, "<a href=\"%sreceipts/%llu.entry\">%llu</a>", page->up, number, number);
    else
        buf_printf(out, "%llu", number);
}

void page_words(struct evidence_page *page, struct buf *out, const struct event *event,
                unsigned bit)
{
    struct ambit_str text = bit == EVENT_ERASED_WORDS     ? event->words
                            : bit == EVENT_ERASED_PURPOSE ? event->purpose
                                                          : event->stated_reason;
    if (text.p != NULL) {
        /* framed: no quote in it can end it, and go on in our words */
        buf_put_text(out, "<span class=\"said\">“");
        page_text(out, text);
        buf_put_text(out, "”</span>");
    } else if (event->erased & bit) {
        buf_put_text(out, page->ask.no_openings ? "<i class=\"soft\">withheld</i>"
                                                : "<i class=\"soft\">erased</i>");
    }
}

void page_digest(struct buf *out, const struct ambit_digest *digest)
{
    buf_put_text(out, "<code class=\"h\">");
    buf_put_hex(out, digest->b, 6);
    buf_put_text(out, "</code>");
}

void page_strs(struct buf *out, const struct ambit_strs *list)
{
    for (size_t i = 0; i < list->n; i++) {
        buf_put_text(out, i == 0 ? "<code>" : ", <code>");
        page_text(out, list->v[i]);
        buf_put_text(out, "</code>");
    }
}

const char *page_type(enum event_type type)
{
    static const char *const words[EVENT_TYPES] = {
        [EVENT_GRANT_ISSUED] = "authority was given",
        [EVENT_GRANT_REFUSED] = "authority was refused",
        [EVENT_GRANT_REVOKED] = "a grant was given back",
        [EVENT_ACTION_ALLOWED] = "an action was allowed",
        [EVENT_ACTION_DENIED] = "an action was refused",
        [EVENT_STOP_RAISED] = "a stop was raised",
        [EVENT_STOP_CLEARED] = "a stop was lifted",
        [EVENT_INCIDENT_OPENED] = "an incident was opened",
        [EVENT_DOCUMENTS_ACTIVATED] = "a set of documents came in force",
        [EVENT_DOCUMENTS_REJECTED] = "a set of documents was rejected",
        [EVENT_PERSON_READ] = "a person read the record",
        [EVENT_IDENTITY_REFUSED] = "callers proved nothing and were turned away",
        [EVENT_CALLER_LIMITED] = "a caller asked too much and was slowed",
        [EVENT_KEY_CREATED] = "a signing key was made",
        [EVENT_TIME_DISTRUSTED] = "the clock was no longer believed",
        [EVENT_TIME_ACKNOWLEDGED] = "a person confirmed the clock",
        [EVENT_BROKER_STARTED] = "the broker started",
        [EVENT_BROKER_STOPPED] = "the broker stopped",
        [EVENT_BROKER_SEALED] = "the broker could not record, and gave nothing",
        [EVENT_REFUSALS_FOLDED] = "further refusals of a stopped agent were counted",
        [EVENT_STOP_CLEAR_ASKED] = "one of two people asked to lift a stop",
        [EVENT_DOCUMENTS_CONFIRMED] = "a person confirmed a version of a document",
        [EVENT_DOCUMENTS_SUPERSEDED] = "earlier confirmations ended",
        [EVENT_PERSON_OFFBOARDED] = "a person left: all that was theirs was stopped",
        [EVENT_ACTION_OUTCOME] = "what became of an action was reported",
        [EVENT_ACTION_UNACCOUNTED] = "nobody reported what became of an action",
        [EVENT_SIGNAL_RECEIVED] = "a service reported something about an agent",
        [EVENT_INCIDENT_ESCALATED] = "an incident went to the next person",
        [EVENT_INCIDENT_ACKNOWLEDGED] = "a person took up an incident",
        [EVENT_INCIDENT_CLOSED] = "an incident was closed",
        [EVENT_HISTORY_EXPIRED] = "old counters were taken away",
        [EVENT_BROKER_OUTAGE] = "no report could be taken for a while",
        [EVENT_QUESTION_ANSWERED] = "somebody asked what would be decided",
        [EVENT_APPROVAL_ASKED] = "people were asked for approval",
        [EVENT_APPROVAL_GIVEN] = "a person approved",
        [EVENT_APPROVAL_REFUSED] = "a person refused to approve",
        [EVENT_APPROVAL_LAPSED] = "nobody answered in time",
        [EVENT_APPROVAL_USED] = "an approval was used",
        [EVENT_KEY_ACTIVATED] = "a signing key came into use",
        [EVENT_KEY_RETIRED] = "a signing key was retired",
        [EVENT_APPROVAL_AWAITED] = "a client waited for an approval",
        [EVENT_APPROVAL_CANCELLED] = "a client waited no more",
        [EVENT_PERSONAL_ERASED] = "personal texts were erased",
        [EVENT_RECORD_BACKED_UP] = "the record was backed up",
        [EVENT_RECORD_PRUNED] = "old events were moved to a segment",
        [EVENT_LOG_STARTED] = "the record began to be published as a log",
        [EVENT_LOG_CONTINUED] = "the record was continued as another log",
    };
    return type < EVENT_TYPES && words[type] != NULL ? words[type] : "something else happened";
}

void page_version_link(struct evidence_page *page, struct buf *out, struct ambit_str policy,
                       const struct ambit_digest *digest, struct ambit_str rule)
{
    const struct page_version *version = page->versions;
    while (version != NULL &&
           !(ambit_digest_eq(version->digest, *digest) && ambit_str_eq(version->policy, policy)))
        version = version->next;
    if (policy.p == NULL)
        return;
    if (version != NULL && version->path.p != NULL)
        buf_printf(out, "<a href=\"%s%.*s\">", page->up, AMBIT_STR_ARG(version->path));
    page_text(out, policy);
    if (version != NULL && version->path.p != NULL)
        buf_put_text(out, "</a>");
    if (rule.p != NULL) {
        buf_put_text(out, ", rule ");
        page_text(out, rule);
    }
}
