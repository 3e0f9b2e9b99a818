// SPDX-License-Identifier: Apache-2.0
// What the suites share: the broker they are pointed at, its credentials, and TAP.
// Environment: AMBIT_URL, AMBIT_CREDENTIALS (the folder of the development state), AMBIT_OPERATORS (where
// people are heard, if not at AMBIT_URL).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const issuer = new URL(process.env.AMBIT_URL)
export const audience = 'https://payments.example.gov'
export const credential = (name) => readFileSync(join(process.env.AMBIT_CREDENTIALS, name), 'utf8').trim()

// The private key of an agent of the development state: as JWK and, to sign ES256 with, imported.
export async function keyOf(agent) {
  const jwk = JSON.parse(credential(`${agent}.jwk`))
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  return { jwk, key }
}

// What only a person may do: `who` is one of the development state's.
export async function person(who, method, path, body) {
  const headers = { authorization: `Bearer ${credential(`${who}.token`)}` }
  if (body) headers['content-type'] = 'application/json'
  return fetch(new URL(path, process.env.AMBIT_OPERATORS ?? issuer), { method, headers, body: body && JSON.stringify(body) })
}

let points = 0
let failures = 0
export async function point(name, body) {
  points++
  try {
    await body()
    console.log(`ok ${points} - ${name}`)
  } catch (err) {
    failures++
    console.log(`not ok ${points} - ${name}`)
    console.log(String(err.stack ?? err).replace(/^/gm, '#   '))
    if (err.cause) console.log(`#   cause: ${JSON.stringify(err.cause)}`)
  }
}

export function done() {
  console.log(`1..${points}`)
  process.exit(failures ? 1 : 0)
}
