// A portal made with openid-client: the whole journey, and what the locker and the client must refuse.
// Started by run.py, which deposits the document and acts for the people at the browser.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import * as oauth from 'openid-client'
import { ask, check, listen } from './conversation.mjs'

const ES256 = { name: 'ECDSA', namedCurve: 'P-256' }
const facts = await listen()
const { issuer, client_id, private_jwk, redirect_uri, document } = facts

// A client as openid-client finds it: the locker's metadata, and this portal's key.
async function discover(key) {
  return oauth.discovery(new URL(issuer), client_id, undefined, oauth.PrivateKeyJwt(key), {
    algorithm: 'oauth2',
    execute: [oauth.allowInsecureRequests],
  })
}

async function ownKey() {
  const key = await crypto.subtle.importKey('jwk', private_jwk, ES256, false, ['sign'])
  return { key, kid: private_jwk.kid }
}

const config = await check('discovery at /.well-known/oauth-authorization-server', async () => {
  const found = await discover(await ownKey())
  const said = found.serverMetadata()
  assert.equal(said.issuer, issuer)
  assert.equal(said.require_pushed_authorization_requests, true)
  assert.equal(said.authorization_response_iss_parameter_supported, true)
  assert.ok(found.serverMetadata().supportsPKCE('S256'))
  assert.ok(said.token_endpoint_auth_signing_alg_values_supported.includes('ES256'))
  return found
})
if (config === undefined) process.exit(1)

// The parameters of a request, with its verifier and its state beside them.
async function prepare(changes = {}) {
  const verifier = oauth.randomPKCECodeVerifier()
  const state = oauth.randomState()
  const until = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
  const details = {
    type: 'organisation_documents',
    document_types: [document.type],
    purpose: { code: 'tender', text: 'Bid in tender 2026/PWD/318' },
    until,
    fetch: { times: 2 },
    least_verdict: 'valid',
  }
  const parameters = {
    redirect_uri,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    authorization_details: JSON.stringify([details]),
    ...changes,
  }
  for (const [name, value] of Object.entries(parameters)) if (value === null) delete parameters[name]
  return { parameters, verifier, state }
}

// A request that was pushed and answered by the signatory: the callback with all that is needed to redeem it.
async function answered(decision = 'allow') {
  const request = await prepare()
  const url = await oauth.buildAuthorizationUrlWithPAR(config, request.parameters)
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri'])
  const { callback } = await ask('answer', { url: url.href, decision })
  return { ...request, url, callback: new URL(callback) }
}

function redeem({ callback, verifier, state }) {
  return oauth.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedState: state })
}

function get(token, path) {
  return oauth.fetchProtectedResource(config, token, new URL(`${issuer}/api/v1/consents/${path}`), 'GET')
}

// The locker itself must refuse, with this OAuth error.
async function refused(error, act) {
  await assert.rejects(act, (fault) => {
    assert.equal(fault.error, error, `refused otherwise: ${fault}`)
    return true
  })
}

// The access must be refused with 401 and a challenge (RFC 6750 section 3).
async function challenged(act) {
  await assert.rejects(act, (fault) => {
    assert.equal(fault.constructor, oauth.WWWAuthenticateChallengeError, `refused otherwise: ${fault}`)
    assert.equal(fault.status, 401)
    assert.equal(fault.cause[0].scheme, 'bearer')
    return true
  })
}

// --- The journey.

const granted = await check('pushed, consented, and the code exchanged', async () => {
  const tokens = await redeem(await answered())
  assert.equal(tokens.token_type, 'bearer')
  const [details] = tokens.authorization_details
  assert.deepEqual(details.documents.map((one) => one.id), [document.id])
  return tokens
})

await check('the documents of the consent are exactly the one', async () => {
  const { documents } = await (await get(granted.access_token, `${granted.consent_id}/documents`)).json()
  assert.deepEqual(documents.map((one) => [one.id, one.verdict, one.offered]), [[document.id, 'valid', true]])
})

const content = () => get(granted.access_token, `${granted.consent_id}/documents/${document.id}/content`)

