/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers behind operator_routes(). */
#pragma once

#include "http/http.h"

#define HANDLER(name) \
    enum http_next name(void *app, struct http_request *req, struct http_reply *reply)

HANDLER(stop_begin);
HANDLER(raising_finish);
void raising_done(void *app, struct http_request *req);
HANDLER(clear_begin);
HANDLER(clear_finish);
void clear_done(void *app, struct http_request *req);
HANDLER(acknowledge_begin);
HANDLER(acknowledge_finish);
void acknowledge_done(void *app, struct http_request *req);
HANDLER(incident_close_begin);
HANDLER(incident_close_finish);
void incident_close_done(void *app, struct http_request *req);
HANDLER(time_begin);
HANDLER(time_finish);
void time_done(void *app, struct http_request *req);
HANDLER(offboard_begin);
HANDLER(confirm_begin);
HANDLER(confirm_finish);
void confirm_done(void *app, struct http_request *req);
HANDLER(approve_begin);
HANDLER(approve_finish);
void approve_done(void *app, struct http_request *req);
HANDLER(approvals_begin);
HANDLER(approval_begin);
HANDLER(explain_begin);
HANDLER(explain_finish);
void explain_done(void *app, struct http_request *req);
HANDLER(rotate_begin);
HANDLER(rotate_finish);
void rotate_done(void *app, struct http_request *req);
HANDLER(erase_begin);
void erase_done(void *app, struct http_request *req);
HANDLER(reload_begin);
HANDLER(reload_finish);
void reload_end(void *app, struct http_request *req);

HANDLER(backup_begin_route);
HANDLER(prune_begin_route);

/* Readings: each is recorded (person.read) before its answer leaves. */
HANDLER(stops_begin);
HANDLER(stop_one_begin);
HANDLER(incidents_begin);
HANDLER(incident_one_begin);
HANDLER(grants_begin);
HANDLER(keys_begin);
HANDLER(backups_begin);
HANDLER(erasures_begin);
HANDLER(segments_begin);
HANDLER(events_begin);
HANDLER(report_begin);
HANDLER(trace_begin);
HANDLER(reading_finish);
void reading_done(void *app, struct http_request *req);

HANDLER(whoami_begin);
HANDLER(whoami_finish);
void whoami_done(void *app, struct http_request *req);
HANDLER(health_begin);
HANDLER(ready_begin);
HANDLER(metrics_begin);

HANDLER(log_checkpoint_begin);
HANDLER(log_key_begin);
HANDLER(log_witnessed_begin);
HANDLER(log_tile_begin);
HANDLER(log_private_begin);
HANDLER(log_proof_begin);
