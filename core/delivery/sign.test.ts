import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { signWebhook } from './sign.ts'
import { generateSigningSecret } from './signing-secret.ts'

const request = { id: 'message-1', timestampMs: Date.now(), body: '{"text":"Grüße 🐝","n":1.0,  "spaced": true}' }
const verify = (secret: string, headers: Record<string, string>, body = request.body) =>
  new Webhook(secret).verify(body, headers)

describe('signWebhook', () => {
  it('is verified by the library of Standard Webhooks', () => {
    const secret = generateSigningSecret()
    expect(verify(secret, signWebhook({ ...request, secrets: [secret] }))).toEqual(JSON.parse(request.body))
  })

  it('gives one signature for each secret of a rotation, newest first', () => {
    const [fresh, old] = [generateSigningSecret(), generateSigningSecret()]
    const headers = signWebhook({ ...request, secrets: [fresh, old] })
    expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/=]{44} v1,[A-Za-z0-9+/=]{44}$/)
    expect(headers['webhook-signature'].split(' ')[0]).toBe(
      signWebhook({ ...request, secrets: [fresh] })['webhook-signature'],
    )
    expect(verify(fresh, headers)).toBeDefined()
    expect(verify(old, headers)).toBeDefined()
    expect(() => verify(generateSigningSecret(), headers)).toThrow('No matching signature')
  })

  it('signs the exact text: the same JSON printed otherwise does not verify', () => {
    const secret = generateSigningSecret()
    const headers = signWebhook({ ...request, secrets: [secret] })
    expect(() => verify(secret, headers, JSON.stringify(JSON.parse(request.body)))).toThrow('No matching signature')
  })

  it('binds the id and the time', () => {
    const secret = generateSigningSecret()
    const headers = signWebhook({ ...request, secrets: [secret] })
    const later = String(Number(headers['webhook-timestamp']) + 1)
    expect(() => verify(secret, { ...headers, 'webhook-id': 'message-2' })).toThrow('No matching signature')
    expect(() => verify(secret, { ...headers, 'webhook-timestamp': later })).toThrow('No matching signature')
  })

  it('never sends anything unsigned', () => {
    expect(() => signWebhook({ ...request, secrets: [] })).toThrow('needs a secret')
  })
})
