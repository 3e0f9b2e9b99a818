// SPDX-License-Identifier: Apache-2.0
// Goal: the stock MCP SDK on both sides of the broker. The client finds it by the server's protected
// resource metadata, authenticates by key or by secret, and calls a tool; the server introspects each
// token, and hears of a stop at the next call. Environment: see point.mjs, and
// AMBIT_MCP_PORT (where the server listens; its URL is the audience of the service `tools`).
import assert from 'node:assert/strict'
import express from 'express'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ClientCredentialsProvider, PrivateKeyJwtProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { discoverAuthorizationServerMetadata, discoverOAuthProtectedResourceMetadata } from '@modelcontextprotocol/sdk/client/auth.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { credential, done, issuer, keyOf, person, point } from './point.mjs'

const port = Number(process.env.AMBIT_MCP_PORT)
const resource = new URL(`http://127.0.0.1:${port}/mcp`)
const broker = issuer.href.replace(/\/$/, '')
const scope = 'ticket.read[ticket:**]'

// ---- the server: a resource server that asks the broker about every token

const asService = `Basic ${Buffer.from(`tools:${encodeURIComponent(credential('payments-api.secret'))}`).toString('base64')}`
const verifier = {
  async verifyAccessToken(token) {
    const answer = await fetch(`${broker}/introspect`, {
      method: 'POST',
      headers: { authorization: asService, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token }),
    })
    const seen = await answer.json()
    if (!seen.active) throw new InvalidTokenError('not active')
    return { token, clientId: seen.client_id, scopes: seen.scope.split(' '), expiresAt: seen.exp, resource: new URL(seen.aud) }
  },
}

async function serve() {
  const metadata = await discoverAuthorizationServerMetadata(issuer)
  const app = express()
  app.use(express.json())
  app.use(mcpAuthMetadataRouter({ oauthMetadata: metadata, resourceServerUrl: resource, scopesSupported: [scope] }))
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(resource)
  const guard = requireBearerAuth({ verifier, requiredScopes: [scope], resourceMetadataUrl, expectedResource: resource })
  app.post('/mcp', guard, async (req, res) => {
    const server = new McpServer({ name: 'tickets', version: '1.0.0' })
    server.registerTool('read_ticket', { description: 'reads a ticket' }, async () => ({
      content: [{ type: 'text', text: `read for ${req.auth.clientId}` }],
    }))
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined })
    res.on('close', () => transport.close())
    await server.connect(transport)
    await transport.handleRequest(req, res, req.body)
  })
  app.all('/mcp', (_req, res) => res.status(405).end()) // no stream of the server's own
  return new Promise((resolve) => {
    const listening = app.listen(port, '127.0.0.1', () => resolve(listening))
  })
}

async function connect(authProvider) {
  const mcp = new Client({ name: 'remediator', version: '1.0.0' })
  await mcp.connect(new StreamableHTTPClientTransport(resource, { authProvider }))
  return mcp
}

const { jwk } = await keyOf('remediator')
const byKey = () =>
  new PrivateKeyJwtProvider({ clientId: 'remediator', privateKey: jwk, algorithm: 'ES256', scope, expectedIssuer: broker })
const bySecret = () =>
  new ClientCredentialsProvider({ clientId: 'remediator', clientSecret: credential('remediator.secret'), scope, expectedIssuer: broker })

let listening
let mcp

await point('MET-6 MCP-2 the SDK reads the broker\'s metadata', async () => {
  const metadata = await discoverAuthorizationServerMetadata(issuer)
  assert.equal(metadata.issuer, broker)
  assert.ok(metadata.code_challenge_methods_supported.includes('S256'))
  assert.ok(metadata.grant_types_supported.includes('client_credentials'))
  assert.ok(metadata.token_endpoint_auth_methods_supported.includes('private_key_jwt'))
})

await point('PRM-4 the server names the broker as its authorization server', async () => {
  listening = await serve()
  const metadata = await discoverOAuthProtectedResourceMetadata(resource)
  assert.deepEqual(metadata.authorization_servers.map((x) => x.replace(/\/$/, '')), [broker])
  assert.equal(metadata.resource, resource.href)
})

await point('MCP-4 without a token the server challenges', async () => {
  const answer = await fetch(resource, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
  assert.equal(answer.status, 401)
  assert.match(answer.headers.get('www-authenticate'), /resource_metadata=/)
})

await point('MCP-7 a client with a key calls a tool', async () => {
  mcp = await connect(byKey())
  const answer = await mcp.callTool({ name: 'read_ticket' })
  assert.equal(answer.content[0].text, 'read for remediator')
})

await point('MCP-7 a client with a secret does', async () => {
  const other = await connect(bySecret())
  const answer = await other.callTool({ name: 'read_ticket' })
  assert.equal(answer.content[0].text, 'read for remediator')
  await other.close()
})

await point('MCP-3 a token for another audience is refused by the server', async () => {
  const answer = await fetch(`${broker}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`remediator:${encodeURIComponent(credential('remediator.secret'))}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope, resource: 'https://payments.example.gov' }),
  })
  const { access_token: token } = await answer.json()
  assert.ok(token)
  const refused = await fetch(resource, {
    method: 'POST',
    body: '{}',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  })
  assert.equal(refused.status, 401)
})

await point('a stop ends the session at the next call, and no other token is given', async () => {
  const stopped = await person('lee', 'POST', '/v1/stops', { target: 'agent:remediator', reason: 'a test asked for it' })
  assert.equal(stopped.status, 201)
  await assert.rejects(mcp.callTool({ name: 'read_ticket' }), (err) => {
    assert.match(String(err), /access_denied|stop in force|denied/i)
    return true
  })
})

listening?.closeAllConnections()
listening?.close()
done()
