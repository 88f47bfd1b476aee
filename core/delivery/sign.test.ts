import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { generateSigningSecret, parseSigningSecret, signWebhook } from './sign.ts'

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

describe('signing secrets', () => {
  it('are generated from 32 random bytes and accepted as they are', () => {
    const secret = generateSigningSecret()
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32)
    expect(parseSigningSecret(secret)).toBe(secret)
    expect(generateSigningSecret()).not.toBe(secret)
  })

  it.each([24, 25, 26, 32, 63, 64])('of %i bytes are accepted, padded or not', (bytes) => {
    const secret = `whsec_${randomBytes(bytes).toString('base64')}`
    expect(parseSigningSecret(secret)).toBe(secret)
    expect(parseSigningSecret(secret.replace(/=+$/, ''))).toBe(secret)
  })

  it.each([
    '',
    'whsec_',
    randomBytes(32).toString('base64'),
    `WHSEC_${randomBytes(32).toString('base64')}`,
    `whsec_${randomBytes(23).toString('base64')}`,
    `whsec_${randomBytes(65).toString('base64')}`,
    `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`,
    `whsec_${randomBytes(32).toString('base64')}\n`,
    `whsec_ ${randomBytes(32).toString('base64')}`,
    `whsec_${'!'.repeat(44)}`,
  ])('of another form are refused by the name of their field: %j', (secret) => {
    expect(() => parseSigningSecret(secret)).toThrow(
      expect.objectContaining({
        code: 'request.invalid',
        errors: [{ field: 'signing_secret', message: 'must be whsec_ and the base64 of 24 to 64 bytes' }],
      }),
    )
  })
})