await check('the bytes are those deposited, and Repr-Digest says so', async () => {
  const answer = await content()
  assert.equal(answer.status, 200)
  const digest = createHash('sha256').update(Buffer.from(await answer.arrayBuffer()))
  const found = digest.copy().digest('base64')
  assert.equal(answer.headers.get('repr-digest'), `sha-256=:${found}:`)
  assert.equal(digest.digest('hex'), document.sha256)
})

await check('a refresh token gives another access token', async () => {
  const fresh = await oauth.refreshTokenGrant(config, granted.refresh_token)
  assert.notEqual(fresh.access_token, granted.access_token)
  assert.equal((await get(fresh.access_token, granted.consent_id)).status, 200)
})

await check('no third fetch where two were consented', async () => {
  assert.equal((await content()).status, 200)
  assert.equal((await content()).status, 403)
})

await check('another consent is not found', async () => {
  assert.equal((await get(granted.access_token, `${document.id}/documents`)).status, 404)
})

await check('withdrawn, every access is refused at once', async () => {
  await ask('withdraw', { consent_id: granted.consent_id })
  await challenged(content)
  await challenged(() => get(granted.access_token, `${granted.consent_id}/documents`))
  await refused('invalid_grant', () => oauth.refreshTokenGrant(config, granted.refresh_token))
})

// --- What the locker must refuse.

async function pushRefused(error, changes, client = config) {
  const { parameters } = await prepare(changes)
  await refused(error, () => oauth.buildAuthorizationUrlWithPAR(client, parameters))
}

await check('no request without PKCE', () =>
  pushRefused('invalid_request', { code_challenge: null, code_challenge_method: null }))
await check('no PKCE in plain text', () => pushRefused('invalid_request', { code_challenge_method: 'plain' }))
await check('no other redirect_uri', () => pushRefused('invalid_request', { redirect_uri: `${redirect_uri}/else` }))
await check('no document type that was not approved', () =>
  pushRefused('invalid_authorization_details', {
    authorization_details: JSON.stringify([{ type: 'organisation_documents', document_types: ['NOPE'] }]),
  }))

await check('no other key than the registered one', async () => {
  const { privateKey } = await crypto.subtle.generateKey(ES256, false, ['sign', 'verify'])
  await pushRefused('invalid_client', {}, await discover({ key: privateKey, kid: private_jwk.kid }))
})

await check('no request that was not pushed', async () => {
  const { parameters } = await prepare()
  await ask('be_refused', { url: oauth.buildAuthorizationUrl(config, parameters).href, status: 400 })
})

await check('a code works once, and what came of it ends when it comes again', async () => {
  const request = await answered()
  const tokens = await redeem(request)
  await refused('invalid_grant', () => redeem(request))
  await challenged(() => get(tokens.access_token, tokens.consent_id))
})

await check('a request is answered once', async () => {
  const { url } = await answered()
  await ask('be_refused', { url: url.href, status: 409 })
})

await check('no code without its verifier', async () => {
  const request = await answered()
  await refused('invalid_grant', () => redeem({ ...request, verifier: oauth.randomPKCECodeVerifier() }))
})

await check('no code with another redirect_uri', async () => {
  const request = await answered()
  const elsewhere = new URL(request.callback)
  elsewhere.pathname += '/else'
  await refused('invalid_grant', () => redeem({ ...request, callback: elsewhere }))
})

await check('a token given back is worth nothing', async () => {
  const tokens = await redeem(await answered())
  await oauth.tokenRevocation(config, tokens.access_token)
  await challenged(() => get(tokens.access_token, tokens.consent_id))
})

await check('a signatory may say no', async () => {
  const request = await answered('deny')
  await refused('access_denied', () => redeem(request))
})

// --- What the client must refuse, from what the locker sends: RFC 9207.

await check('an answer in another name is not taken, nor one without a name', async () => {
  const request = await answered()
  for (const wrong of ['https://elsewhere.example', null]) {
    const callback = new URL(request.callback)
    if (wrong === null) callback.searchParams.delete('iss')
    else callback.searchParams.set('iss', wrong)
    await assert.rejects(() => redeem({ ...request, callback }), { code: 'OAUTH_INVALID_RESPONSE' })
  }
  assert.equal(request.callback.searchParams.get('iss'), issuer)
  await redeem(request)
})

process.exit(0)
