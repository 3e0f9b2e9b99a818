#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// An agent in Node, nothing but fetch and node:crypto: proves itself by its key (private_key_jwt),
// asks for authority for one task, acts only if the broker allows it, reports why not.
//   AMBIT_URL=http://127.0.0.1:8420 AMBIT_SECRETS=ambit-dev/credentials node examples/agents/node/agent.mjs staging/web-1
import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const url = process.env.AMBIT_URL;
const secrets = process.env.AMBIT_SECRETS;
const service = process.argv[2];
const agent = 'remediator';
if (!url || !secrets || !service) {
  console.error('AMBIT_URL, AMBIT_SECRETS and one argument are needed');
  process.exit(2);
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

// One assertion: addressed to the broker's issuer, good for a minute, used once.
function assertion(issuer) {
  const jwk = JSON.parse(readFileSync(`${secrets}/${agent}.jwk`, 'utf8'));
  const now = Math.floor(Date.now() / 1000);
  const head = base64url({ alg: 'ES256', kid: jwk.kid, typ: 'client-authentication+jwt' });
  const body = base64url({ iss: agent, sub: agent, aud: issuer, iat: now, exp: now + 60, jti: randomUUID() });
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  const signature = sign('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' });
  return `${head}.${body}.${signature.toString('base64url')}`;
}

async function ask(path, options) {
  const reply = await fetch(url + path, { redirect: 'manual', signal: AbortSignal.timeout(10000), ...options });
  if (reply.status >= 500) throw new Error(`the broker cannot answer: ${reply.status}`);
  return reply.json();
}

function refuse(why) {
  console.error(why);
  process.exit(1);
}

// 1. Authority for this task, now: one action on one resource.
const { issuer } = await ask('/.well-known/oauth-authorization-server');
const grant = await ask('/token', {
  method: 'POST',
  body: new URLSearchParams({
    grant_type: 'client_credentials',
    scope: `service.restart[svc:${service}]`,
    requested_lifetime: '60',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion(issuer),
  }),
});
if (!grant.access_token) refuse(`no token: ${grant.ambit_reason ?? grant.error}. ${grant.ambit_remedy?.text ?? ''}`);

// 2. May it be done? An agent may ask about its own token.
const answer = await ask('/access/v1/evaluation', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${grant.access_token}` },
  body: JSON.stringify({
    subject: { type: 'access_token', id: grant.access_token },
    action: { name: 'service.restart' },
    resource: { type: 'svc', id: service },
  }),
});
if (answer.decision !== true) refuse(`not allowed: ${answer.context?.reason}`);

// 3. Act. The service asks the broker once more before it believes the token.
console.log(`restarting svc:${service}`);
