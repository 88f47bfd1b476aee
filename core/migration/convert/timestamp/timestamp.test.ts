import { describe, expect, it } from 'vitest'
import type { TimeLayout, TimeUnit } from '../../plan/rules.ts'
import type { SqliteValue } from '../../value.ts'
import type { Affinity } from '../affinity.ts'
import { Refusal } from '../rule.ts'
import { sameValue } from '../same-value.ts'
import { timestamp, toMicroseconds } from './timestamp.ts'

type Given = { zone?: string; layout?: TimeLayout; affinity?: Affinity; otherwise?: string }

/** What is written, and whether that alone gives the value back. */
function convert(
  value: SqliteValue,
  unit: TimeUnit,
  { zone = 'UTC', layout, affinity = 'NUMERIC', otherwise }: Given = {},
) {
  const rule = timestamp(
    { rule: 'timestamp', from: 'v', unit, ...(layout && { layout }), ...(otherwise && { otherwise }) },
    zone,
    affinity,
  )
  const text = rule.write(value)
  return text instanceof Refusal ? text.reason : { text, exact: sameValue(rule.read(text), value) }
}

describe('a number', () => {
  it.each<[SqliteValue, TimeUnit, string]>([
    [1627303906n, 's', '2021-07-26 12:51:46+00'],
    [1627303906122n, 'ms', '2021-07-26 12:51:46.122+00'],
    [1627303906122333n, 'us', '2021-07-26 12:51:46.122333+00'],
    [-1n, 's', '1969-12-31 23:59:59+00'],
    [-1n, 'us', '1969-12-31 23:59:59.999999+00'],
    [-62135596800n, 's', '0001-01-01 00:00:00+00'],
    [0n, 'ms', '1970-01-01 00:00:00+00'],
    [1627303906122333000n, 'ns', '2021-07-26 12:51:46.122333+00'],
    [20260131n, 'packed', '2026-01-31 00:00:00+00'],
    [20260131123456n, 'packed', '2026-01-31 12:34:56+00'],
    [189_302_400_000n, 'ms', '1976-01-01 00:00:00+00'],
  ])('%s in %s is %s', (value, unit, text) => {
    expect(convert(value, unit)).toEqual({ text, exact: true })
  })

  it('keeps the microseconds of seconds with a fraction', () => {
    expect(convert(1727078782.123456, 's')).toEqual({ text: '2024-09-23 08:06:22.123456+00', exact: true })
    expect(convert(1727078780.5, 's')).toEqual({ text: '2024-09-23 08:06:20.5+00', exact: true })
    expect(convert(-0.25, 's')).toEqual({ text: '1969-12-31 23:59:59.75+00', exact: true })
  })

  it('of nanoseconds that do not fit is kept beside its microseconds', () => {
    expect(convert(1627303906122333444n, 'ns')).toEqual({ text: '2021-07-26 12:51:46.122333+00', exact: false })
    expect(convert(-1n, 'ns')).toEqual({ text: '1969-12-31 23:59:59.999999+00', exact: false })
  })

  it('that is a date and minutes as digits is kept beside its moment', () => {
    expect(convert(202601311200n, 'packed')).toEqual({ text: '2026-01-31 12:00:00+00', exact: false })
  })

  it('is a Julian day only where the plan says so', () => {
    expect(convert(2459000.5, 'julian')).toEqual({ text: '2020-05-31 00:00:00+00', exact: true })
    expect(convert(2459000.5, 'mixed')).toMatch('does not tell its unit')
  })

  it.each<[SqliteValue, TimeUnit]>([
    [1e100, 's'],
    [Number.POSITIVE_INFINITY, 's'],
    [1627303906122n, 's'],
    [2n ** 63n - 1n, 'us'],
    [-62135596801n, 's'],
    [20260231n, 'packed'],
    [202602311200n, 'packed'],
    [202601312400n, 'packed'],
    [2026n, 'packed'],
  ])('%s in %s is no moment in the years 0001 to 9999', (value, unit) => {
    expect(convert(value, unit)).toMatch('no moment in the years 0001 to 9999')
  })

  it('is rejected where the plan expects ISO 8601', () => {
    expect(convert(1627303906n, 'iso')).toMatch('is a number')
  })

  it('written as digits is that number', () => {
    expect(convert('1627303906122', 'ms', { affinity: 'TEXT' })).toEqual({
      text: '2021-07-26 12:51:46.122+00',
      exact: true,
    })
    expect(convert('1627303906.5', 's', { affinity: 'TEXT' })).toEqual({
      text: '2021-07-26 12:51:46.5+00',
      exact: true,
    })
  })
})

