// An organisation's own OpenID provider, made of others' certified one (oidc-provider for Node), with its development
// pages to sign in. Started by own_sign_in.py, which says port and client in its first line; answers when it listens.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import { listen } from './conversation.mjs'

const { port, client_id, client_secret, redirect_uri } = await listen()
const issuer = `http://127.0.0.1:${port}`
const provider = new Provider(issuer, {
  clients: [{ client_id, client_secret, redirect_uris: [redirect_uri] }],
  cookies: { keys: [client_secret] },
  claims: { openid: ['sub'], email: ['email'], profile: ['name'] },
  // The name somebody signs in with is all that is known of them.
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, email: `${id}@corp.example.in` }) }),
  conformIdTokenClaims: false,
})

createServer(provider.callback()).listen(port, '127.0.0.1', () => {
  process.stdout.write(JSON.stringify({ issuer }) + '\n')
})
