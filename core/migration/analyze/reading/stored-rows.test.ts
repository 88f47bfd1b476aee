import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { affinityOf } from '../../convert/affinity.ts'
import { anyDatabase, makeDatabase } from '../../moved/arbitrary-databases.ts'
import { rowChecksum, sourceChecksum } from '../../row-checksum.ts'
import { encodeRow } from '../../run/encode-row.ts'
import { layOutPlain, plainBytes } from '../../run/plain-record.ts'
import type { AnalysedTable } from '../source.ts'
import { readDatabase } from './catalogue.ts'
import { Irregular } from './page-file.ts'
import { openHostile } from './private-copy.ts'
import { StoredRecord } from './stored-record.ts'
import { tableRecords } from './table-tree.ts'

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'hive-stored-'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

let made = 0
const newFile = () => join(home, `${++made}.db`)

/** All rows of a table, what could not be read, and how many came from the file without SQLite. */
function read(table: AnalysedTable) {
  const gaps: string[] = []
  const rows: unknown[] = []
  let stored = 0
  for (const row of table.rows((what) => gaps.push(what))) {
    const { rowid, values } = row
    rows.push([rowid, values])
    if (row instanceof StoredRecord) {
      stored++
      expect(sourceChecksum(row)).toBe(rowChecksum(values))
      expectSameText(table, row)
    }
  }
  return { rows, gaps, stored }
}

/** What is laid out of a record's bytes is what is encoded of its values. */
function expectSameText(table: AnalysedTable, record: StoredRecord): void {
  const into = Buffer.alloc(plainBytes(record) + 1, '!')
  const end = layOutPlain(into, 0, record)
  if (end < 0) return
  const affinities = table.columns.map(({ declaredType }) => affinityOf(declaredType))
  expect(into.toString('latin1', 0, end)).toBe(encodeRow(record.values, affinities).content)
  expect(into.at(-1)).toBe('!'.charCodeAt(0))
}

/** Reads a file's tables from its pages and by SQLite; both must tell the same. Gives the rows that came from pages. */
function readBothWays(file: string): number {
  const hostile = openHostile(file)
  if (!(hostile instanceof DatabaseSync)) return 0
  const bySqlite = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  bySqlite.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
  let stored = 0
  try {
    const [one, other] = [tablesOf(hostile), tablesOf(bySqlite)]
    for (const [at, table] of one.entries()) {
      const found = read(table)
      const expected = read(other[at] as AnalysedTable)
      expect(expected.stored).toBe(0)
      expect({ ...found, stored: 0 }).toEqual(expected)
      stored += found.stored
    }
  } finally {
    hostile.close()
    bySqlite.close()
  }
  return stored
}

const tablesOf = (database: DatabaseSync) => readDatabase(database).tables.filter(({ kind }) => kind !== 'view')

