import { describe, expect, it } from 'vitest'
import { anyNumber, future, given, jsonObject, moment, numberAbove, numberFrom, wholeNumber } from './arguments.ts'

describe('wholeNumber', () => {
  it('takes its bounds and what lies between', () => {
    expect(['1', '50', '100'].map(wholeNumber(1, 100))).toEqual([1, 50, 100])
  })

  it.each(['0', '101', '-1', '1.5', '1e1', '', ' 5', 'ten', '0x10'])('refuses %j', (text) => {
    expect(() => wholeNumber(1, 100)(text)).toThrow('a whole number from 1 to 100')
  })
})

describe('numbers', () => {
  it('takes fractions and exponents', () => {
    expect([numberAbove(0)('0.25'), anyNumber('-1e-3'), anyNumber('+.5'), anyNumber('5.')]).toEqual([
      0.25, -0.001, 0.5, 5,
    ])
  })

  it.each(['0', '-1', '', 'NaN', 'Infinity'])('refuses %j where it must be above 0', (text) => {
    expect(() => numberAbove(0)(text)).toThrow('above 0')
  })
})

it.each(['0x10', '0b1', '1_0', ' 5', '5\n', '.', 'e1', '1e999', '１'])('takes %j for no number', (text) => {
  for (const parser of [anyNumber, numberAbove(0), numberFrom(0, 20)]) expect(() => parser(text)).toThrow('a number')
})

it('takes numbers between two bounds and no others', () => {
  expect(['0', '0.5', '20'].map(numberFrom(0, 20))).toEqual([0, 0.5, 20])
  for (const text of ['20.1', '-1', '', 'x']) expect(() => numberFrom(0, 20)(text)).toThrow('from 0 to 20')
})

describe('jsonObject', () => {
  it('reads an object', () => {
    expect(jsonObject('{"a":{"b":[1]}}')).toEqual({ a: { b: [1] } })
  })

  it.each(['[]', '3', 'null', '"text"'])('refuses %s, which is no object', (text) => {
    expect(() => jsonObject(text)).toThrow('a JSON object')
  })

  it('refuses what would be changed silently', () => {
    expect(() => jsonObject('{"id":9007199254740993}')).toThrow('2^53')
    expect(() => jsonObject('{"a":1,"a":2}')).toThrow('a is given twice')
    expect(() => jsonObject('{oops')).toThrow('not JSON')
  })
})

describe('moment', () => {
  const now = Date.parse('2026-03-01T12:00:00Z')

  it('takes ISO 8601, and UTC where there is no zone', () => {
    expect(moment('2026-03-01T14:00:00+02:00', now)).toBe('2026-03-01T12:00:00.000Z')
    expect(moment('2026-03-01T12:00:00', now)).toBe('2026-03-01T12:00:00.000Z')
    expect(moment('2026-03-01', now)).toBe('2026-03-01T00:00:00.000Z')
  })

  it('takes how long ago it was', () => {
    expect(moment('90s', now)).toBe('2026-03-01T11:58:30.000Z')
    expect(moment('2h', now)).toBe('2026-03-01T10:00:00.000Z')
    expect(moment('7d', now)).toBe('2026-02-22T12:00:00.000Z')
  })

  it.each(['yesterday', '12', '2026-13-45', ''])('refuses %j', (text) => {
    expect(() => moment(text, now)).toThrow('2026-01-31T12:00:00Z')
  })
})

describe('future', () => {
  const now = Date.parse('2026-03-01T12:00:00Z')

  it('takes ISO 8601, and how long it is until then', () => {
    expect(future('2026-03-02T14:00:00+02:00', now)).toBe('2026-03-02T12:00:00.000Z')
    expect(future('2h', now)).toBe('2026-03-01T14:00:00.000Z')
    expect(future('30d', now)).toBe('2026-03-31T12:00:00.000Z')
  })

  it('refuses what is past, and what is no moment', () => {
    expect(() => future('2026-03-01T12:00:00Z', now)).toThrow('in the future')
    for (const text of ['soon', '2 h', '999999999d']) expect(() => future(text, now)).toThrow('30d (from now on)')
  })
})

it('leaves out what was not given and keeps what is falsy', () => {
  expect(given({ a: undefined, b: 0, c: '', d: false, e: null })).toEqual({ b: 0, c: '', d: false, e: null })
})
