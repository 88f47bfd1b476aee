import { describe, expect, it } from 'vitest'
import { openSecret, sealSecret } from './seal.ts'
import { generateSigningSecret } from './signing-secret.ts'

const root = 'a signing root of at least 32 characters'
const secret = generateSigningSecret()

describe('sealed secrets', () => {
  it('open again to what was sealed', () => {
    expect(openSecret(sealSecret(secret, 'billing', root), 'billing', root)).toBe(secret)
  })

  it('hold nothing readable and never look the same twice', () => {
    const sealed = sealSecret(secret, 'billing', root)
    expect(sealed).toMatch(/^v1\.[A-Za-z0-9_-]+$/)
    expect(Buffer.from(sealed.slice(3), 'base64url').includes(secret)).toBe(false)
    expect(sealSecret(secret, 'billing', root)).not.toBe(sealed)
  })

  it('do not open for another agent', () => {
    expect(() => openSecret(sealSecret(secret, 'billing', root), 'attacker', root)).toThrow('does not open')
  })

  it('do not open under another root', () => {
    expect(() => openSecret(sealSecret(secret, 'billing', root), 'billing', `${root}.`)).toThrow('does not open')
  })

  it('do not open when any byte was changed', () => {
    const bytes = Buffer.from(sealSecret(secret, 'billing', root).slice(3), 'base64url')
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => openSecret(`v1.${changed.toString('base64url')}`, 'billing', root)).toThrow('does not open')
    }
  })

  it.each(['', 'v1.', 'v1', 'v2.AAAA', `v1.${Buffer.alloc(27).toString('base64url')}`, secret])(
    'of an unknown form are refused: %s',
    (sealed) => {
      expect(() => openSecret(sealed, 'billing', root)).toThrow('unknown form')
    },
  )
})
