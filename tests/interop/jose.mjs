// SPDX-License-Identifier: Apache-2.0
// Goal: a service that checks tokens with jose and the published keys alone goes on across a change of the
// signing key: what was given before verifies, what is given after verifies, nothing else does.
import assert from 'node:assert/strict'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import { audience, credential, done, issuer, person, point } from './point.mjs'

const iss = issuer.href.replace(/\/$/, '')
const secret = encodeURIComponent(credential('remediator.secret'))
const basic = `Basic ${Buffer.from(`remediator:${secret}`).toString('base64')}`
// A client refetches for an unknown kid when its set is older than this; the stock 30 s, made short.
const keys = createRemoteJWKSet(new URL('/jwks', issuer), { cooldownDuration: 200 })
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function token() {
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'ticket.read[ticket:**]', resource: audience })
  const answer = await fetch(new URL('/token', issuer), { method: 'POST', headers: { authorization: basic }, body })
  assert.equal(answer.status, 200)
  return (await answer.json()).access_token
}

const verify = (text, words = {}) => jwtVerify(text, keys, { issuer: iss, audience, typ: 'at+jwt', ...words })

async function rotate(words) {
  const answer = await person('lee', 'POST', '/v1/keys/rotate', { reason: 'a test asked for it', ...words })
  assert.equal(answer.status, 200, await answer.text())
}

let before
let after

await point('KEY-1 KEY-2 a token verifies by the remote set', async () => {
  before = await token()
  const { payload, protectedHeader } = await verify(before)
  assert.equal(payload.client_id, 'remediator')
  assert.equal(protectedHeader.alg, 'ES256')
})

await point('ATJ-4 not for another audience, nor from another issuer, nor as another type', async () => {
  await assert.rejects(verify(before, { audience: 'https://other.example.gov' }), errors.JWTClaimValidationFailed)
  await assert.rejects(verify(before, { issuer: 'https://other.example.gov' }), errors.JWTClaimValidationFailed)
  await assert.rejects(verify(before, { typ: 'JWT' }), errors.JWTClaimValidationFailed)
})

await point('KEY-3 the next key is published while the present one signs', async () => {
  await rotate({})
  const set = await (await fetch(new URL('/jwks', issuer))).json()
  assert.equal(set.keys.length, 2)
  const { protectedHeader } = await verify(await token())
  assert.equal(protectedHeader.kid, JSON.parse(Buffer.from(before.split('.')[0], 'base64url')).kid)
})

await point('KEY-3 when it signs, old and new tokens verify', async () => {
  await rotate({ now: true })
  after = await token()
  await pause(250)
  const { protectedHeader } = await verify(after)
  assert.notEqual(protectedHeader.kid, JSON.parse(Buffer.from(before.split('.')[0], 'base64url')).kid)
  await verify(before)
})

await point('a withdrawn key verifies nothing more, and the broker itself still knows its tokens', async () => {
  await rotate({ withdraw: true })
  await pause(250)
  await verify(await token())
  await assert.rejects(verify(before), errors.JWKSNoMatchingKey)
  await assert.rejects(verify(after), errors.JWKSNoMatchingKey)
  const asService = `Basic ${Buffer.from(`payments-api:${encodeURIComponent(credential('payments-api.secret'))}`).toString('base64')}`
  const answer = await fetch(new URL('/introspect', issuer), {
    method: 'POST',
    headers: { authorization: asService },
    body: new URLSearchParams({ token: before }),
  })
  assert.equal((await answer.json()).active, true)
})

done()
