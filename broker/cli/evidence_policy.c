/* SPDX-License-Identifier: Apache-2.0 */
/* A page for each version of a policy that is concerned: what it permits, who wrote and reviewed
 * it, who stood up for it, its tests, and the document as it was in force. */
#include "base/encode.h"
#include "cli/evidence_page_internal.h"

static void put_row(struct buf *out, const char *what)
{
    buf_printf(out, "<tr><th scope=\"row\">%s<td>", what);
}

static void put_text_row(struct buf *out, const char *what, struct ambit_str text)
{
    if (text.p == NULL)
        return;
    put_row(out, what);
    page_text(out, text);
    buf_put_char(out, '\n');
}

static void put_people(struct buf *out, const struct ambit_strs *list)
{
    for (size_t i = 0; i < list->n; i++) {
        buf_put_text(out, i > 0 ? ", " : "");
        page_text(out, list->v[i]);
    }
}

static void put_in_force(struct evidence_page *page, struct buf *out,
                         const struct page_version *version)
{
    if (!version->has_activation) {
        buf_put_text(out, "<span class=\"soft\">since before what is here</span>");
        return;
    }
    page_time(out, version->activated_ms);
    buf_put_text(out, " (event ");
    page_link(page, out, version->activated_seq);
    buf_put_text(out, ")");
    if (version->has_end) {
        buf_put_text(out, " until ");
        page_time(out, version->ended_ms);
        buf_put_text(out, " (event ");
        page_link(page, out, version->ended_seq);
        buf_put_text(out, ")");
    }
    buf_put_text(out, version->has_gap ? ", with interruptions" : "");
}

static size_t put_confirmations(struct evidence_page *page, struct buf *out,
                                const struct ambit_digest *digest)
{
    size_t n = 0;
    for (const struct page_confirmation *at = page->confirmations; at != NULL; at = at->next) {
        if (!ambit_digest_eq(at->digest, *digest))
            continue;
        buf_put_text(out, "<div>");
        buf_put_str(out, buf_str(&at->told));
        buf_put_text(out, " (event ");
        page_link(page, out, at->seq);
        buf_put_text(out, ")</div>");
        n++;
    }
    return n;
}

/* ---- one version ---------------------------------------------------------------------------- */

static void put_review(struct evidence_page *page, const struct page_version *version,
                       const struct ambit_policy *policy)
{
    struct buf *out = &page->html;
    const struct ambit_review *review = &policy->review;
    buf_put_text(out, "<h2>Who answers for it</h2><div class=\"wide\"><table><tbody>\n");
    put_text_row(out, "Owner", policy->owner);
    put_text_row(out, "Written by", review->authored_by);
    if (review->generated_tool.p != NULL) {
        put_row(out, "Made with the tool");
        page_text(out, review->generated_tool);
        buf_put_text(out, ", model ");
        page_text(out, review->generated_model);
        buf_put_char(out, '\n');
    }
    put_text_row(out, "Accepted by", review->accepted_by);
    put_row(out, "Reviewed by");
    put_people(out, &review->reviewed_by);
    if (review->reviewed_by.n == 0)
        buf_put_text(out, "<span class=\"soft\">nobody</span>");
    buf_put_char(out, '\n');
    put_text_row(out, "Ticket", review->ticket);
    put_row(out, "Confirmed in the record by");
    if (put_confirmations(page, out, &version->digest) == 0)
        buf_put_text(out, "<span class=\"worse\">nobody: the names above are what the document "
                          "claims</span>");
    buf_put_char(out, '\n');
    put_row(out, "Tier");
    buf_put_text(out, ambit_tier_text(policy->tier));
    buf_put_char(out, '\n');
    put_row(out, "For the services");
    put_people(out, &policy->audiences);
    buf_put_char(out, '\n');
    put_row(out, "In force (UTC)");
    put_in_force(page, out, version);
    if (policy->is_shadow)
        buf_put_text(out, " <b>in shadow: it was judged and gave nothing</b>");
    buf_put_text(out, "</tbody></table></div>\n");
}

static void put_break(struct buf *out, size_t depth)
{
    buf_put_char(out, '\n');
    for (size_t i = 0; i < depth; i++)
        buf_put_text(out, "  ");
}

/* JSON of ours, a member or element a line. */
static void put_indented(struct buf *out, struct ambit_str json)
{
    size_t depth = 0, begun = 0;
    bool is_in_text = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.p[i];
        bool is_escaped = is_in_text && c == '\\';
        is_in_text = c == '"' ? !is_in_text : is_in_text;
        i += is_escaped;
        if (is_in_text || memchr("{}[],", c, 5) == NULL)
            continue;
        bool ends = c == '}' || c == ']';
        report_put_html(out, (struct ambit_str){json.p + begun, i - begun + !ends});
        begun = i + !ends;
        depth = ends ? depth - (depth > 0) : depth + (c != ',');
        put_break(out, depth);
    }
    report_put_html(out, (struct ambit_str){json.p + begun, json.len - begun});
}

