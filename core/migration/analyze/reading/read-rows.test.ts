import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { InvalidText } from '../../value.ts'
import { readDatabase } from './catalogue.ts'

it.each([
  ['PRIMARY KEY (k DESC)', ''],
  ['PRIMARY KEY (k COLLATE NOCASE)', ''],
  ['PRIMARY KEY (k)', 'CREATE INDEX covering ON t (v, k)'],
  ['PRIMARY KEY (v, k DESC)', 'CREATE INDEX covering ON t (k, v)'],
])('reads text that is not UTF-8 from its own row: %s WITHOUT ROWID %s', (key, index) => {
  const database = new DatabaseSync(':memory:')
  database.exec(`CREATE TABLE t (k TEXT, v TEXT, ${key}) WITHOUT ROWID; ${index};
    INSERT INTO t VALUES ('a', CAST(x'ff01' AS TEXT)), ('B', CAST(x'ff02' AS TEXT)), ('c', CAST(x'fe03' AS TEXT))`)
  const [table] = readDatabase(database).tables
  const read = [...(table?.rows(() => {}) ?? [])].map(({ values: [k, v] }) => [
    k,
    v instanceof InvalidText ? [...v.bytes] : v,
  ])
  expect(new Map(read as [string, number[]][])).toEqual(
    new Map([
      ['a', [255, 1]],
      ['B', [255, 2]],
      ['c', [254, 3]],
    ]),
  )
})

it('keeps rows apart that their key columns take for the same', () => {
  const database = new DatabaseSync(':memory:')
  database.exec(`CREATE TABLE t (k TEXT COLLATE NOCASE, v TEXT, PRIMARY KEY (k COLLATE BINARY)) WITHOUT ROWID;
    CREATE INDEX covering ON t (v, k);
    INSERT INTO t VALUES ('a', CAST(x'ff01' AS TEXT)), ('A', CAST(x'fe02' AS TEXT))`)
  const [table] = readDatabase(database).tables
  const read = [...(table?.rows(() => {}) ?? [])].map(({ values: [k, v] }) => [
    k,
    v instanceof InvalidText ? [...v.bytes] : v,
  ])
  expect(new Map(read as [string, number[]][])).toEqual(
    new Map([
      ['a', [255, 1]],
      ['A', [254, 2]],
    ]),
  )
})
