import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { anyValue } from './convert/arbitrary-rows.ts'
import { sameValue } from './convert/same-value.ts'
import { decodeValue, encodeValue, InvalidText } from './value.ts'

it('gives back any value, in its storage class, from JSON that JSONB takes', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const text = JSON.stringify(encodeValue(value))
      expect(sameValue(decodeValue(JSON.parse(text)), value)).toBe(true)
      expect(/\\u0000|\\ud[89a-f]/.test(text.replaceAll('\\\\', ''))).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

it('writes each class in its own way', () => {
  expect(encodeValue(null)).toBeNull()
  expect(encodeValue('text')).toBe('text')
  expect(encodeValue(9223372036854775807n)).toEqual({ $integer: '9223372036854775807' })
  expect(encodeValue(1)).toEqual({ $real: '1' })
  expect(encodeValue(-0)).toEqual({ $real: '-0' })
  expect(encodeValue(Number.NEGATIVE_INFINITY)).toEqual({ $real: '-Infinity' })
  expect(encodeValue('a\0')).toEqual({ $utf16: 'YQAAAA==' })
  expect(encodeValue('\ud800')).toEqual({ $utf16: 'ANg=' })
  expect(encodeValue(new InvalidText(new Uint8Array([0x96])))).toEqual({ $text: 'lg==' })
  expect(encodeValue(new Uint8Array())).toEqual({ $blob: '' })
})

it.each([[undefined], [1], [true], [{}], [[]], [{ $real: 1 }], [{ other: 'x' }]])('refuses %j', (json) => {
  expect(() => decodeValue(json)).toThrow('it is no tagged value')
})
