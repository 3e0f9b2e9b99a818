/* SPDX-License-Identifier: Apache-2.0 */
/* index.html: what this is, who answers for it, what happened, and how to check it. */
#include "base/encode.h"
#include "cli/evidence_page_internal.h"

static unsigned long long count(uint64_t n)
{
    return (unsigned long long)n;
}

/* ---- what it is ----------------------------------------------------------------------------- */

static void put_period(struct evidence_page *page, struct buf *out)
{
    const struct evidence_ask *ask = page->ask.ask;
    if (ask->from_ms == INT64_MIN)
        buf_put_text(out, "the beginning of the record");
    else
        page_time(out, ask->from_ms);
    buf_put_text(out, " to ");
    if (ask->to_ms == INT64_MAX)
        buf_put_text(out, "its last event");
    else
        page_time(out, ask->to_ms);
}

static void put_tile(struct buf *out, const char *what, const struct page_part *part)
{
    buf_printf(out, "<li>%s<b>%llu</b>", what, count(part->n - part->n_linked));
    if (part->n_linked > 0)
        buf_printf(out, "<span class=\"soft\">and %llu that these lead to</span>",
                   count(part->n_linked));
    buf_put_text(out, "</li>\n");
}

static void put_tiles(struct evidence_page *page, struct buf *out)
{
    buf_put_text(out, "<ul class=\"tiles\">\n");
    put_tile(out, "Authority given", &page->part[PART_GRANTED]);
    put_tile(out, "Authority refused", &page->part[PART_NOT_GRANTED]);
    put_tile(out, "Actions allowed", &page->part[PART_ALLOWED]);
    put_tile(out, "Actions refused", &page->part[PART_DENIED]);
    put_tile(out, "Questions to people", &page->part[PART_APPROVALS]);
    put_tile(out, "Stops", &page->part[PART_STOPS]);
    buf_put_text(out, "</ul>\n");
}

static void put_about(struct evidence_page *page, struct buf *out)
{
    const struct evidence_summary *summary = evidence_summary(page->ask.evidence);
    buf_put_text(out, "<p>What the record of an authority broker holds about this, from ");
    put_period(page, out);
    buf_put_text(out, " (all times UTC). The broker gives software agents short-lived authority "
                      "under written policies, decides each of their actions, and records every "
                      "decision before it is answered. Numbers like <code>17</code> in the column "
                      "“Event” are the place of an event in that record; they lead to the recorded "
                      "bytes, beside which lies the proof that they stand there. A + behind it: "
                      "not of this itself, but something of this leads to it.</p>\n");
    put_tiles(page, out);
    buf_printf(out,
               "<p class=\"soft\">%llu events are here, of the %llu that the record had when this "
               "was made, ",
               count(summary->n), count(summary->size));
    page_time(out, page->ask.cli->now_ms);
    buf_printf(out,
               " with ambit " AMBIT_VERSION
               ": %llu that belong to it, %llu that those lead to (the grants, stops, approvals "
               "and causes they name, what answered them, the documents they were decided under "
               "and who confirmed these, and erasures), %llu in which the record speaks of "
               "itself in that time. That nothing else belongs to it cannot be seen here: only "
               "the whole record shows what was left out.</p>\n",
               count(summary->by[EVIDENCE_BELONGS]), count(summary->by[EVIDENCE_LINKED]),
               count(summary->by[EVIDENCE_RECORD]));
    if (summary->unread > 0)
        buf_printf(out,
                   "<p class=\"worse\">%llu events of the record could not be read when this was "
                   "made: they were moved away and their files were not there. What belongs here "
                   "and is among them is missing.</p>\n",
                   count(summary->unread));
    if (page->ask.no_openings)
        buf_put_text(out,
                     "<p>Personal texts (purposes, reasons, words) were withheld when this "
                     "was made; where one was said it reads “withheld”. Names and addresses of "
                     "people stand in the documents, which are here.</p>\n");
    else if (page->n_erased > 0)
        buf_printf(out,
                   "<p>In %llu events a personal text was erased from the record since. Where one "
                   "stood it reads “erased”; that something was said, and that it was erased, "
                   "stays proved.</p>\n",
                   count(page->n_erased));
}

/* ---- who ------------------------------------------------------------------------------------ */

static void put_did(struct buf *out, unsigned did)
{
    static const struct {
        unsigned did;
        const char *text;
    } words[] = {
        {DID_OWN, "owner of an agent"},        {DID_BACK, "stands in for an owner"},
        {DID_OWN_POLICY, "owner of a policy"}, {DID_WRITE, "wrote a policy"},
        {DID_ACCEPT, "accepted a policy"},     {DID_REVIEW, "is named as reviewer"},
        {DID_CONFIRM, "confirmed a document"}, {DID_APPROVE, "answered a question"},
        {DID_STOP, "raised a stop"},           {DID_CLEAR, "lifted a stop"},
        {DID_ANSWER, "took up an incident"},   {DID_CHANGE, "put documents in force"},
        {DID_READ, "read the record"},
    };
    bool has_any = false;
    for (size_t i = 0; i < AMBIT_LEN(words); i++) {
        if (!(did & words[i].did))
            continue;
        buf_printf(out, "%s%s", has_any ? ", " : "", words[i].text);
        has_any = true;
    }
    if (!has_any)
        buf_put_text(out, "named in an event");
}

