import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { analyzeFolder } from './analyze-folder.ts'
import { readFolder } from './reading/read-folder.ts'
import type { ColumnReport, FileReport } from './report.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hive-analysis-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function analyzed(...statements: string[]): Promise<FileReport> {
  const folder = newFolder()
  const database = new DatabaseSync(join(folder, 'made.db'))
  for (const statement of statements) database.exec(statement)
  database.close()
  const { files } = await analyzeFolder(folder, readFolder(folder))
  return files[0] as FileReport
}

/** What is said of the one column `v` of a table with these values. */
async function column(declaredType: string, ...values: string[]): Promise<ColumnReport> {
  const file = await analyzed(
    `CREATE TABLE t (v ${declaredType})`,
    ...values.map((value) => `INSERT INTO t VALUES (${value})`),
  )
  return file.tables[0]?.columns[0] as ColumnReport
}

const oddOf = ({ odd }: ColumnReport) => odd.map(({ what, count }) => [what, count])

describe('a column', () => {
  it('is counted by storage class, whatever its type says', async () => {
    const found = await column('INTEGER', '1', '2.5', "'x'", "x'00'", 'NULL', "CAST(x'ff61' AS TEXT)", "'a' || char(0)")
    expect(found.storage).toEqual({ null: 1, integer: 1, real: 1, text: 2, invalid_text: 1, blob: 1 })
    expect(found).toMatchObject({ affinity: 'INTEGER', minimum: '1', maximum: '2.5' })
  })

  it.each<[string, string[], [string, number][]]>([
    [
      'INTEGER',
      ["''", "'x'", '2.32', '1'],
      [
        ['empty texts in a column of numbers', 1],
        ['texts in a column of numbers', 1],
        ['numbers with a fraction, or too large, in a column of integers', 1],
      ],
    ],
    [
      'REAL',
      ["'NaN'", '9e999', "'-inf'"],
      [
        ['texts that name no finite number', 2],
        ['infinite numbers', 1],
      ],
    ],
    [
      'BOOLEAN',
      ["'true'", '2', "'maybe'"],
      [
        ['texts in a column of numbers', 2],
        ['values that do not say true or false', 2],
      ],
    ],
    [
      'TEXT',
      ["CAST(x'96' AS TEXT)", "'a' || char(0) || 'b'", "x'41'"],
      [
        ['texts that are not valid UTF-8', 1],
        ['texts with U+0000', 1],
        ['BLOBs in a column of text', 1],
      ],
    ],
    [
      'TEXT',
      ["'{''a'':1}'", '\'{"a":1}\''],
      [['texts that begin like JSON and are none, or none that JSONB keeps', 1]],
    ],
    ['BIGINT', ['9007199254740993'], [['integers beyond ±(2^53 − 1)', 1]]],
    ['DECIMAL(5,2)', ['1230.99', '123.45'], [['numbers beyond DECIMAL(5,2)', 1]]],
    ['TEXT', ["printf('%.*c', 1048577, 'x')"], [['values of more than 1 MiB', 1]]],
    ['DATETIME', ["''", "'2025-01-01'"], [['empty texts in a column of numbers', 1]]],
  ])('of %s with %j has what is odd named', async (type, values, odd) => {
    expect(oddOf(await column(type, ...values)).sort()).toEqual(odd.sort())
  })

  it('tells the replacement character from text that is not valid', async () => {
    expect((await column('TEXT', 'char(65533)', "CAST(x'ff' AS TEXT)")).storage).toMatchObject({
      text: 1,
      invalid_text: 1,
    })
  })

  it.each([
    ['BOOLEAN', ['0', '1', '1']],
    ['NUMERIC', ["'false'", "'TRUE'"]],
    ['BOOLEAN', ['0']],
  ])('of %s with %j is boolean', async (type, values) => {
    expect((await column(type, ...values)).boolean).toBe(true)
  })

  it('of numbers 0 alone is not taken for boolean, nor is one with another value', async () => {
    expect((await column('INTEGER', '0', '0')).boolean).toBeUndefined()
    expect((await column('BOOLEAN', '0', '1', '2')).boolean).toBeUndefined()
  })
})

