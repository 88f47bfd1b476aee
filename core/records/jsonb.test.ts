import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { awkwardKey, awkwardText } from './contract/awkward-text.ts'
import { fromJsonb, joinJson, storableJson, toJsonb } from './jsonb.ts'

// what a careless writer leaves in a JSON string as it is
const carelessText = fc.string({ unit: fc.constantFrom('\0', '\x1e', '\ud83d', '\ude00', '\uFDD0', '0', 'd') })
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    awkwardText,
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(awkwardKey, tie('value'), { maxKeys: 4 }),
  ),
})).value

describe('toJsonb and fromJsonb', () => {
  it('give back any JSON value', () => {
    fc.assert(
      fc.property(json, (value) => {
        const exact = JSON.parse(JSON.stringify(value))
        expect(fromJsonb(toJsonb(value))).toEqual(exact)
      }),
    )
  })

  it('write nothing that JSONB refuses', () => {
    fc.assert(
      fc.property(json, (value) => {
        const visit = (part: unknown): boolean => {
          if (typeof part === 'string') return part.isWellFormed() && !part.includes('\0')
          if (typeof part !== 'object' || part === null) return true
          return Object.entries(part).every(([key, item]) => visit(key) && visit(item))
        }
        expect(visit(JSON.parse(toJsonb(value)))).toBe(true)
      }),
    )
  })

  it('leave ordinary values as JSON writes them', () => {
    const value = { a: ['\\u0000', 'ü😀', '\n"'], __proto__: null }
    expect(toJsonb(value)).toBe(JSON.stringify(value))
    const own = JSON.parse('{"__proto__":"\\u0000"}')
    expect(Object.keys(fromJsonb(toJsonb(own)) as object)).toEqual(['__proto__'])
  })
})

describe('storableJson', () => {
  it('keeps the meaning of any JSON text and can always be joined', () => {
    fc.assert(
      fc.property(carelessText, (inner) => {
        const stored = storableJson(`"${inner}"`)
        expect(JSON.parse(stored)).toBe(inner)
        expect(stored.isWellFormed()).toBe(true)
        expect(joinJson([stored, stored]).split('\x1e')).toEqual([stored, stored])
      }),
    )
    expect(storableJson('"\ud800\0\x1e"')).toBe('"\\ud800\\u0000\\u001e"')
    expect(storableJson('{"a":"\\u0000 😀 \uFDD0"}')).toBe('{"a":"\\u0000 😀 \uFDD0"}')
  })
})