describe('a column of mixed values', () => {
  it.each<[SqliteValue, string]>([
    ['2021-04-22 11:49:49.409+00:00', '2021-04-22 11:49:49.409+00'],
    [1619092189n, '2021-04-22 11:49:49+00'],
    [1619092189409n, '2021-04-22 11:49:49.409+00'],
    [1619092189409123n, '2021-04-22 11:49:49.409123+00'],
    [1619092189409123456n, '2021-04-22 11:49:49.409123+00'],
    [1619092189.409, '2021-04-22 11:49:49.409+00'],
    ['1619092189', '2021-04-22 11:49:49+00'],
    [202413010930n, '1976-05-31 17:50:10.93+00'],
  ])('is decided for %s by itself', (value, text) => {
    expect(convert(value, 'mixed')).toMatchObject({ text })
  })

  it.each<[SqliteValue]>([[0n], [2024n], [20240131n], [202401310930n], [20240131093000n], [1e100], [-5n]])(
    'does not guess what %s is',
    (value) => {
      expect(convert(value, 'mixed')).toMatch('does not tell its unit')
    },
  )
})

describe('a number that counts from another epoch', () => {
  it.each([
    ['WebKit', 13380000000000000n],
    ['Windows', 133800000000000000n],
    ['.NET', 638700000000000000n],
    ['Cocoa, in nanoseconds', 770000000000000000n],
  ])('that of %s, is not taken for one since 1970', (_, value) => {
    expect(convert(value, 'mixed')).toMatch('does not tell its unit')
  })
})

