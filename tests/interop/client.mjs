// SPDX-License-Identifier: Apache-2.0
// Goal: a stock OAuth client that knows nothing of ambit does discovery, client_credentials by
// private_key_jwt, JWT access token validation, introspection and revocation against a running broker.
import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'
import { audience, credential, done, issuer, keyOf, point } from './point.mjs'

const loopback = { [oauth.allowInsecureRequests]: true } // HTP-1: plain HTTP on the loopback alone

const { jwk, key } = await keyOf('remediator')
const agent = { client_id: 'remediator' }
const service = { client_id: 'payments-api' }
const asService = oauth.ClientSecretBasic(credential('payments-api.secret'))

async function discover(algorithm) {
  const response = await oauth.discoveryRequest(issuer, { algorithm, ...loopback })
  return oauth.processDiscoveryResponse(issuer, response)
}

async function ask(parameters, client = agent, auth = oauth.PrivateKeyJwt({ key, kid: jwk.kid })) {
  const response = await oauth.clientCredentialsGrantRequest(as, client, auth, new URLSearchParams(parameters), loopback)
  return oauth.processClientCredentialsResponse(as, client, response)
}

async function introspect(token, auth = asService, client = service) {
  const response = await oauth.introspectionRequest(as, client, auth, token, loopback)
  return oauth.processIntrospectionResponse(as, client, response)
}

function asked(token, method = 'Bearer') {
  return new Request(`${audience}/restart`, { headers: { authorization: `${method} ${token}` } })
}

let as
let granted
let claims

await point('MET-2 discovery by the OAuth document', async () => {
  as = await discover('oauth2')
  assert.equal(as.issuer, issuer.href.replace(/\/$/, ''))
})

await point('MET-2 discovery by the OpenID document gives the same', async () => {
  assert.deepEqual(await discover('oidc'), as)
})

await point('TOK-1 client_credentials by private_key_jwt', async () => {
  granted = await ask({ scope: 'service.restart[svc:staging/web-1] ticket.read[ticket:**]', resource: audience })
  assert.equal(granted.token_type, 'bearer')
  assert.ok(granted.expires_in > 0 && granted.expires_in <= 300)
  assert.equal(granted.scope, 'service.restart[svc:staging/web-1] ticket.read[ticket:**]')
})

await point('ATJ-2 the access token is a valid RFC 9068 JWT for its audience', async () => {
  claims = await oauth.validateJwtAccessToken(as, asked(granted.access_token), audience, loopback)
  assert.equal(claims.sub, 'remediator')
  assert.equal(claims.client_id, 'remediator')
  assert.equal(claims.owner, 'dana')
})

await point('ATJ-4 it is refused for another audience', async () => {
  await assert.rejects(oauth.validateJwtAccessToken(as, asked(granted.access_token), 'https://other.example.gov', loopback))
})

await point('ATJ-4 it is refused with another payload', async () => {
  const [head, , signature] = granted.access_token.split('.')
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'reporter' })).toString('base64url')
  await assert.rejects(oauth.validateJwtAccessToken(as, asked(`${head}.${forged}.${signature}`), audience, loopback))
})

await point('INT-4 introspection by the service it is addressed to', async () => {
  const seen = await introspect(granted.access_token)
  assert.equal(seen.active, true)
  for (const name of ['iss', 'sub', 'client_id', 'aud', 'exp', 'iat', 'jti', 'scope', 'txn', 'owner'])
    assert.deepEqual(seen[name], claims[name], name)
  assert.deepEqual(seen.authorization_details, claims.authorization_details)
  assert.equal(seen.rnd, undefined)
})

await point('RAR-7 authorization_details asked, granted and returned', async () => {
  const details = [{ type: 'ambit', actions: ['ticket.read'], resources: ['ticket:INC-1'], purpose: 'INC-1' }]
  const answer = await ask({ authorization_details: JSON.stringify(details), resource: audience })
  assert.deepEqual(answer.authorization_details, details)
})