static void put_document(struct evidence_page *page, const struct page_version *version,
                         const struct ambit_policy *policy)
{
    struct buf *out = &page->html;
    buf_put_text(
        out,
        "<h2>The document</h2><p>With line breaks; as it was in force, byte for byte: <a href=\"../"
        "documents/");
    buf_put_hex(out, version->digest.b, sizeof version->digest.b);
    buf_put_text(out, "\">documents/");
    buf_put_hex(out, version->digest.b, 8);
    buf_put_text(out, "…</a>, whose SHA-256 is its name.</p>\n<pre>");
    put_indented(out, policy->doc.canonical);
    buf_put_text(out, "</pre>\n");
}

/* In a line, for the table of all. */
static AMBIT_CHECKED enum ambit_err keep_review(struct evidence_page *page,
                                                struct page_version *version,
                                                const struct ambit_policy *policy)
{
    const struct ambit_review *review = &policy->review;
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_text(&text, "written by ");
    page_text(&text, review->authored_by);
    if (review->generated_tool.p != NULL) {
        buf_put_text(&text, " with ");
        page_text(&text, review->generated_tool);
    }
    buf_put_text(&text, ", accepted by ");
    page_text(&text, review->accepted_by);
    buf_put_text(&text, review->reviewed_by.n > 0 ? ", reviewed by " : ", reviewed by nobody");
    put_people(&text, &review->reviewed_by);
    version->review = arena_copy(&page->memory, buf_str(&text));
    return version->review.p != NULL ? buf_check(&text) : AMBIT_ERR_NO_MEMORY;
}

static AMBIT_CHECKED enum ambit_err put_version(struct evidence_page *page,
                                                struct page_version *version)
{
    struct redecide_set compiled = {.set = NULL};
    const struct ambit_policy *policy = NULL;
    enum ambit_err err = evidence_set(page->ask.evidence, &version->set, &compiled);
    if (err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_IO)
        return err;
    if (err == AMBIT_OK)
        policy = ambit_policy_find(ambit_policy_documents(compiled.set), version->policy);
    page->up = "../";
    page_head(page, "Policy", version->policy);
    buf_put_text(&page->html, "<p class=\"soft\">Version <code>sha256:");
    buf_put_hex(&page->html, version->digest.b, sizeof version->digest.b);
    buf_put_text(&page->html, "</code>. <a href=\"../index.html\">To the whole archive</a></p>\n");
    err = AMBIT_OK; /* what is not there is told */
    if (policy == NULL || !ambit_digest_eq(policy->doc.digest, version->digest)) {
        buf_put_text(&page->html, "<p class=\"worse\">The document of this version is not in the "
                                  "record any more, or cannot be read.</p>\n");
    } else {
        err = keep_review(page, version, policy);
        if (policy->description.p != NULL) {
            buf_put_text(&page->html, "<p>");
            page_text(&page->html, policy->description);
            buf_put_text(&page->html, "</p>\n");
        }
        put_review(page, version, policy);
        page_rules(&page->html, policy);
        if (err == AMBIT_OK)
            err = page_tests(page, version, compiled.set);
        put_document(page, version, policy);
    }
    page->up = "";
    return err == AMBIT_OK ? page_put(page, version->path.p) : err;
}

enum ambit_err page_policies(struct evidence_page *page)
{
    enum ambit_err err = AMBIT_OK;
    for (struct page_version *at = page->versions; err == AMBIT_OK && at != NULL; at = at->next)
        err = put_version(page, at);
    return err;
}

/* ---- the table of all ----------------------------------------------------------------------- */

void page_put_policies(struct evidence_page *page, struct buf *out)
{
    buf_put_text(out, "<h2 id=\"policies\">Under which policies</h2><p>A policy is a document in a "
                      "version; each version has a page of its own, with what it permits, who "
                      "wrote, accepted and reviewed it, its tests and its text.</p>\n");
    if (page->versions == NULL) {
        buf_put_text(out, "<p class=\"soft\">None is concerned.</p>\n");
        return;
    }
    buf_put_text(out, "<div class=\"wide\"><table><thead><tr><th>Policy<th>Version<th>In force "
                      "(UTC)<th class=\"n\">Decided here<th>Says it was<th>Confirmed in the record "
                      "by<th>Tests</thead><tbody>\n");
    for (const struct page_version *at = page->versions; at != NULL; at = at->next) {
        buf_printf(out, "<tr><td><a href=\"%.*s\">", AMBIT_STR_ARG(at->path));
        page_text(out, at->policy);
        buf_put_text(out, "</a><td>");
        page_digest(out, &at->digest);
        buf_put_text(out, "<td>");
        put_in_force(page, out, at);
        buf_printf(out, "<td class=\"n\">%llu<td>", (unsigned long long)at->decisions);
        buf_put_str(out, at->review);
        buf_put_text(out, "<td>");
        if (put_confirmations(page, out, &at->digest) == 0)
            buf_put_text(out, "<span class=\"worse\">nobody</span>");
        buf_put_text(out, "<td>");
        if (at->has_tests)
            buf_printf(out, "<span%s>%zu of %zu passed</span>",
                       at->n_passed < at->n_tests ? " class=\"worse\"" : "", at->n_passed,
                       at->n_tests);
        else
            buf_put_text(out, page->has_tests ? "<span class=\"soft\">none</span>"
                                              : "<span class=\"soft\">not given</span>");
        buf_put_char(out, '\n');
    }
    buf_put_text(out, "</tbody></table></div>\n");
}