static void put_cell(struct buf *out, struct ambit_str text)
{
    buf_put_text(out, "<td>");
    if (text.len > 0)
        page_text(out, text);
}

static void put_agents(struct evidence_page *page, struct buf *out)
{
    buf_put_text(out, "<h2 id=\"agents\">Which agents, and who answers for them</h2>\n");
    if (page->agents == NULL) {
        buf_put_text(out, "<p class=\"soft\">No agent is named here.</p>\n");
        return;
    }
    buf_put_text(out, "<div class=\"wide\"><table><thead><tr><th>Agent<th>What it is<th>Owner<th>"
                      "Stands in<th>Team<th>Made of<th class=\"n\">Allowed<th class=\"n\">Refused"
                      "</thead><tbody>\n");
    for (const struct page_agent *at = page->agents; at != NULL; at = at->next) {
        buf_put_text(out, "<tr>");
        const struct ambit_str cells[] = {at->name,   at->about, at->owner,
                                          at->backup, at->team,  at->made_of};
        for (size_t i = 0; i < AMBIT_LEN(cells); i++)
            put_cell(out, cells[i]);
        buf_printf(out, "<td class=\"n\">%llu<td class=\"n\">%llu\n", count(at->allowed),
                   count(at->denied));
    }
    buf_put_text(out, "</tbody></table></div>\n");
}

static void put_people(struct evidence_page *page, struct buf *out)
{
    buf_put_text(out, "<h2 id=\"people\">Which people</h2><p>Every person whom these events or the "
                      "policies name.");
    buf_put_text(out, page->ask.no_openings ? " Full names stand in the documents alone.</p>\n"
                                            : " Full names are as the documents have them.</p>\n");
    if (page->people == NULL) {
        buf_put_text(out, "<p class=\"soft\">None is named.</p>\n");
        return;
    }
    buf_put_text(out, "<div class=\"wide\"><table><thead><tr><th>In the record as<th>Name<th>Team"
                      "<th>Part in this</thead><tbody>\n");
    for (const struct page_person *at = page->people; at != NULL; at = at->next) {
        buf_put_text(out, "<tr>");
        put_cell(out, at->name);
        put_cell(out, at->full);
        put_cell(out, at->team);
        buf_put_text(out, "<td>");
        put_did(out, at->did);
        buf_put_char(out, '\n');
    }
    buf_put_text(out, "</tbody></table></div>\n");
}

/* ---- what happened -------------------------------------------------------------------------- */

static void put_part(struct evidence_page *page, struct buf *out, enum page_parts part)
{
    const struct page_part_form *form = &page_forms[part];
    const struct page_part *at = &page->part[part];
    buf_printf(out, "<h2 id=\"%s\">%s <span class=\"soft\">(%llu)</span></h2><p>%s</p>\n",
               form->name, form->title, count(at->n), form->about);
    if (at->n == 0) {
        buf_printf(out, "<p class=\"soft\">%s</p>\n", form->none);
        return;
    }
    if (at->n > PAGE_FIRST_ROWS) {
        buf_printf(out, "<p>The first %d of %llu are here. All of them:", (int)PAGE_FIRST_ROWS,
                   count(at->n));
        for (uint64_t i = 1; i <= at->n_pages; i++)
            buf_printf(out, " <a href=\"%s-%llu.html\">%llu</a>", form->name, count(i), count(i));
        buf_put_text(out, "</p>\n");
    }
    buf_printf(out, "<div class=\"wide\"><table><thead><tr>%s</thead><tbody>\n", form->columns);
    buf_put_str(out, buf_str(&at->first));
    buf_put_text(out, "</tbody></table></div>\n");
}

/* ---- how to check it ------------------------------------------------------------------------ */

static void put_cosigned(struct evidence_page *page, struct buf *out)
{
    struct note *note = arena_alloc(&page->memory, sizeof *note);
    struct ambit_str origin = evidence_summary(page->ask.evidence)->origin;
    size_t n = 0;
    if (note == NULL ||
        note_read(evidence_summary(page->ask.evidence)->checkpoint, note) != AMBIT_OK)
        return;
    for (size_t i = 0; i < note->n; i++) {
        uint64_t at_s = 0;
        if (ambit_str_eq(note->signature[i].name, origin))
            continue;
        buf_put_text(out, n++ == 0 ? "<p>The checkpoint is also signed by: " : ", ");
        page_text(out, note->signature[i].name);
        if (note_cosigned_at(&note->signature[i], &at_s) == AMBIT_OK && at_s < INT32_MAX * 4ull) {
            buf_put_text(out, " (at ");
            page_time(out, (int64_t)at_s * 1000);
            buf_put_char(out, ')');
        }
    }
    buf_put_text(out, n > 0 ? ". Whether these signatures hold is for whoever knows the witnesses' "
                              "keys to check.</p>\n"
                            : "<p>No witness signed the checkpoint.</p>\n");
}

