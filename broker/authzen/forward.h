/* SPDX-License-Identifier: Apache-2.0 */
/* /forward-auth: a reverse proxy asks whether a request it holds may pass (nginx auth_request,
 * Traefik forwardAuth, Caddy forward_auth, Envoy ext_authz over HTTP).
 *
 * Who may ask. The proxy proves the service it stands for in X-Ambit-Authorization (as a service
 * does in Authorization), so that nobody asks for free, and what it says of the request is then the
 * service's word. Rows of other services are not looked at.
 *
 * What it asks about. One of three: X-Original-Method and X-Original-URI; X-Forwarded-Method and
 * X-Forwarded-Uri; or its own method and the path behind /forward-auth. A request that has parts of
 * two is refused: one of them came from the proxy's client, and nobody can tell which. The same
 * goes for headers by which servers change method or path behind the proxy's back.
 *
 * The agent's token stands in Authorization, as the proxy passes it on. The map makes an action on
 * a resource of method and path; no row, no way. It is then an evaluation like any other: decided,
 * counted, recorded before the answer. */
#pragma once

#include "http/http.h"

enum http_next forward_begin(void *app, struct http_request *req, struct http_reply *reply);
enum http_next forward_finish(void *app, struct http_request *req, struct http_reply *reply);
void forward_done(void *app, struct http_request *req);