describe('a column of moments', () => {
  it('has its unit decided by the size of its numbers', async () => {
    const units = await Promise.all(
      ['1627303906', '1627303906122', '1627303906122333', '1627303906122333444', '20260131'].map(
        async (value) => (await column('DATETIME', value)).time?.unit,
      ),
    )
    expect(units).toEqual(['s', 'ms', 'us', 'ns', 'packed'])
  })

  it.each([
    ['days', ['20260131', '20251231']],
    ['minutes', ['202601311200', '202512312359']],
    ['minutes as text', ["'202601311200'", "'202512312359'"]],
    ['seconds', ['20260131120000', '20251231235959']],
  ])('of %s as digits is packed', async (_, values) => {
    expect((await column('DATETIME', ...values)).time).toMatchObject({ unit: 'packed', unclear: 0 })
  })

  it('of milliseconds before 2001, which have twelve digits, is not packed', async () => {
    expect((await column('DATETIME', '883612800000', '202699999999')).time).toMatchObject({ unit: 'ms', unclear: 0 })
  })

  it.each([
    ['1760000000000', '1760000000001', '202601311200'],
    ['883612800000', '883612800001', '202601311200'],
    ["'2025-01-01T00:00:00'", "'2025-01-01T00:00:01'", '20260131'],
  ])('does not guess what digits are that may be a date beside %s', async (...values) => {
    expect((await column('DATETIME', ...values)).time).toMatchObject({ unit: 'mixed', unclear: 1 })
  })

  it('does not guess what twelve digits are that may be a date with a year of two', async () => {
    expect((await column('DATETIME', '250601123000', '250601123001')).time).toBeUndefined()
  })

  it('may have its numbers as text, with a fraction too', async () => {
    const values = "('1714557600.123456'), ('1714557601')"
    const { tables } = await analyzed('CREATE TABLE t (datetime TEXT)', `INSERT INTO t VALUES ${values}`)
    expect(tables[0]?.columns[0]?.time).toMatchObject({ unit: 's', unclear: 0, from: '2024-05-01 10:00:00.123456+00' })
  })

  it('may be mixed', async () => {
    const found = await column('DATETIME', '1619092189', "'2021-04-22 11:49:49.409+00:00'", "'2021-04-22T11:49:49'")
    expect(found.time).toEqual({
      unit: 'mixed',
      layout: 'isoformat',
      zoned: 1,
      zoneless: 1,
      units: { s: 1, iso: 2 },
      unclear: 0,
      from: '2021-04-22 11:49:49+00',
      to: '2021-04-22 11:49:49.409+00',
    })
  })

  it('is not one because its numbers could be moments', async () => {
    expect((await column('INTEGER', '1627303906')).time).toBeUndefined()
    expect((await column('DATETIME', '1e100')).time).toBeUndefined()
    expect((await column('DATETIME', '2024', '0')).time).toBeUndefined()
  })

  it('is one by its text alone', async () => {
    expect((await column('TEXT', "'2025-07-15T13:38:00.520081'")).time).toMatchObject({
      unit: 'iso',
      layout: 'isoformat',
    })
    expect((await column('TEXT', "'2025-07-15'", "'soon'")).time).toBeUndefined()
  })
})