static void put_check(struct evidence_page *page, struct buf *out)
{
    const struct evidence_summary *summary = evidence_summary(page->ask.evidence);
    buf_put_text(out, "<h2 id=\"check\">How to check this archive</h2><p>With the program "
                      "<code>ambit-verify</code> (or <code>ambit verify</code>), without a network "
                      "and without whoever made it:</p><pre>ambit-verify THIS-ARCHIVE --key "
                      "KEY</pre><p>KEY is the public key of the log <code>");
    page_text(out, summary->origin);
    buf_put_text(out, "</code>, from somebody you trust to know it, and not from here. For "
                      "comparison, the one that lies in this archive is:</p><pre>");
    report_put_html(out, summary->key);
    buf_put_text(out,
                 "</pre><p>It then holds:</p><ul class=\"look\">"
                 "<li>each event here stands in the record at its place, as the log signed it, and "
                 "not one byte of it was changed;"
                 "<li>the personal texts are what was said then, and where one is missing that is "
                 "told;"
                 "<li>the policies and other documents are those that were in force;"
                 "<li>every decision here follows from what was asked and from those documents: it "
                 "is made again, by the same rules, and compared.</ul>"
                 "<p>It does not show:</p><ul class=\"look\">"
                 "<li>that nothing was left out: only an export of the whole record does;"
                 "<li>that what services, agents and people told the broker was true, or that an "
                 "allowed action was carried out;"
                 "<li>that whoever holds the log's key did not write the record otherwise from the "
                 "beginning: an older checkpoint or a witness shows that;"
                 "<li>that this page is right. It is no part of the record. Each of its rows names "
                 "its event; the event counts.</ul>"
                 "<p><code>SHA256SUMS</code> lists every other file, this page too, so that a "
                 "change since the archive was made is found (also by <code>sha256sum -c "
                 "SHA256SUMS</code>). The log does not sign that list: whoever changes a file can "
                 "write it anew. The digest of the list was printed when the archive was made; "
                 "compare it.</p>\n");
    put_cosigned(page, out);
    buf_put_text(out, "<p class=\"soft\">In <code>receipts/</code>: N.entry, the event as it was "
                      "recorded; N.tlog-proof, its proof; N.open, its personal texts. In <code>"
                      "documents/</code>, <code>sets/</code>, <code>zones/</code>: what was in "
                      "force, by its SHA-256: all documents of a set are here, for a decision can "
                      "only be made again with all of them.</p>\n");
}

/* ---- all ------------------------------------------------------------------------------------ */

static void put_tests(struct evidence_page *page, struct buf *out)
{
    buf_put_text(out, "<h2 id=\"tests\">Tests of the policies</h2><p>");
    if (!page->has_tests) {
        buf_put_text(out, "Tests are no part of the record, and none were given when this archive "
                          "was made.</p>\n");
        return;
    }
    buf_put_text(out, "Tests are no part of the record. Whoever made this archive gave a folder of "
                      "them; they were run at ");
    page_time(out, page->ask.cli->now_ms);
    buf_put_text(out, " against each version above, by the engine that decides. The results stand "
                      "on the policies' pages and in <code>tests/</code>.</p>\n");
}

enum ambit_err page_index(struct evidence_page *page)
{
    static const char *const titles[] = {[EVIDENCE_PERIOD] = "Evidence of a period",
                                         [EVIDENCE_AGENT] = "Evidence about the agent",
                                         [EVIDENCE_OWNER] = "Evidence about the person",
                                         [EVIDENCE_POLICY] = "Evidence about the policy"};
    struct buf *out = &page->html;
    page_head(page, titles[page->ask.ask->kind], page->ask.ask->name);
    put_about(page, out);
    buf_put_text(out, "<nav aria-label=\"Parts\"><a href=\"#agents\">Agents</a> · <a "
                      "href=\"#people\">People</a> · <a href=\"#policies\">Policies</a> · <a "
                      "href=\"#granted\">Authority</a> · <a href=\"#allowed\">Done</a> · <a "
                      "href=\"#refused\">Refused</a> · <a href=\"#approvals\">Approvals</a> · <a "
                      "href=\"#stops\">Stops</a> · <a href=\"#check\">How to check it</a></nav>\n");
    put_agents(page, out);
    put_people(page, out);
    page_put_policies(page, out);
    put_tests(page, out);
    for (size_t i = 0; i < PAGE_PARTS; i++)
        put_part(page, out, (enum page_parts)i);
    put_check(page, out);
    return page_put(page, "index.html");
}
