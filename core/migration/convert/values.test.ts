import { describe, expect, it } from 'vitest'
import type { TablePlan } from '../plan/plan.ts'
import type { ColumnRule } from '../plan/rules.ts'
import { InvalidText, type SqliteValue } from '../value.ts'
import { compileTable } from './compile-table.ts'

type Given = { declaredType?: string; zone?: string }

/** Converts one value `v` of a metrics table, in the place that the rule is for, and gives back what became of it. */
function convertOne(place: 'value' | 'timestamp' | 'metric_type' | 'metadata', rule: ColumnRule, given: Given = {}) {
  const columns: Record<string, ColumnRule> = {
    agent_name: { rule: 'constant', value: 'a' },
    metric_type: { rule: 'constant', value: 'm' },
    value: { rule: 'constant', value: 1 },
    timestamp: { rule: 'timestamp', from: 'at', unit: 'iso' },
    [place]: rule,
  }
  const plan = { name: 't', target: 'agent_metrics', columns } as unknown as TablePlan
  const source = [
    { name: 'v', declaredType: given.declaredType ?? '' },
    { name: 'at', declaredType: 'TEXT' },
  ]
  const table = compileTable(plan, source, given.zone ?? 'UTC')
  return (value: SqliteValue) => {
    const row = [value, '2025-01-01T00:00:00']
    const conversion = table.convert(row)
    if (conversion.outcome === 'rejected') return { rejected: conversion.reason, column: conversion.column }
    if (conversion.outcome === 'legacy') return { legacy: true }
    expect(table.invert(conversion.rows, conversion.kept)).toEqual(row)
    const text = conversion.rows[0]?.[table.columns.indexOf(place)]
    const kept = conversion.kept !== null && Object.hasOwn(conversion.kept, 'v')
    return { text: place === 'metadata' ? JSON.parse(text ?? '') : text, kept }
  }
}

const rejected = (reason: string) => ({ rejected: expect.stringContaining(reason), column: 'v' })
const exact = (text: unknown) => ({ text, kept: false })
const besides = (text: unknown) => ({ text, kept: true })

describe('a number', () => {
  const real = convertOne('value', { rule: 'copy', from: 'v' }, { declaredType: 'REAL' })
  const integer = convertOne('value', { rule: 'copy', from: 'v' }, { declaredType: 'INTEGER' })
  const decimal = convertOne('value', { rule: 'copy', from: 'v' }, { declaredType: 'decimal(10,5)' })
  const text = convertOne('value', { rule: 'copy', from: 'v' }, { declaredType: 'TEXT' })

  it.each<[string, ReturnType<typeof convertOne>, SqliteValue, unknown]>([
    ['of 17 digits keeps them', real, 0.7403193804403482, exact('0.7403193804403482')],
    ['beyond a declared precision is not clamped', decimal, 12345678.9, exact('12345678.9')],
    ['with a fraction in an INTEGER column is not cut', integer, 2.32, exact('2.32')],
    ['of 13 digits in an INTEGER column is whole', integer, 3000592982016n, exact('3000592982016')],
    ['beyond 2^53 is kept digit by digit', integer, 1797657063271174144n, besides('1797657063271174100')],
    ['that is the least int64 is a double exactly, and kept', integer, -(2n ** 63n), besides('-9223372036854776000')],
    ['that is infinite stays so', real, Number.POSITIVE_INFINITY, exact('Infinity')],
    ['that is negative infinity stays so', real, Number.NEGATIVE_INFINITY, exact('-Infinity')],
    ['that is negative zero stays so', real, -0, exact('-0')],
    ['that is the smallest double stays so', real, 5e-324, exact('5e-324')],
    ['0.0 comes back as REAL', real, 0, exact('0')],
    ['stored as REAL in a NUMERIC column comes back as REAL', decimal, 7, besides('7')],
    ['written as text is that number', text, '12.50', besides('12.5')],
    ['written as text in its shortest form needs nothing kept', text, '12.5', exact('12.5')],
  ])('%s', (_, convert, value, outcome) => {
    expect(convert(value)).toEqual(outcome)
  })

  it.each<[SqliteValue, string]>([
    ['lots-of-it', 'text that is not a number'],
    ['NaN', 'text that is not a number'],
    ['Infinity', 'text that is not a number'],
    ['0x10', 'text that is not a number'],
    ['1_000', 'text that is not a number'],
    ['12,5', 'text that is not a number'],
    ['', 'empty text'],
    ['1e999', 'too large'],
    [null, 'is NULL'],
    [new Uint8Array([1]), 'bytes'],
    [new InvalidText(new Uint8Array([0xff])), 'bytes'],
  ])('is not what %o is, and nothing is put in its place', (value, reason) => {
    expect(integer(value)).toEqual(rejected(reason))
  })

  it('is the plan’s where the source has none, and the source’s NULL or empty text is kept', () => {
    const convert = convertOne('value', { rule: 'copy', from: 'v', otherwise: -1 }, { declaredType: 'INTEGER' })
    expect(convert(null)).toEqual(besides('-1'))
    expect(convert('')).toEqual(besides('-1'))
    expect(convert(0n)).toEqual(exact('0'))
  })
})

