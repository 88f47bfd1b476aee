import { crc32 as ofZlib } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { crc32 } from './crc32.ts'

it('is what zlib computes, of any text', () => {
  expect(crc32('123456789')).toBe(0xcbf43926)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => crc32(text) === ofZlib(text)))
})
