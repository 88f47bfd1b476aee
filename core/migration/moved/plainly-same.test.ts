import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDatabase } from '../analyze/reading/catalogue.ts'
import { openHostile } from '../analyze/reading/private-copy.ts'
import { StoredRecord } from '../analyze/reading/stored-record.ts'
import { affinityOf } from '../convert/affinity.ts'
import { sameValue } from '../convert/same-value.ts'
import { decodeRow } from '../run/decode-row.ts'
import { encodeRow } from '../run/encode-row.ts'
import { isPlainlySame } from './plainly-same.ts'

/** As a part of something larger. */
function isSame(text: string, record: StoredRecord): boolean {
  const json = Buffer.from(`[]${text}]`)
  return isPlainlySame(json, 2, json.length - 1, record)
}

const home = mkdtempSync(join(tmpdir(), 'agent-hive-plainly-same-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const declared = ['INTEGER PRIMARY KEY', 'TEXT', 'REAL', '']
const affinities = declared.map((type) => affinityOf(type.split(' ')[0] ?? ''))

/** Values of every sort, in a column of real numbers and in one of any. */
const values = `(1, 'plain', 1, 5), (2, '', 1.5, -5), (3, NULL, NULL, NULL), (-4, '12', -0.0, 1.0), (5, 'e', 1e21, 1e21),
  (6, 'say "it"', 1e-7, 0.1), (7, 'back\\slash', 9007199254740993, 9007199254740993), (8, 'é', 0, 0), (9, x'41', 2, x'42'),
  (10, 'line' || char(10), 3, 999999999999999), (11, CAST(x'e9' AS TEXT), 123456.75, 1000000000000000),
  (12, 'a, b]', 7, 'text'), (9223372036854775807, 'null', 9e999, -9223372036854775808), (14, '[1, "x"]', 0.5, '1')`

describe('a record beside what JSONB says of its row', () => {
  const rows: { record: StoredRecord; content: string }[] = []
  beforeAll(() => {
    const file = join(home, 'rows.db')
    const database = new DatabaseSync(file)
    database.exec(
      `CREATE TABLE t (a ${declared[0]}, b ${declared[1]}, c ${declared[2]}, d); INSERT INTO t VALUES ${values}`,
    )
    database.close()
    const opened = openHostile(file)
    if (!(opened instanceof DatabaseSync)) throw new Error('it cannot be opened')
    const [table] = readDatabase(opened, 1_000_000).tables
    for (const row of table?.rows(() => {}) ?? []) {
      if (!(row instanceof StoredRecord)) throw new Error('it was not read from its page')
      // values are made while the page is there
      rows.push({ record: row, content: encodeRow(row.values, affinities).content })
    }
    opened.close()
  })

  it('is the same where all of it is NULL, short numbers and text without escapes', () => {
    const same = rows.filter(({ record, content }) => isSame(content, record))
    expect(same.map(({ record }) => record.rowid)).toEqual([1n, 2n, 3n, 8n, 12n])
  })

  it('is never taken for the same when one character is other, gone or more, and the row not that', () => {
    let changed = 0
    for (const { record, content } of rows) {
      for (let at = 0; at <= content.length; at++) {
        for (const other of ['', ...'0159-.eE+", []{}nulé\\\u0001']) {
          for (const behind of [at, at + 1]) {
            const text = content.slice(0, at) + other + content.slice(behind)
            if (text === content || !isJson(text) || !isSame(text, record)) continue
            const decoded = decodeRow(text, affinities, () => null)
            expect(
              decoded.every((value, i) => sameValue(value, record.values[i] ?? null)),
              text,
            ).toBe(true)
            changed++
          }
        }
      }
    }
    // such as 1.5 and 1.50
    expect(changed).toBeGreaterThan(0)
  })
})

/** JSONB says nothing else. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
