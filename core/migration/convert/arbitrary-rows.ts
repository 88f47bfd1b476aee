import * as fc from 'fast-check'
import { InvalidText, type WholeValue } from '../value.ts'

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const awkward = fc.string({
  unit: fc.constantFrom('a', 'é', '😀', '\0', '\ud83d', '\uFDD0', '0000', '"', '\\', '\n', '\t', '{', '$', '\u001e'),
  maxLength: 12,
})
const jsonText = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(
    '{}',
    '[]',
    '{"a": 1, "b": [1, 2]}',
    '{"b":1,"a":2}',
    "{'a':1}",
    'NaN',
    '{a:1}',
    '{"a":1,}',
    '',
    'null',
    '"x"',
    '12',
  ),
  fc.constantFrom(
    '{"a":"\\u0000"}',
    '{"a":"\\\\u0000"}',
    '{"a":"\\ufdd00041"}',
    '{"a":"\ufdd00041"}',
    '{"a":1,"a":2}',
    '[1e999]',
  ),
  fc.constantFrom(
    '{"a":9007199254740993}',
    '{"a":1.0}',
    '{"a":1E2}',
    '[1e-400000]',
    '{"$blob":"YQ=="}',
    '{"__proto__":1}',
  ),
)
const moments = fc.oneof(
  fc
    .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
    .chain((date) => {
      const text = date.toISOString()
      const plain = text.slice(0, 19)
      return fc.constantFrom(
        text,
        plain,
        plain.replace('T', ' '),
        `${plain}.123456`,
        `${plain}.5`,
        `${plain}.1234567+05:30`,
        text.slice(0, 10),
        `${plain}.`,
      )
    }),
  fc.constantFrom(
    '2025-03-30T02:30:00',
    '2025-10-26T02:30:00',
    '2024-02-29 00:00:00',
    '2023-02-29 00:00:00',
    '2025-01-01T24:00:00',
    'now',
  ),
)
const numberText = fc.constantFrom(
  '12.50',
  '1e3',
  'NaN',
  'Infinity',
  '-0',
  '007',
  '1627303906122',
  '0.1',
  '12,5',
  '0x10',
)
const words = fc.constantFrom('true', 'F', 'YES', '0', '2', 'maybe', 'low', 'HIGH', 'critical', 'urgent', 'x')

const real = fc.double({ noNaN: true })
/** Any value, and often one that is nearly right. */
export const anyValue: fc.Arbitrary<WholeValue> = fc.oneof(
  fc.constant(null),
  fc.oneof(int64, fc.bigInt({ min: -10n, max: 10n }), fc.bigInt({ min: 10n ** 8n, max: 2n * 10n ** 15n })),
  fc.oneof(real, fc.constantFrom(0, -0, 1e100, 1727078782.123456, 2459000.5, Infinity, -Infinity, 5e-324)),
  fc.oneof(fc.string(), awkward, jsonText, moments, numberText, words),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => new InvalidText(bytes)),
  fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.string().map((text) => new Uint8Array(Buffer.from(text))),
  ),
)

/** A value as its column should hold it, so that a fair part of the rows is migrated. */
const goodValue = (name: string, declaredType: string): fc.Arbitrary<WholeValue> => {
  if (name === 'at')
    return declaredType === 'TEXT' || declaredType === 'TIMESTAMP'
      ? moments
      : fc.integer({ min: 0, max: 2 ** 31 }).map(BigInt)
  if (name === 'risk') return fc.constantFrom('low', 'HIGH', 'warning')
  if (name === 'level') return fc.bigInt({ min: 1n, max: 10n })
  if (name === 'ok' || name === 'success') return fc.constantFrom<WholeValue>(0n, 1n, 'true', null)
  if (name === 'id' && declaredType === 'INTEGER') return fc.bigInt({ min: 1n, max: 10n ** 12n })
  if (declaredType === 'REAL') return real
  if (declaredType === 'INTEGER' || declaredType === 'BIGINT') return int64
  return declaredType === 'TEXT' ? fc.oneof(fc.string({ minLength: 1 }), awkward) : anyValue
}

/** A row of a table, most values of which are good ones. */
export const anyRow = (columns: { name: string; declaredType: string }[]): fc.Arbitrary<WholeValue[]> =>
  fc.tuple(
    ...columns.map(({ name, declaredType }) =>
      fc.oneof({ weight: 7, arbitrary: goodValue(name, declaredType) }, { weight: 1, arbitrary: anyValue }),
    ),
  )
