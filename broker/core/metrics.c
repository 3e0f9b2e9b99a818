/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus text (PRO-1, PRO-2). Base units; never an agent's name or a token's id as a label. */
#include "core/internal.h"

#include "core/backup.h"
#include "core/witness.h"
#include "ledger/indexer.h"
#include "ledger/tlog.h"
#include "store/search.h"

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct buf *out, const char *name, uint64_t value)
{
    buf_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void put_decisions(struct broker *broker, struct buf *out)
{
    static const char *const questions[] = {"grant", "action"};
    head(out, "ambit_decisions_total", "counter", "Decisions by question, answer and reason.");
    for (size_t q = 0; q < AMBIT_LEN(questions); q++)
        for (size_t r = 0; r < METRIC_REASONS; r++) {
            uint64_t value =
                atomic_load_explicit(&broker->metrics.decisions[q][r], memory_order_relaxed);
            if (value > 0)
                buf_printf(
                    out,
                    "ambit_decisions_total{question=\"%s\",decision=\"%s\",reason=\"%s\"} %llu\n",
                    questions[q], r == AMBIT_REASON_ALLOWED ? "allow" : "deny",
                    ambit_reason_text((enum ambit_reason)r), (unsigned long long)value);
        }
}

static void put_histogram(struct buf *out, const char *name, const char *const *bounds,
                          const uint64_t *buckets, size_t n, double sum)
{
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += buckets[i];
        buf_printf(out, "%s_bucket{le=\"%s\"} %llu\n", name, bounds[i], (unsigned long long)total);
    }
    buf_printf(out, "%s_sum %.9g\n%s_count %llu\n", name, sum, name, (unsigned long long)total);
}

static void put_writer(struct broker *broker, struct buf *out)
{
    static const char *const seconds[] = {"0.0005", "0.001", "0.002", "0.005", "0.01", "0.02",
                                          "0.05",   "0.1",   "0.2",   "0.5",   "1",    "2",
                                          "5",      "10",    "30",    "+Inf"};
    static const char *const sizes[] = {"1",  "2",   "4",   "8",   "16",  "32",
                                        "64", "128", "256", "512", "+Inf"};
    struct writer_counts counts;
    writer_count(broker->writer, &counts);
    head(out, "ambit_commit_seconds", "histogram", "Time of one durable commit.");
    put_histogram(out, "ambit_commit_seconds", seconds, counts.commit_seconds_bucket,
                  AMBIT_LEN(seconds), counts.commit_seconds_sum);
    head(out, "ambit_commit_batch_size", "histogram", "Commands that shared one commit.");
    put_histogram(out, "ambit_commit_batch_size", sizes, counts.batch_size_bucket, AMBIT_LEN(sizes),
                  (double)counts.jobs);
}

static void put_scrub(struct broker *broker, struct buf *out)
{
    struct store_scrub scrub = {.wanted = 0};
    struct store_txn *txn = NULL;
    if (store_read_begin(broker->store, &txn) != AMBIT_OK)
        return;
    enum ambit_err err = store_scrub_load(txn, &scrub);
    store_read_end(txn);
    if (err != AMBIT_OK)
        return;
    head(out, "ambit_scrub_pending", "gauge",
         "1 while what was erased has not been written over in the store's file.");
    number(out, "ambit_scrub_pending", scrub.wanted != scrub.done ? 1 : 0);
}

static void put_log(struct broker *broker, struct buf *out)
{
    static const char *const steps[TLOG_STEPS] = {[TLOG_READ] = "read",
                                                  [TLOG_PROVE] = "prove",
                                                  [TLOG_FILE] = "file",
                                                  [TLOG_WITNESS_FILE] = "witness_file"};
    struct tlog_counts counts;
    tlog_count(broker_log(broker), &counts);
    head(out, "ambit_log_size", "gauge", "Events that the published checkpoint covers.");
    number(out, "ambit_log_size", counts.size);
    head(out, "ambit_log_checkpoint_age_seconds", "gauge", "Since the last checkpoint.");
    buf_printf(out, "ambit_log_checkpoint_age_seconds %.3f\n", (double)counts.age_ms / 1000);
    head(out, "ambit_log_failures_total", "counter",
         "Checkpoints that could not be made, by the step that failed.");
    for (size_t i = 0; i < TLOG_STEPS; i++)
        buf_printf(out, "ambit_log_failures_total{step=\"%s\"} %llu\n", steps[i],
                   (unsigned long long)counts.failures[i]);
    witnesses_metrics(broker->witnesses, broker_now_ms(broker), out);
}