await point('TOK-5 what no rule gives is invalid_scope, read from the body', async () => {
  await assert.rejects(ask({ scope: 'service.restart[svc:prod/web-1]', resource: audience }), (err) => {
    assert.ok(err instanceof oauth.ResponseBodyError)
    assert.equal(err.status, 400)
    assert.equal(err.error, 'invalid_scope')
    assert.equal(err.cause.ambit_reason, 'out_of_scope')
    return true
  })
})

await point('RES-1 an audience that nobody has is invalid_target', async () => {
  await assert.rejects(ask({ scope: 'ticket.read[ticket:**]', resource: 'https://nobody.example.gov' }), (err) => {
    assert.equal(err.error, 'invalid_target')
    return true
  })
})

await point('CLI-12 a key that is not registered is invalid_client, 401, read from the body', async () => {
  const stranger = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  await assert.rejects(ask({ scope: 'ticket.read' }, agent, oauth.PrivateKeyJwt(stranger.privateKey)), (err) => {
    assert.ok(err instanceof oauth.ResponseBodyError)
    assert.equal(err.status, 401)
    assert.equal(err.error, 'invalid_client')
    return true
  })
})

await point('CLI-13 a wrong secret by Basic is a challenge', async () => {
  await assert.rejects(introspect(granted.access_token, oauth.ClientSecretBasic('wrong')), (err) => {
    assert.ok(err instanceof oauth.WWWAuthenticateChallengeError)
    assert.equal(err.status, 401)
    assert.equal(err.cause[0].scheme, 'basic')
    return true
  })
})

await point('CLI-11 an assertion counts once', async () => {
  let body
  const keep = {
    ...loopback,
    [oauth.customFetch]: (url, options) => {
      body = options.body.toString()
      return fetch(url, options)
    },
  }
  const auth = oauth.PrivateKeyJwt({ key, kid: jwk.kid })
  const parameters = new URLSearchParams({ scope: 'ticket.read', resource: audience })
  const first = await oauth.clientCredentialsGrantRequest(as, agent, auth, parameters, keep)
  assert.equal(first.status, 200)
  const again = await fetch(as.token_endpoint, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  assert.equal(again.status, 401)
  assert.equal((await again.json()).error, 'invalid_client')
})

await point('TEX-5 token exchange: a delegate by its own key, and who acts told', async () => {
  const above = await ask({ scope: 'ticket.read[ticket:**]', resource: audience })
  const { jwk, key } = await keyOf('reporter')
  const delegate = { client_id: 'reporter' }
  const exchange = async (scope) => {
    const parameters = new URLSearchParams({
      subject_token: above.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: audience,
      scope,
    })
    const auth = oauth.PrivateKeyJwt({ key, kid: jwk.kid })
    const type = 'urn:ietf:params:oauth:grant-type:token-exchange'
    const response = await oauth.genericTokenEndpointRequest(as, delegate, auth, type, parameters, loopback)
    return oauth.processGenericTokenEndpointResponse(as, delegate, response)
  }
  const below = await exchange('ticket.read[ticket:INC-1]')
  assert.equal(below.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token')
  const claims = await oauth.validateJwtAccessToken(as, asked(below.access_token), audience, loopback)
  const actor = { sub: 'reporter', iss: as.issuer, sub_profile: 'ai_agent' }
  assert.equal(claims.sub, 'remediator')
  assert.deepEqual(claims.act, actor)
  assert.deepEqual((await introspect(below.access_token)).act, actor)
  await assert.rejects(exchange('service.restart[svc:staging/web-1]'), (err) => {
    assert.equal(err.error, 'invalid_scope')
    return true
  })
  const auth = oauth.PrivateKeyJwt({ key: (await keyOf('remediator')).key })
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, agent, auth, above.access_token, loopback))
  assert.deepEqual(await introspect(below.access_token), { active: false })
})

await point('REV-2 revocation, and the token is inactive at once', async () => {
  for (let i = 0; i < 2; i++) {
    const auth = oauth.PrivateKeyJwt({ key, kid: jwk.kid })
    const response = await oauth.revocationRequest(as, agent, auth, granted.access_token, loopback)
    await oauth.processRevocationResponse(response)
  }
  assert.deepEqual(await introspect(granted.access_token), { active: false })
})

done()