describe('a file', () => {
  it('has the orphans of its foreign keys counted', async () => {
    const file = await analyzed(
      'PRAGMA foreign_keys = OFF',
      'CREATE TABLE parent (id INTEGER PRIMARY KEY)',
      'CREATE TABLE child (a REFERENCES parent (id), b REFERENCES nowhere (id))',
      'INSERT INTO parent VALUES (1)',
      'INSERT INTO child VALUES (1, NULL), (2, NULL), (3, NULL)',
    )
    const child = file.tables.find(({ name }) => name === 'child')
    expect(child?.foreign_keys.find(({ table }) => table === 'parent')).toEqual({
      columns: ['a'],
      table: 'parent',
      to: ['id'],
      orphans: 2,
    })
  })

  it.each(['UTF-16le', 'UTF-16be'])('in %s has its surrogates told, lone ones and pairs', async (encoding) => {
    const text = (units: string) => {
      const bytes = Buffer.from(units, 'utf16le')
      return `CAST(x'${(encoding === 'UTF-16be' ? bytes.swap16() : bytes).toString('hex')}' AS TEXT)`
    }
    const file = await analyzed(
      `PRAGMA encoding = '${encoding}'`,
      'CREATE TABLE t (v TEXT)',
      `INSERT INTO t VALUES ('plain'), (${text('😀')}), (${text('\ufffd')}), (${text('\ud83dA')}), (${text('A\ude00')})`,
    )
    expect(file).toMatchObject({ encoding })
    expect(file.tables[0]?.columns[0]).toMatchObject({ storage: { text: 5, invalid_text: 0 } })
    expect(file.tables[0]?.columns[0]?.odd).toEqual([{ what: 'texts with lone surrogates', count: 2 }])
  })

  it('that cannot even be opened is named, and the others are read', async () => {
    const folder = newFolder()
    symlinkSync(join(folder, 'nowhere'), join(folder, 'a.db'))
    symlinkSync(folder, join(folder, 'b.db'))
    const socket = createServer().listen(join(folder, 'c.db'))
    onTestFinished(() => void socket.close())
    await once(socket, 'listening')
    new DatabaseSync(join(folder, 'd.sqlite3')).exec('CREATE TABLE t (a)')
    const { files } = await analyzeFolder(folder, readFolder(folder))
    expect(files.map(({ path, state, detail }) => [path, state, detail])).toEqual([
      ['a.db', 'unreadable', expect.stringContaining('no such file')],
      ['b.db', 'unreadable', 'it is not a regular file'],
      ['c.db', 'unreadable', 'it is not a regular file'],
      ['d.sqlite3', 'readable', undefined],
    ])
  })

  it('is read with any names, keys and rowids', async () => {
    const file = await analyzed(
      'CREATE TABLE "a ""b"" c" (rowid TEXT, _rowid_ TEXT, oid TEXT)',
      `INSERT INTO "a ""b"" c" VALUES ('x', 'y', CAST(x'ff' AS TEXT))`,
      'CREATE TABLE pair (b TEXT, a TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID',
      "INSERT INTO pair VALUES ('1', '2'), (CAST(x'ff' AS TEXT), '3')",
    )
    expect(
      file.tables.map(({ name, rows, columns }) => [name, rows, columns.map(({ storage }) => storage.invalid_text)]),
    ).toEqual([
      ['a "b" c', 1, [0, 0, 1]],
      ['pair', 2, [1, 0]],
    ])
  })

  it('whose page is damaged in the middle gives the rows around it, and says where the gap is', async () => {
    const folder = newFolder()
    const path = join(folder, 'damaged.db')
    const database = new DatabaseSync(path)
    database.exec(
      'CREATE TABLE before (a); CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO before VALUES (1)',
    )
    database.exec(`WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 400)
      INSERT INTO t SELECT i, printf('%.*c', 400, 'x') FROM n`)
    const page = database
      .prepare("SELECT pageno FROM dbstat WHERE name = 't' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 20")
      .get()
    database.close()
    const bytes = readFileSync(path)
    bytes.fill(0xff, (Number(page?.pageno) - 1) * 4096, Number(page?.pageno) * 4096)
    writeFileSync(path, bytes)
    const { files } = await analyzeFolder(folder, readFolder(folder))
    expect(files[0]?.state).toBe('readable')
    const [before, t] = files[0]?.tables ?? []
    expect(before).toMatchObject({ rows: 1, gaps: [] })
    expect(t?.gaps).toEqual([expect.stringMatching(/malformed: rows between rowid \d+ and \d+ cannot be read/)])
    const [from, to] = (t?.gaps[0]?.match(/\d+/g) ?? []).map(Number) as [number, number]
    expect(to - from).toBeGreaterThan(1)
    expect(t?.rows).toBe(from + (400 - to + 1))
  })

  it('with a virtual table whose module is missing costs that table alone', async () => {
    const folder = newFolder()
    const database = new DatabaseSync(join(folder, 'module.db'))
    database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    database.enableDefensive(false)
    database.exec(`PRAGMA writable_schema = ON;
      INSERT INTO sqlite_schema VALUES ('table', 'lost', 'lost', 0, 'CREATE VIRTUAL TABLE lost USING lost_module(a)')`)
    database.close()
    const { files } = await analyzeFolder(folder, readFolder(folder))
    expect(files[0]?.tables.map(({ name, rows, gaps }) => [name, rows, gaps])).toEqual([
      ['lost', 0, [expect.stringContaining('no such module: lost_module')]],
      ['t', 1, []],
    ])
  })
})