describe('rows read from the pages of a file', () => {
  it('are those that SQLite reads, whatever is in the database', () => {
    let stored = 0
    fc.assert(
      fc.property(anyDatabase, (database) => {
        const file = newFile()
        makeDatabase(file, { ...database, wal: 'none' })
        stored += readBothWays(file)
        rmSync(file, { force: true })
      }),
      { numRuns: 150, seed: 1, endOnFailure: true },
    )
    expect(stored).toBeGreaterThan(150)
  })

  it.each([
    ['of every size of whole number', `CREATE TABLE t (a INTEGER, b REAL, c)`, wholeNumbers()],
    ['whose key is another name of the rowid', 'CREATE TABLE t (a TEXT, k INTEGER PRIMARY KEY, b)', sample()],
    ['whose key is not, for it goes down', 'CREATE TABLE t (a TEXT, k INTEGER PRIMARY KEY DESC, b)', sample()],
    ['whose key is not, by its type', 'CREATE TABLE t (a TEXT, k INT PRIMARY KEY, b)', sample()],
    ['of a strict table', 'CREATE TABLE t (a TEXT, k INT, b ANY) STRICT', sample()],
    ['with rowids of every length', 'CREATE TABLE t (k INTEGER PRIMARY KEY)', rowids()],
    ['that go on in pages of their own', 'CREATE TABLE t (a, b)', overflowing()],
  ])('are the same %s', (_, table, rows) => {
    for (const pageSize of [512, 4096, 65_536]) {
      const file = newFile()
      const database = new DatabaseSync(file)
      database.exec(`PRAGMA page_size = ${pageSize}; ${table}`)
      for (const row of rows) {
        const marks = row.map(() => '?').join(', ')
        database.prepare(`INSERT INTO t VALUES (${marks})`).run(...row)
      }
      database.close()
      expect(readBothWays(file)).toBe(rows.length)
    }
  })

  it('have numbers as SQLite stores them in columns whose types look like others in capitals', () => {
    const file = newFile()
    const database = new DatabaseSync(file)
    database.exec(
      `CREATE TABLE t (a \ufb02oat, b "\u0131nt real"); INSERT INTO t VALUES (9007199254740993, 5.0), (1, 0.5)`,
    )
    database.close()
    expect(readBothWays(file)).toBe(2)
  })

  it('are left to SQLite where no name of the rowid is free: it has them in whatever order', () => {
    const file = newFile()
    const database = new DatabaseSync(file)
    database.exec(`CREATE TABLE t (rowid, _rowid_, oid); CREATE INDEX i ON t (oid, _rowid_, rowid);
      INSERT INTO t VALUES (1, 1, 3), (2, 2, 2), (zeroblob(2000000), 3, 1)`)
    database.close()
    expect(readBothWays(file)).toBe(0)
  })

  it('have the values that a column got by default when it was added', () => {
    const file = newFile()
    const database = new DatabaseSync(file)
    database.exec(`CREATE TABLE t (a); INSERT INTO t VALUES (1), (2); ALTER TABLE t ADD COLUMN b DEFAULT 'x';
      INSERT INTO t VALUES (3, 'y')`)
    database.close()
    readBothWays(file)
  })

  it('are told to be missing where a damaged schema has names that cannot be said', () => {
    const file = newFile()
    const database = new DatabaseSync(file)
    database.exec('CREATE TABLE t (name_of_it, b) ; INSERT INTO t VALUES (1, 2)')
    database.close()
    const bytes = readFileSync(file)
    bytes[bytes.indexOf('name_of_it')] = 0xff
    writeFileSync(file, bytes)
    const bySqlite = new DatabaseSync(file)
    expect(read(tablesOf(bySqlite)[0] as AnalysedTable)).toEqual({
      rows: [],
      gaps: [expect.stringContaining('no such column')],
      stored: 0,
    })
    bySqlite.close()
  })

  it('are not held together where a page says a large one over and over, nor more often than a page can', () => {
    const file = newFile()
    const database = new DatabaseSync(file)
    database.exec('PRAGMA page_size = 512; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(20000))')
    database.close()
    const rowsOf = (cells: number) => {
      const bytes = readFileSync(file)
      const [leaf, head] = [512, 8]
      bytes.writeUInt16BE(cells, leaf + 3)
      const pointer = bytes.readUInt16BE(leaf + head)
      for (let i = 0; i < cells; i++) bytes.writeUInt16BE(pointer, leaf + head + 2 * i)
      const hostile = newFile()
      writeFileSync(hostile, bytes)
      return tableRecords({ path: hostile, root: 2, shape: { columns: 1, rowidAlias: -1, reals: [false] } }, 1_000_000)
    }
    const together = Array.from(rowsOf(80), (records) => records.length)
    expect(together.reduce((sum, count) => sum + count)).toBe(80)
    expect(Math.max(...together)).toBe(1)
    expect(() => [...rowsOf(85)]).toThrow(Irregular)
  })

  it('are those that SQLite reads of a damaged file too', () => {
    const source = newFile()
    const database = new DatabaseSync(source)
    database.exec(`PRAGMA page_size = 512; CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b REAL, c);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
      INSERT INTO t SELECT i * 3, 'text ' || i, i / 7.0, CASE WHEN i % 40 = 0 THEN zeroblob(900) ELSE i * 1000003 END FROM n;
      DELETE FROM t WHERE id % 11 = 0`)
    database.close()
    const whole = readFileSync(source)
    const file = newFile()
    let stored = 0
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 513), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          writeFileSync(file, whole)
          const handle = openSync(file, 'r+')
          for (const [at, byte] of changes) writeSync(handle, Buffer.from([byte]), 0, 1, at + 512)
          closeSync(handle)
          stored += readBothWays(file)
        },
      ),
      { numRuns: 400, seed: 1, endOnFailure: true },
    )
    expect(stored).toBeGreaterThan(10_000)
  })
})

function wholeNumbers(): (bigint | null)[][] {
  const edges = [
    0n,
    1n,
    127n,
    128n,
    32_767n,
    8_388_607n,
    8_388_608n,
    2n ** 31n,
    2n ** 47n - 1n,
    2n ** 47n,
    2n ** 53n,
    2n ** 62n,
  ]
  const numbers = edges.flatMap((edge) => [edge, -edge, -edge - 1n])
  return [...numbers.map((number) => [number, number, number]), [null, null, null]]
}

function sample(): (string | bigint | number | null)[][] {
  return [
    ['a', 1n, 'plain'],
    ['"quoted" \\ and\tmore', 2n, -0],
    ['é 名前 😀', 3n, 1.5],
    [null, 40_000_000_000n, null],
    ['x'.repeat(400), 2n ** 62n, Number.POSITIVE_INFINITY],
  ]
}

const rowids = () => Array.from({ length: 63 }, (_, i) => [2n ** BigInt(i)]).concat([[-1n], [-(2n ** 63n)], [0n]])

const overflowing = () =>
  [470, 477, 478, 500, 4_000, 4_060, 4_061, 65_499, 65_500, 200_000].map((size) => [
    new Uint8Array(size).fill(size),
    'é'.repeat(size),
  ])
