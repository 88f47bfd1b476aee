import { describe, expect, it } from 'vitest'
import { HiveError } from '../errors.ts'
import { verifyAdminKey } from './admin-key.ts'

const keys = ['first-admin-key-0123456789', 'second-admin-key-0123456789']

function codeOf(header: string | undefined, adminKeys = keys): string | undefined {
  try {
    verifyAdminKey(header, adminKeys)
    return undefined
  } catch (error) {
    if (!(error instanceof HiveError)) throw error
    for (const key of adminKeys) expect(error.message).not.toContain(key)
    return error.code
  }
}

describe('verifyAdminKey', () => {
  it('accepts each of two keys during a rotation', () => {
    expect(codeOf(`Bearer ${keys[0]}`)).toBeUndefined()
    expect(codeOf(`Bearer ${keys[1]}`)).toBeUndefined()
  })

  it('takes the scheme in any case', () => {
    expect(codeOf(`bearer ${keys[0]}`)).toBeUndefined()
    expect(codeOf(`BEARER  ${keys[0]} `)).toBeUndefined()
  })

  it.each([undefined, '', 'Bearer', 'Bearer ', `Basic ${keys[0]}`, keys[0], `Bearer ${keys[0]} ${keys[1]}`])(
    'answers auth.missing without a bearer token: %s',
    (header) => {
      expect(codeOf(header)).toBe('auth.missing')
    },
  )

  it.each([
    'Bearer wrong',
    `Bearer ${keys[0]}x`,
    `Bearer ${keys[0]?.slice(0, -1)}`,
    `Bearer ${keys[0]?.toUpperCase()}`,
    `Bearer ${keys.join(',')}`,
    `Bearer ${'x'.repeat(100_000)}`,
  ])('answers auth.invalid to a wrong key: %.40s', (header) => {
    expect(codeOf(header)).toBe('auth.invalid')
  })

  it('lets nobody in when there is no key', () => {
    expect(codeOf('Bearer undefined', [])).toBe('auth.invalid')
  })
})
