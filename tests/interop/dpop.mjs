// SPDX-License-Identifier: Apache-2.0
// Goal: proofs made by the stock `dpop` package are taken; the same proofs shown twice, for another request,
// with another token, by another key or with a byte changed are not. See point.mjs for the environment.
import assert from 'node:assert/strict'
import * as DPoP from 'dpop'
import { audience, credential, done, issuer, point } from './point.mjs'

const iss = issuer.href.replace(/\/$/, '')
const secret = encodeURIComponent(credential('remediator.secret'))
const basic = `Basic ${Buffer.from(`remediator:${secret}`).toString('base64')}`
const form = { grant_type: 'client_credentials', scope: 'ticket.read[ticket:**]', resource: audience }
const keys = await DPoP.generateKeyPair('ES256')
const others = await DPoP.generateKeyPair('ES256')
const htu = `${iss}/token`
const evaluation = `${iss}/access/v1/evaluation`

async function ask(proof, path = '/token') {
  const headers = { authorization: basic, ...(proof ? { dpop: proof } : {}) }
  const answer = await fetch(`${iss}${path}`, { method: 'POST', headers, body: new URLSearchParams(form) })
  return { status: answer.status, headers: answer.headers, ...(await answer.json()) }
}

// An agent about its own token, as at any resource server (AZN-15).
async function own(token, proof, scheme = 'DPoP') {
  const answer = await fetch(evaluation, {
    method: 'POST',
    headers: { authorization: `${scheme} ${token}`, 'content-type': 'application/json', ...(proof ? { dpop: proof } : {}) },
    body: JSON.stringify({
      subject: { type: 'access_token', id: token },
      action: { name: 'ticket.read' },
      resource: { type: 'ticket', id: 'INC-1' },
    }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, json: () => JSON.parse(text) }
}

const refused = async (name, proof, error = 'invalid_dpop_proof') =>
  point(name, async () => {
    const answer = await ask(await proof())
    assert.equal(answer.status, 400)
    assert.equal(answer.error, error)
    assert.equal(answer.headers.get('www-authenticate'), null)
  })

const proof = (...words) => DPoP.generateProof(keys, ...words)
const parts = (text) => text.split('.')
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'))
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

let token

await point('DPOP-1 a token by a proof of each algorithm', async () => {
  for (const alg of ['ES256', 'Ed25519', 'RS256', 'PS256']) {
    const pair = await DPoP.generateKeyPair(alg)
    const answer = await ask(await DPoP.generateProof(pair, htu, 'POST'))
    assert.equal(answer.token_type, 'DPoP', alg)
    assert.equal(decode(parts(answer.access_token)[1]).cnf.jkt, await DPoP.calculateThumbprint(pair.publicKey))
  }
  token = (await ask(await proof(htu, 'POST'))).access_token
})

await point('9.9 a proof is good once', async () => {
  const one = await proof(htu, 'POST')
  assert.equal((await ask(one)).status, 200)
  const again = await ask(one)
  assert.equal(again.status, 400)
  assert.equal(again.error, 'invalid_dpop_proof')
})

await refused('9.5 another method', () => proof(htu, 'GET'))
await refused('9.5 the method in lower case', () => proof(htu, 'post'))
await refused('9.6 another path', () => proof(`${iss}/introspect`, 'POST'))
await refused('9.6 another host', () => proof('https://evil.example/token', 'POST'))
await refused('9.6 another port', () => proof('https://localhost:1/token', 'POST'))
await refused('9.6 a path that goes on', () => proof(`${htu}/x`, 'POST'))
await refused('DPOP-6 the Host header is not looked at', () => proof('https://127.0.0.1/token', 'POST'))
await refused('9.1 no proof at all: a text', async () => 'x')
await refused('9.1 two proofs in one', async () => `${await proof(htu, 'POST')}, ${await proof(htu, 'POST')}`)
await refused('9.3 a claim changed', async () => {
  const [head, body, signature] = parts(await proof(htu, 'POST'))
  return `${head}.${encode({ ...decode(body), jti: 'another' })}.${signature}`
})
await refused('9.2 another key put in', async () => {
  const [head, body, signature] = parts(await proof(htu, 'POST'))
  const other = parts(await DPoP.generateProof(others, htu, 'POST'))
  return `${encode({ ...decode(head), jwk: decode(other[0]).jwk })}.${body}.${signature}`
})
await refused('9.2 alg none', async () => {
  const [head, body] = parts(await proof(htu, 'POST'))
  return `${encode({ ...decode(head), alg: 'none' })}.${body}.`
})
await refused('9.2 a private member in the key', async () => {
  const [head, body, signature] = parts(await proof(htu, 'POST'))
  return `${encode({ ...decode(head), jwk: { ...decode(head).jwk, d: 'AAAA' } })}.${body}.${signature}`
})
await refused('9.2 typ JWT', async () => {
  const [head, body, signature] = parts(await proof(htu, 'POST'))
  return `${encode({ ...decode(head), typ: 'JWT' })}.${body}.${signature}`
})

await point('DPOP-7 AZN-15 the token at a resource, with its proof', async () => {
  const answer = await own(token, await proof(evaluation, 'POST', undefined, token))
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.json().decision, true)
})

const stolen = async (name, ...words) =>
  point(name, async () => {
    const answer = await own(token, ...(await Promise.all(words)))
    assert.equal(answer.status, 401, answer.text)
    assert.match(answer.headers.get('www-authenticate'), /error="(invalid_token|invalid_dpop_proof)"/)
  })

const another = (await ask(await proof(htu, 'POST'))).access_token
await stolen('DPOP-7 as a bearer token', undefined, 'Bearer')
await stolen('DPOP-7 as a bearer token, with its proof', proof(evaluation, 'POST', undefined, token), 'Bearer')
await stolen('DPOP-7 without a proof')
await stolen('9.11 with a proof by another key', DPoP.generateProof(others, evaluation, 'POST', undefined, token))
await stolen('9.10 with a proof of another token', proof(evaluation, 'POST', undefined, another))
await stolen('9.10 with a proof of no token', proof(evaluation, 'POST'))
await stolen('9.6 with the proof of the token request', proof(htu, 'POST', undefined, token))

await point('9.9 a proof at a resource is good once', async () => {
  const one = await proof(evaluation, 'POST', undefined, token)
  assert.equal((await own(token, one)).status, 200)
  assert.equal((await own(token, one)).status, 401)
})

await point('and a good one still is taken', async () => {
  assert.equal((await own(token, await proof(evaluation, 'POST', undefined, token))).json().decision, true)
})

done()
