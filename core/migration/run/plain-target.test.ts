import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, it } from 'vitest'
import { readDatabase } from '../analyze/reading/catalogue.ts'
import { openHostile } from '../analyze/reading/private-copy.ts'
import { StoredRecord } from '../analyze/reading/stored-record.ts'
import { compileTable } from '../convert/compile-table.ts'
import { jsonbText } from '../convert/json-text.ts'
import { sameValue } from '../convert/same-value.ts'
import { sourceOf } from '../convert/source.ts'
import { BinaryRows } from '../load/binary-rows.ts'
import { plainlyMoved } from '../moved/plainly-moved.ts'
import { fieldReader } from '../moved/stored-fields.ts'
import { MetricsTable } from '../plan/plan.ts'
import { plainTarget } from './plain-target.ts'

const home = mkdtempSync(join(tmpdir(), 'agent-hive-plain-target-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const declared = `id INTEGER PRIMARY KEY, agent TEXT, type NUMERIC, value REAL, at TIMESTAMP, unit TEXT, count INT, any, tags TEXT`
const plain = (id: number, changed: Record<string, string> = {}) =>
  Object.values({
    ...{ id: String(id), agent: `'builder'`, type: `'latency'`, value: '1.5', at: `'2026-02-28T23:59:59'` },
    ...{ unit: `'ms'`, count: '3', any: 'NULL', tags: 'NULL' },
    ...changed,
  }).join(', ')

/** The rows that are plain, and then those that are not. */
const easy: Record<string, string>[] = [
  {},
  { value: '2' },
  { value: '-0.0' },
  { value: '9e999' },
  { value: '-1e-300' },
  { at: `'2024-02-29T00:00:00.000001'` },
  { at: `'1999-12-31T23:59:59.999990'` },
  { at: `'1750-01-01T00:00:00'` },
  { unit: 'NULL', count: 'NULL' },
  { unit: `''`, count: '-7' },
  { unit: `'a, b} "'`.replace('"', '') },
  { any: '0.25', count: '9007199254740991' },
  { any: `'text'` },
  { agent: `'${'x'.repeat(512)}'` },
  { agent: `'tab${'\t'}and back\\slash'` },
]
const hard: Record<string, string>[] = [
  { agent: 'NULL' },
  { agent: `''` },
  { agent: `'bäcker'` },
  { agent: `'${'x'.repeat(513)}'` },
  { agent: `x'41'` },
  { type: '12' },
  { type: `CAST(x'00' AS TEXT)` },
  { value: `'many'` },
  { value: 'NULL' },
  { at: `'2026-02-29T00:00:00'` },
  { at: `'2026-02-28 23:59:59'` },
  { at: `'2026-02-28T24:00:00'` },
  { at: `'2026-02-28T23:59:59.000000'` },
  { at: `'2026-02-28T23:59:59.5'` },
  { at: `'2026-02-28T23:59:59.12345x'` },
  { at: `'2026-02-28T23:59:59+01:00'` },
  { at: '1700000000' },
  { unit: `'say "it"'` },
  { count: '9007199254740993' },
  { any: '1e300' },
  { any: `x'41'` },
  { tags: `'[1]'` },
]

let made = 0
function source(rows: Record<string, string>[]) {
  const values = rows.map((row, i) => `(${plain(i + 1, row)})`)
  return databaseOf(`CREATE TABLE t (${declared}); INSERT INTO t VALUES ${values.join(', ')}`)
}

function databaseOf(sql: string) {
  const file = join(home, `${made++}.db`)
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
  const opened = openHostile(file)
  if (!(opened instanceof DatabaseSync)) throw new Error('it cannot be opened')
  const [table] = readDatabase(opened, 1_000_000).tables
  if (!table) throw new Error('it has no table')
  const records = [...table.rows(() => {})].map((row) => {
    if (!(row instanceof StoredRecord)) throw new Error('it was not read from its page')
    return row
  })
  opened.close()
  return { table, records }
}

const plan = MetricsTable.parse({
  name: 't',
  target: 'agent_metrics',
  columns: {
    agent_name: { rule: 'copy', from: 'agent', otherwise: 'unknown' },
    metric_type: { rule: 'copy', from: 'type', prefix: 'system.' },
    value: { rule: 'copy', from: 'value' },
    timestamp: { rule: 'timestamp', from: 'at', unit: 'iso', layout: 'isoformat' },
    metadata: { rule: 'rest', json: ['tags'] },
    source_database: { rule: 'constant', value: 'old.db' },
  },
})

type Columns = { columns: { name: string; declaredType: string; generated: boolean }[] }

function compiledFor({ columns }: Columns, planned: MetricsTable) {
  const compiled = compileTable(planned, columns, 'UTC')
  const writer = plainTarget(planned, sourceOf(columns), compiled.columns, compiled.rest, 'UTC')
  const says = plainlyMoved(planned, columns, compiled.affinities, compiled.columns, 'UTC')
  return { compiled, writer, says }
}

function plainlyCompiled(table: Columns) {
  const { writer, says, ...compiled } = compiledFor(table, plan)
  if (!writer || !says) throw new Error('its rules are plain')
  return { writer, says, ...compiled }
}

it('writes what converting makes of a row, byte by byte, and leaves alone what is not plain', () => {
  for (const [rows, isPlain] of [
    [easy, true],
    [hard, false],
  ] as const) {
    const { table, records } = source(rows)
    const { compiled, writer } = plainlyCompiled(table)
    for (const [i, record] of records.entries()) {
      const written = new BinaryRows(compiled.kinds)
      expect(written.addLaidOut(7n, writer.most(record), writer.layOut, record), JSON.stringify(rows[i])).toBe(isPlain)
      if (!isPlain) continue
      const conversion = compiled.convert(record.values)
      if (conversion.outcome !== 'migrated') throw new Error('it is migrated')
      expect(conversion.kept).toBeNull()
      const converted = new BinaryRows(compiled.kinds)
      for (const row of conversion.rows) converted.add(row, 7n)
      expect(Buffer.concat(written.parts()).toString('latin1')).toBe(
        Buffer.concat(converted.parts()).toString('latin1'),
      )
    }
  }
})

it('is verified as it is, and never when a byte of it is other unless that says the same', () => {
  const { table, records } = source(easy)
  const { compiled, says } = plainlyCompiled(table)
  const read = fieldReader(compiled)
  let compared = 0
  for (const record of records) {
    const conversion = compiled.convert(record.values)
    if (conversion.outcome !== 'migrated') throw new Error('it is migrated')
    const fields = stored(compiled, conversion.rows[0] ?? [])
    // infinity, -0.0 and other rare values may be compared the long way
    if (!says(record, fields, 0)) continue
    compared++
    for (let at = 0; at < fields.length; at++) {
      for (const byte of [0, 0x20, 0x22, 0x2c, 0x30, 0x31, 0x41, 0x7d, 0xff, (fields[at] as number) ^ 1]) {
        const other = Buffer.from(fields)
        if (other[at] === byte) continue
        other[at] = byte
        if (!isWhole(other, compiled.columns.length) || !says(record, other, 0)) continue
        const values = compiled.invert([read(other, 0)], null)
        expect(values.every((value, i) => sameValue(value, record.values[i] ?? null))).toBe(true)
        expect(compiled.equal(conversion.rows[0] ?? [], read(other, 0))).toBe(true)
      }
    }
  }
  expect(compared).toBeGreaterThanOrEqual(easy.length - 2)
})

it('is not taken for verified where a column has a value that went nowhere', () => {
  const { table, records } = source(hard)
  const { compiled, says } = plainlyCompiled(table)
  for (const record of records) {
    const conversion = compiled.convert(record.values)
    if (conversion.outcome !== 'migrated' || conversion.kept === null) continue
    expect(says(record, stored(compiled, conversion.rows[0] ?? []), 0)).toBe(false)
  }
})

const whole = [
  '0',
  '-1',
  '1',
  '1700000000',
  '-62135596800',
  '253402300799',
  '253402300800',
  '1700000000123',
  '-1700000000123',
]
const edges = ['9007199254740991', '9007199254740993', '9954000000000995', '-9007199254740993', '9223372036854775807']
const texts = [
  ...["'2026-02-28T23:59:59'", "'2026-02-28 23:59:59'", "'2026-02-28T23:59:59.123'", "'2026-02-28T23:59:59.123456'"],
  ...["'2026-02-28T23:59:59.123Z'", "'2026-02-28T23:59:59.000Z'", "'2026-02-28 23:59:59.123456'", "'2026-02-28'"],
  ...["'1700000000'", "'now'", "''", "'0001-01-01T00:00:00'", "'9999-12-31T23:59:59'", "'2026-03-29T02:30:00'"],
]
const others = ['NULL', '1.5', '-0.0', '9e999', '1e15', '1700000000.5', "x'00'"]

it.each(['INTEGER', 'NUMERIC', 'REAL', 'TEXT', ''])(
  'says of no moment and no number in a column of type "%s" what converting does not',
  (type) => {
    const values = [...whole, ...edges, ...texts, ...others]
    const file = databaseOf(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, at ${type}, value ${type}); INSERT INTO t (at, value) VALUES ${values.map((value) => `(${value}, 1.5), (1700000000, ${value})`).join(', ')}`,
    )
    const timestamps = [
      ...['s', 'ms', 'us'].map((unit) => ({ unit })),
      ...['isoformat', 'sqlite', 'str', 'javascript'].flatMap((layout) =>
        ['iso', 'mixed'].map((unit) => ({ unit, layout })),
      ),
      ...[
        { unit: 's', zone: 'Europe/Berlin' },
        { unit: 'iso', zone: 'Europe/Berlin' },
        { unit: 'iso', layout: 'sqlite' },
      ],
    ]
    let plainOnes = 0
    for (const timestamp of timestamps) {
      for (const from of ['value', 'id']) {
        const planned = planOf({ rule: 'copy', from }, timestamp)
        const { compiled, writer, says } = compiledFor(file.table, planned)
        const read = fieldReader(compiled)
        for (const record of file.records) {
          const conversion = compiled.convert(record.values)
          const isPlain = conversion.outcome === 'migrated' && conversion.kept === null
          const what = JSON.stringify([timestamp, from, record.values.map(String)])
          if (writer) {
            const written = new BinaryRows(compiled.kinds)
            if (written.addLaidOut(7n, writer.most(record), writer.layOut, record)) {
              plainOnes++
              expect(isPlain, what).toBe(true)
              const converted = new BinaryRows(compiled.kinds)
              if (conversion.outcome === 'migrated') for (const row of conversion.rows) converted.add(row, 7n)
              expect(Buffer.concat(written.parts()).toString('hex'), what).toBe(
                Buffer.concat(converted.parts()).toString('hex'),
              )
            }
          }
          if (!says || conversion.outcome !== 'migrated') continue
          const fields = stored(compiled, conversion.rows[0] ?? [])
          if (!says(record, fields, 0)) continue
          expect(conversion.kept, what).toBeNull()
          const back = compiled.invert([read(fields, 0)], null)
          expect(
            back.every((value, i) => sameValue(value, record.values[i] ?? null)),
            what,
          ).toBe(true)
        }
      }
    }
    expect(plainOnes).toBeGreaterThan(0)
  },
)

it('keeps a microsecond that a double does not hold', () => {
  const { table, records } = databaseOf(
    'CREATE TABLE t (at INTEGER); INSERT INTO t VALUES (9007199254740993), (9954000000000995)',
  )
  const planned = planOf({ rule: 'constant', value: 1 }, { unit: 'us' })
  const { compiled, writer, says } = compiledFor(table, planned)
  for (const record of records) {
    const written = new BinaryRows(compiled.kinds)
    expect(writer && written.addLaidOut(7n, writer.most(record), writer.layOut, record)).toBe(false)
    const conversion = compiled.convert(record.values)
    if (conversion.outcome !== 'migrated') throw new Error('it is migrated')
    const fields = stored(compiled, conversion.rows[0] ?? [])
    expect(says?.(record, fields, 0)).toBe(true)
    // a microsecond less, as a double has it
    const at = fieldStart(fields, compiled.columns.indexOf('timestamp'))
    fields.writeBigInt64BE(fields.readBigInt64BE(at) - 1n, at)
    expect(says?.(record, fields, 0)).toBe(false)
  }
})

function planOf(value: object, timestamp: object): MetricsTable {
  return MetricsTable.parse({
    name: 't',
    target: 'agent_metrics',
    columns: {
      agent_name: { rule: 'constant', value: 'a' },
      metric_type: { rule: 'constant', value: 'm' },
      value,
      timestamp: { rule: 'timestamp', from: 'at', ...timestamp },
      metadata: { rule: 'rest' },
      source_database: { rule: 'constant', value: 'old.db' },
    },
  })
}

function fieldStart(fields: Buffer, place: number): number {
  let at = 0
  for (let field = 0; field < place; field++) at += 4 + Math.max(fields.readInt32BE(at), 0)
  return at + 4
}

/** A row as Postgres gives it back. */
function stored({ kinds }: { kinds: readonly string[] }, row: readonly (string | null)[]): Buffer {
  const written = new BinaryRows(kinds.map((kind) => (kind === 'jsonb' ? 'text' : kind) as 'text'))
  written.add(
    row.map((text, at) => (kinds[at] === 'jsonb' && text !== null ? jsonbText(JSON.parse(text)) : text)),
    1n,
  )
  return Buffer.concat(written.parts().slice(1, -1)).subarray(14)
}

function isWhole(fields: Buffer, count: number): boolean {
  let at = 0
  for (let field = 0; field < count; field++) {
    if (at + 4 > fields.length) return false
    at += 4 + Math.max(fields.readInt32BE(at), 0)
  }
  return at === fields.length
}