describe('text', () => {
  it.each<[string, TimeLayout, string]>([
    ['2025-07-15T13:38:00.520081', 'isoformat', '2025-07-15 13:38:00.520081+00'],
    ['2025-07-15T13:38:00.520000', 'isoformat', '2025-07-15 13:38:00.52+00'],
    ['2025-07-15T13:38:00', 'isoformat', '2025-07-15 13:38:00+00'],
    ['2025-07-15 13:38:00.000001', 'str', '2025-07-15 13:38:00.000001+00'],
    ['2025-07-15 13:38:00', 'sqlite', '2025-07-15 13:38:00+00'],
    ['2025-07-15T13:38:00.520Z', 'javascript', '2025-07-15 13:38:00.52+00'],
    ['0050-01-01T00:00:00', 'isoformat', '0050-01-01 00:00:00+00'],
  ])('%s in the layout %s needs nothing kept', (value, layout, text) => {
    expect(convert(value, 'iso', { layout })).toEqual({ text, exact: true })
  })

  it.each([
    ['2025-07-15', '2025-07-15 00:00:00+00'],
    ['2025-07-15T13:38', '2025-07-15 13:38:00+00'],
    ['2025-07-15T13:38:00.1234567', '2025-07-15 13:38:00.123456+00'],
    ['2025-07-15T13:38:00+05:30', '2025-07-15 08:08:00+00'],
    ['2025-07-15 13:38:00 -0330', '2025-07-15 17:08:00+00'],
    ['2025-07-15T00:00:00.5+14', '2025-07-14 10:00:00.5+00'],
    [' 2025-07-15T13:38:00Z', '2025-07-15 13:38:00+00'],
    ['2025-07-15t13:38:00z', '2025-07-15 13:38:00+00'],
    ['2025-07-15 13:38:00,123', '2025-07-15 13:38:00.123+00'],
    ['2025-07-15 13:38:00.5 UTC', '2025-07-15 13:38:00.5+00'],
    ['2025-07-15 13:38:00 GMT', '2025-07-15 13:38:00+00'],
    ['2025-07-15 13:38:00.123456789 +0200 CEST m=+0.000012', '2025-07-15 11:38:00.123456+00'],
    ['2025-07-15 13:38:00 +0000 UTC', '2025-07-15 13:38:00+00'],
    ['2025-07-15 13:38:00 -0300 -03', '2025-07-15 16:38:00+00'],
    ['20250715T133800Z', '2025-07-15 13:38:00+00'],
    ['20250715T133800.5+0530', '2025-07-15 08:08:00.5+00'],
    ['20250715T1338', '2025-07-15 13:38:00+00'],
  ])('%s in another layout is kept beside its moment', (value, text) => {
    expect(convert(value, 'iso')).toEqual({ text, exact: false })
  })

  it.each([
    '2023-02-29T00:00:00',
    '2025-13-01T00:00:00',
    '2025-07-15T24:00:00',
    '2025-07-15T13:60:00',
    '0000-01-01T00:00:00',
    '15.07.2025',
    'now',
    '2025-07-15T13:38:00.',
    '2025-07-15 13:38:00+45',
    '2025-07-15 13:38:00 CEST',
    '2025-07-15 13:38:00Z UTC',
    '20250715133800Z',
    '2025-0715T13:38:00',
    '2025-07-1xT13:38:00',
    '9999-12-31T23:59:59-01:00',
  ])('%s is no moment', (value) => {
    expect(convert(value, 'iso')).toMatch('no date and time in ISO 8601')
  })

  it('that is empty, and NULL, are the plan’s moment or a reason to reject', () => {
    expect(convert('', 's')).toMatch('empty')
    expect(convert(null, 'iso')).toMatch('is NULL')
    const given = { otherwise: '2000-01-01T00:00:00+01:00' }
    expect(convert(null, 'iso', given)).toEqual({ text: '1999-12-31 23:00:00+00', exact: false })
    expect(convert('', 'ms', given)).toEqual({ text: '1999-12-31 23:00:00+00', exact: false })
  })
})

describe('a zone', () => {
  it('counts where the text names none, and gives the text back', () => {
    expect(convert('2025-07-15T13:38:00', 'iso', { zone: 'Europe/Berlin' })).toEqual({
      text: '2025-07-15 11:38:00+00',
      exact: true,
    })
    expect(convert('2025-01-15T13:38:00.25', 'iso', { zone: 'America/New_York' })).toMatchObject({
      text: '2025-01-15 18:38:00.25+00',
    })
    expect(convert('2025-07-15 13:38:00', 'iso', { zone: '-03:30', layout: 'sqlite' })).toEqual({
      text: '2025-07-15 17:08:00+00',
      exact: true,
    })
    expect(convert('2025-07-15T13:38:00Z', 'iso', { zone: 'Europe/Berlin' })).toMatchObject({
      text: '2025-07-15 13:38:00+00',
    })
    expect(convert(20260131n, 'packed', { zone: 'Europe/Berlin' })).toEqual({
      text: '2026-01-30 23:00:00+00',
      exact: true,
    })
  })

  it('whose clocks go back takes the first of two moments, and keeps a time that was skipped', () => {
    expect(convert('2025-10-26T02:30:00', 'iso', { zone: 'Europe/Berlin' })).toEqual({
      text: '2025-10-26 00:30:00+00',
      exact: true,
    })
    expect(convert('2025-03-30T02:30:00', 'iso', { zone: 'Europe/Berlin' })).toEqual({
      text: '2025-03-30 01:30:00+00',
      exact: false,
    })
  })

  it('does not count for numbers', () => {
    expect(convert(0n, 's', { zone: 'Europe/Berlin' })).toEqual({ text: '1970-01-01 00:00:00+00', exact: true })
  })
})

it('is counted in microseconds as the bus does', () => {
  expect(toMicroseconds('2021-07-26 12:51:46.122333+00')).toBe('1627303906122333')
  expect(toMicroseconds('1969-12-31 23:59:59.5+00')).toBe('-500000')
})
