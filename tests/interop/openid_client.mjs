// SPDX-License-Identifier: Apache-2.0
// Goal: openid-client, which applications use, works against a running broker without a line of ours:
// discovery, client_credentials, DPoP with its nonces, token exchange, CIBA, introspection, revocation. See point.mjs for its environment.
import assert from 'node:assert/strict'
import * as client from 'openid-client'
import { audience, credential, done, issuer, keyOf, person, point } from './point.mjs'

const options = { algorithm: 'oauth2' }
const { jwk, key } = await keyOf('remediator')

let agent
let service
let granted

await point('MET-2 an agent discovers by private_key_jwt', async () => {
  agent = await client.discovery(issuer, 'remediator', undefined, client.PrivateKeyJwt({ key, kid: jwk.kid }), options)
  assert.equal(agent.serverMetadata().issuer, issuer.href.replace(/\/$/, ''))
})

await point('MET-2 a service discovers by the OpenID document', async () => {
  const basic = client.ClientSecretBasic(credential('payments-api.secret'))
  service = await client.discovery(issuer, 'payments-api', undefined, basic, { ...options, algorithm: 'oidc' })
  assert.ok(service.serverMetadata().introspection_endpoint)
})

await point('TOK-1 client_credentials', async () => {
  granted = await client.clientCredentialsGrant(agent, { scope: 'ticket.read[ticket:**]', resource: audience })
  assert.equal(granted.token_type, 'bearer')
  assert.ok(granted.expiresIn() > 0)
})

await point('TOK-5 a refusal is read from the body, with the broker\'s own reason', async () => {
  await assert.rejects(client.clientCredentialsGrant(agent, { scope: 'service.restart[svc:prod/web-1]' }), (err) => {
    assert.ok(err instanceof client.ResponseBodyError)
    assert.equal(err.error, 'invalid_scope')
    assert.equal(err.cause.ambit_reason, 'out_of_scope')
    assert.ok(err.cause.ambit_request)
    return true
  })
})

await point('CLI-4 the secret of an agent, form-encoded', async () => {
  const basic = client.ClientSecretBasic(credential('remediator.secret'))
  const other = await client.discovery(issuer, 'remediator', undefined, basic, options)
  const answer = await client.clientCredentialsGrant(other, { scope: 'ticket.read[ticket:INC-1]', resource: audience })
  assert.ok(answer.access_token)
})

await point('INT-4 introspection by the service', async () => {
  const seen = await client.tokenIntrospection(service, granted.access_token)
  assert.equal(seen.active, true)
  assert.equal(seen.client_id, 'remediator')
  assert.equal(seen.aud, audience)
})

await point('REV-2 revocation', async () => {
  await client.tokenRevocation(agent, granted.access_token)
  assert.deepEqual(await client.tokenIntrospection(service, granted.access_token), { active: false })
})

await point('DPOP-1 INT-6 a token bound to a key of its own', async () => {
  const DPoP = client.getDPoPHandle(agent, await client.randomDPoPKeyPair('ES256'))
  const answer = await client.clientCredentialsGrant(agent, { scope: 'ticket.read[ticket:**]', resource: audience }, { DPoP })
  assert.equal(answer.token_type, 'dpop')
  const seen = await client.tokenIntrospection(service, answer.access_token)
  assert.equal(seen.token_type, 'DPoP')
  assert.equal(seen.cnf.jkt, await DPoP.calculateThumbprint())
})

await point('DPOP-4 DPOP-11 of tier high a nonce is asked for, and the client comes back with it', async () => {
  const careful = await keyOf('reporter')
  const by = client.PrivateKeyJwt({ key: careful.key, kid: careful.jwk.kid })
  const reporter = await client.discovery(issuer, 'reporter', undefined, by, options)
  const seen = []
  reporter[client.customFetch] = async (url, words) => {
    const answer = await fetch(url, words)
    seen.push([answer.status, answer.headers.has('dpop-nonce')])
    return answer
  }
  for (const alg of ['ES256', 'Ed25519', 'RS256', 'PS256']) {
    const DPoP = client.getDPoPHandle(reporter, await client.randomDPoPKeyPair(alg))
    const answer = await client.clientCredentialsGrant(reporter, { scope: 'ticket.close[ticket:**]', resource: audience }, { DPoP })
    assert.equal(answer.token_type, 'dpop', alg)
  }
  assert.deepEqual(seen[0], [400, true])
  assert.equal(seen[1][0], 200)
})

// chief may hand on to hand, hand to finger (tests/support/family.py)
const member = (name) =>
  client.discovery(issuer, name, undefined, client.ClientSecretBasic(credential(`${name}.secret`)), options)
const exchange = (by, subject_token, fields) =>
  client.genericGrantRequest(by, 'urn:ietf:params:oauth:grant-type:token-exchange', {
    subject_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    ...fields,
  })

await point('TEX-5 TEX-6 authority handed on twice by token exchange, every actor told', async () => {
  const [chief, hand, finger] = await Promise.all(['chief', 'hand', 'finger'].map(member))
  const root = await client.clientCredentialsGrant(chief, { scope: 'd.do[svc:d/**]', resource: audience })
  const first = await exchange(hand, root.access_token, { scope: 'd.do[svc:d/one/**]' })
  assert.equal(first.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token')
  const second = await exchange(finger, first.access_token, { scope: 'd.do[svc:d/one/two]' })
  const seen = await client.tokenIntrospection(service, second.access_token)
  assert.equal(seen.active, true)
  assert.equal(seen.sub, 'chief')
  assert.equal(seen.act.sub, 'finger')
  assert.equal(seen.act.act.sub, 'hand')
  await assert.rejects(exchange(finger, first.access_token, { scope: 'd.do[svc:d/**]' }), (err) => {
    assert.equal(err.error, 'invalid_scope')
    return true
  })
  await client.tokenRevocation(chief, root.access_token)
  assert.deepEqual(await client.tokenIntrospection(service, second.access_token), { active: false })
})

await point('CIB-5 CIB-7 CIB-11 a person is asked, says yes, and the client that polls gets its token', async () => {
  const clerk = await member('clerk')
  const asked = await client.initiateBackchannelAuthentication(clerk, {
    scope: 'a.read[svc:a/one]',
    resource: audience,
    login_hint: 'oncall',
    binding_message: 'INC-17',
  })
  assert.ok(asked.auth_req_id.length >= 22 && asked.expires_in > 0)
  const { approvals } = await (await person('lee', 'GET', '/v1/approvals')).json()
  assert.equal(approvals.length, 1)
  assert.equal((await person('lee', 'POST', `/v1/approvals/${approvals[0].approval}`, { answer: 'approve', reason: 'seen' })).status, 200)
  const answer = await client.pollBackchannelAuthenticationGrant(clerk, asked)
  assert.equal(answer.scope, 'a.read[svc:a/one]')
  assert.equal((await client.tokenIntrospection(service, answer.access_token)).active, true)
  await assert.rejects(client.pollBackchannelAuthenticationGrant(clerk, asked), (err) => {
    assert.equal(err.error, 'invalid_grant')
    return true
  })
})

done()
