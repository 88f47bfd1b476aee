import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { generateSigningSecret, parseSigningSecret } from './signing-secret.ts'

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