describe('a boolean', () => {
  const asNumber = convertOne('value', { rule: 'boolean', from: 'v' })
  const asMember = convertOne('metadata', { rule: 'rest', boolean: ['v'] }, { declaredType: 'BOOLEAN' })

  it.each<[SqliteValue, boolean, boolean]>([
    [1n, true, false],
    [0n, false, false],
    [1, true, true],
    [0, false, true],
    ...['true', 'TRUE', 't', 'T', 'yes', 'y', 'on', '1'].map((word): [string, boolean, boolean] => [word, true, true]),
    ...['false', 'False', 'f', 'no', 'N', 'off', '0'].map((word): [string, boolean, boolean] => [word, false, true]),
  ])('%o means %s', (value, meaning, kept) => {
    expect(asNumber(value)).toEqual({ text: meaning ? '1' : '0', kept })
    expect(asMember(value)).toEqual({ text: { v: meaning }, kept })
  })

  it.each<[SqliteValue]>([[2n], [-1n], [0.5], ['maybe'], [''], [' true'], [new Uint8Array([1])]])(
    '%o is rejected',
    (value) => {
      expect(asNumber(value)).toEqual(rejected('does not say true or false'))
      expect(asMember(value)).toEqual(rejected('does not say true or false'))
    },
  )

  it('that is NULL stays unknown', () => {
    expect(asMember(null)).toEqual(exact({}))
  })
})

describe('text', () => {
  const convert = convertOne('metric_type', { rule: 'copy', from: 'v' }, { declaredType: 'TEXT' })

  it.each<[string, SqliteValue, unknown]>([
    ['is as it is', 'Ünïcode 😀\n"\\', exact('Ünïcode 😀\n"\\')],
    ['with U+0000 shows where it was', 'a\0b', besides('a␀b')],
    ['with a lone surrogate shows where it was', 'a\ud800b', besides('a\ufffdb')],
    [
      'that is not valid UTF-8 shows where it is not',
      new InvalidText(new Uint8Array(Buffer.from('file\x96name.txt', 'latin1'))),
      besides('file\ufffdname.txt'),
    ],
    ['stored as a BLOB is text', Buffer.from('file'), besides('file')],
    ['that looks like a number stays text', '007', exact('007')],
    ['is the word null where the source says so', 'null', exact('null')],
    ['of 512 characters outside the BMP fits', '😀'.repeat(512), exact('😀'.repeat(512))],
    ['of 513 characters is not cut', 'x'.repeat(513), rejected('513 characters')],
    ['that is empty is rejected where none is taken', '', rejected('is empty')],
    ['that is NULL is rejected where none is taken', null, rejected('is NULL')],
    ['is not a BLOB of anything else', new Uint8Array([0xff, 0xd8]), rejected('BLOB')],
  ])('%s', (_, value, outcome) => {
    // invert gives a Uint8Array where a Buffer was given
    expect(convert(value instanceof Buffer ? new Uint8Array(value) : value)).toEqual(outcome)
  })
})

describe('a member of the rest', () => {
  const plain = convertOne('metadata', { rule: 'rest' }, { declaredType: 'NUMERIC' })
  const json = convertOne('metadata', { rule: 'rest', json: ['v'] }, { declaredType: 'TEXT' })

  it.each<[string, SqliteValue, unknown]>([
    ['integers up to 2^53 − 1 are numbers', 9007199254740991n, 9007199254740991],
    ['larger ones are exact', 9007199254740993n, { $integer: '9007199254740993' }],
    ['infinities are tagged', Number.POSITIVE_INFINITY, { $real: 'Infinity' }],
    ['text NaN stays text', 'NaN', 'NaN'],
    ['text with U+0000 can be stored and read', 'a\0b', 'a\uFDD00000b'],
    ['a lone surrogate can be stored and read', '\udfff', '\uFDD0dfff'],
    ['bytes are tagged', new Uint8Array([0, 255]), { $blob: 'AP8=' }],
    ['text that is not UTF-8 is tagged', new InvalidText(new Uint8Array([0x96])), { $text: 'lg==' }],
  ])('%s', (_, value, expected) => {
    expect(plain(value)).toEqual(exact({ v: expected }))
  })

  it.each([
    ['{}', {}, false],
    ['{"a": 1, "b": [true, null]}', { a: 1, b: [true, null] }, false],
    ['{"b":1,"a":2}', { a: 2, b: 1 }, true],
    ['[0.1, 2]', [0.1, 2], false],
  ])('is JSON where its text %s is', (text, value, kept) => {
    expect(json(text)).toEqual({ text: { v: value }, kept })
  })

  it.each([
    "{'a':1}",
    '{a:1}',
    '{"a":1,}',
    '',
    'NaN',
    '{"a":NaN}',
    '{"a":"\\u0000"}',
    '{"a":1,"a":2}',
    '{"a":9007199254740993}',
    '[1e400]',
    '[1e-5000]',
    '12',
    'null',
  ])('stays the text %s, marked, where reading it as JSON would lose something', (text) => {
    expect(json(text)).toEqual(exact({ v: text, $unparsed: ['v'] }))
  })

  it('tells an escaped U+0000 from a backslash and u0000', () => {
    expect(json('{"a":"\\\\u0000"}')).toEqual(besides({ v: { a: '\\u0000' } }))
  })

  it('of more than 1 MiB belongs to a legacy row', () => {
    expect(plain('x'.repeat(1_048_577))).toEqual({ legacy: true })
    expect(plain(new Uint8Array(1_048_577))).toEqual({ legacy: true })
    expect(plain('x'.repeat(1_048_576))).toEqual(exact({ v: 'x'.repeat(1_048_576) }))
  })
})