static void put_search(struct broker *broker, struct buf *out)
{
    struct indexer_counts counts;
    indexer_count(broker->indexer, &counts);
    head(out, "ambit_search_behind_events", "gauge", "Events that cannot be searched for yet.");
    number(out, "ambit_search_behind_events", searching_behind(broker));
    head(out, "ambit_search_bytes", "gauge", "Bytes of the search index in use.");
    number(out, "ambit_search_bytes", counts.used_bytes);
    head(out, "ambit_search_held", "gauge",
         "1 while the search index cannot follow the record; the log says why.");
    number(out, "ambit_search_held", indexer_problem(broker->indexer) != AMBIT_OK ? 1 : 0);
    head(out, "ambit_search_rebuilt_total", "counter",
         "Times that the search index was found damaged and begun anew.");
    number(out, "ambit_search_rebuilt_total",
           counts.rebuilt + (search_was_damaged(broker->search) ? 1 : 0));
}

void broker_metrics(struct broker *broker, struct buf *out)
{
    struct store_space space;
    store_space(broker->store, &space);

    live_count_in(broker);
    put_decisions(broker, out);
    head(out, "ambit_grants_live", "gauge",
         "Grants given that have not expired; those stopped since are still counted until they "
         "would have.");
    number(out, "ambit_grants_live", live_count(&broker->live, broker_now_ms(broker)));
    head(out, "ambit_stops_in_force", "gauge",
         "Stops raised and not cleared, and those accepted and not yet durable.");
    number(out, "ambit_stops_in_force",
           atomic_load(&broker->stops_in_force) + atomic_load(&broker->pending.n));
    head(out, "ambit_events_total", "counter", "Events in the record.");
    number(out, "ambit_events_total", atomic_load(&broker->size));
    put_writer(broker, out);
    head(out, "ambit_client_authentication_failures_total", "counter",
         "Callers that proved nothing.");
    number(out, "ambit_client_authentication_failures_total",
           atomic_load(&broker->metrics.unproved));
    head(out, "ambit_callers_limited_total", "counter", "Requests above a caller's budget.");
    number(out, "ambit_callers_limited_total", atomic_load(&broker->metrics.limited));
    head(out, "ambit_attestations_lapsing", "gauge",
         "Agents whose owner's confirmation has lapsed, or lapses within two weeks.");
    number(out, "ambit_attestations_lapsing", atomic_load(&broker->metrics.lapsing));
    put_log(broker, out);
    head(out, "ambit_store_bytes", "gauge", "Bytes of the store in use.");
    number(out, "ambit_store_bytes", space.used_bytes);
    head(out, "ambit_store_free_bytes", "gauge",
         "Bytes that may still be written to the store, as far as the disk lets it grow.");
    number(out, "ambit_store_free_bytes", space.free_bytes);
    head(out, "ambit_event_bytes_total", "counter",
         "Bytes of the events recorded since the start, as they are hashed.");
    number(out, "ambit_event_bytes_total", atomic_load(&broker->metrics.event_bytes));
    head(out, "ambit_store_readers", "gauge", "Who reads the store, other processes too.");
    number(out, "ambit_store_readers", atomic_load(&broker->readers.n));
    head(out, "ambit_store_reader_lag_transactions", "gauge",
         "Commits since the moment that the oldest reader holds.");
    number(out, "ambit_store_reader_lag_transactions", atomic_load(&broker->readers.lag));
    head(out, "ambit_store_reader_age_seconds", "gauge",
         "How long the oldest reader has been seen to hold its moment.");
    number(out, "ambit_store_reader_age_seconds",
           (uint64_t)atomic_load(&broker->readers.age_ms) / 1000);
    head(out, "ambit_backup_last_timestamp_seconds", "gauge",
         "When the newest backup was made; 0: none is known of.");
    number(out, "ambit_backup_last_timestamp_seconds", (uint64_t)backups_last_ms(broker) / 1000);
    put_search(broker, out);
    put_scrub(broker, out);
    head(out, "ambit_time_ahead_seconds", "gauge",
         "How far the time that is believed is ahead of the wall clock.");
    buf_printf(out, "ambit_time_ahead_seconds %.3f\n",
               (double)writer_ahead_ms(broker->writer) / 1000);
    head(out, "ambit_sealed", "gauge",
         "1 when a commit failed and nothing is given until restart.");
    number(out, "ambit_sealed", atomic_load(&broker->is_sealed) ? 1 : 0);
    head(out, "ambit_full", "gauge", "1 when the store is too full to give authority.");
    number(out, "ambit_full", writer_state(broker->writer) == WRITER_FULL ? 1 : 0);
}
