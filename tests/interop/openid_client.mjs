// SPDX-License-Identifier: Apache-2.0
// Goal: openid-client, which applications use, works against a running broker without a line of ours:
// discovery, client_credentials, token exchange, introspection, revocation. See point.mjs for its environment.
import assert from 'node:assert/strict'
import * as client from 'openid-client'
import { audience, credential, done, issuer, keyOf, point } from './point.mjs'

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

done()
