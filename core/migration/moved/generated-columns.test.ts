import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { it } from '../../../test/moving.ts'
import { rebuildRun } from './rebuild-run.ts'
import { verifyRun } from './verify-run.ts'

it('gives back rows of tables with generated columns that only their own program can compute', async ({ moving }) => {
  const { client, folder, source, planOf, move } = moving
  const withOwn = (file: string) => {
    const database = new DatabaseSync(file)
    database.function('own', { deterministic: true }, (value) => `own ${value}`)
    return database
  }
  const database = withOwn(join(source, 'a.db'))
  database.exec(`CREATE TABLE virtual (a, b AS (own(a)), c REAL); INSERT INTO virtual (a, c) VALUES (1, 2), ('x', 0.5);
    CREATE TABLE stored (id INTEGER PRIMARY KEY, a TEXT, b TEXT AS (own(a)) STORED, c AS (own(b)) VIRTUAL);
    INSERT INTO stored (id, a) VALUES (7, 'x'), (9, 12);
    CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b AS (own(a)) STORED); INSERT INTO counted (a) VALUES (NULL);
    CREATE INDEX i ON stored (b)`)
  database.close()
  const plan = await planOf(source)
  const { run, state, tables } = await move(source, plan)
  expect({ state, tables }).toMatchObject({ state: 'complete' })
  expect(tables.map(({ table, rows }) => [table, rows])).toContainEqual(['virtual', 2])
  expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, differences: [] })
  expect(await rebuildRun(client, run, join(folder, 'rebuilt'))).toMatchObject([{ faults: [] }])
  const [before, after] = [join(source, 'a.db'), join(folder, 'rebuilt', 'a.db')].map((file) => {
    const read = withOwn(file)
    const rows = ['virtual', 'stored', 'counted', 'sqlite_sequence'].map((name) =>
      read.prepare(`SELECT rowid, * FROM ${name}`).all(),
    )
    const types = read.prepare('SELECT typeof(a), typeof(c) FROM virtual').all()
    const schema = read.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()
    const whole = read.prepare('PRAGMA integrity_check').all()
    read.close()
    return { rows, types, schema, whole }
  })
  expect(after).toEqual(before)
})

it('gives back rows for which a generated column cannot be computed', async ({ moving }) => {
  const { client, folder, source, database, planOf, move } = moving
  database(`CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('{"x":1}'), ('no JSON');
    ALTER TABLE t ADD COLUMN x AS (json_extract(a, '$.x'))`)
  const { run, state, tables } = await move(source, await planOf(source))
  expect({ state, tables }).toMatchObject({ state: 'complete', tables: [{ rows: 2, legacy: 2 }] })
  expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, differences: [] })
  expect(await rebuildRun(client, run, join(folder, 'rebuilt'))).toMatchObject([{ faults: [] }])
  const rebuilt = new DatabaseSync(join(folder, 'rebuilt', 'a.db'))
  expect(rebuilt.prepare('SELECT a FROM t').all()).toMatchObject([{ a: '{"x":1}' }, { a: 'no JSON' }])
  expect(rebuilt.prepare('SELECT x FROM t WHERE rowid = 1').all()).toMatchObject([{ x: 1 }])
  rebuilt.close()
})

it.for<[what: string, table: string, more?: string]>([
  ['a key of text', 't (id TEXT COLLATE NOCASE PRIMARY KEY, a, b AS (own(a)))'],
  [
    'an order of its own',
    't (a REAL, id TEXT COLLATE NOCASE, c, b AS (own(a)), PRIMARY KEY (id DESC, a)) WITHOUT ROWID',
  ],
  [
    'many keys',
    't (id TEXT PRIMARY KEY, a UNIQUE ON CONFLICT REPLACE, b AS (own(a)), c TEXT COLLATE RTRIM UNIQUE, d AS (own(c)) STORED UNIQUE, UNIQUE (c, a), UNIQUE (a))',
  ],
  ['a rowid by another name', 't (a UNIQUE, id INTEGER, c, b AS (own(a)), PRIMARY KEY (id))'],
  ['a key on one that can be computed', 't (id, a, c AS (upper(a)) UNIQUE, b AS (own(a)), d AS (a || 1) UNIQUE)'],
  ['a key in falling order', 't (id INTEGER PRIMARY KEY DESC, a, b AS (own(a)))'],
  [
    'indexes on its columns',
    't (id, a TEXT COLLATE NOCASE, c INTEGER, b AS (own(a)) STORED)',
    `CREATE INDEX i ON t (a); CREATE INDEX j ON t (c) WHERE c = '5'; CREATE INDEX k ON t (a = 'X', c || 1); CREATE UNIQUE INDEX l ON t (b)`,
  ],
])('gives back tables with such columns that have %s', async ([_, table, more = ''], { moving }) => {
  const { client, folder, source, planOf, move } = moving
  const withOwn = (file: string) => {
    const database = new DatabaseSync(file)
    database.function('own', { deterministic: true }, (value) => `own ${value}`)
    return database
  }
  const database = withOwn(join(source, 'a.db'))
  database.exec(`CREATE TABLE ${table}; CREATE TABLE own (own, g AS (own + 1)); INSERT INTO own VALUES (1)`)
  const other = database
    .prepare('PRAGMA table_info(t)')
    .all()
    .some(({ name }) => name === 'c')
  database.exec(
    `INSERT INTO t (id, a${other ? ', c' : ''}) VALUES ${['1', '5', '-3', '70']
      .map(
        (id, at) =>
          `(${id}, ${["'x'", "'Y'", "'a'", '2.0'][at]}${other ? `, ${["'5'", "'q '", '7', '5.5'][at]}` : ''})`,
      )
      .join(', ')}; ${more}`,
  )
  database.close()
  const { run, state } = await move(source, await planOf(source))
  expect(state).toBe('complete')
  expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, differences: [] })
  expect(await rebuildRun(client, run, join(folder, 'rebuilt'))).toMatchObject([{ faults: [] }])
  const [before, after] = [join(source, 'a.db'), join(folder, 'rebuilt', 'a.db')].map((file) => {
    const read = withOwn(file)
    const rows = ['t', 'own'].map((name) => read.prepare(`SELECT * FROM ${name} ORDER BY 1`).all())
    const types = read.prepare(`SELECT typeof(id), typeof(a), typeof(b) FROM t ORDER BY id`).all()
    const schema = read.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()
    const found = read.prepare("SELECT a FROM t WHERE a = 'y' OR id = '1'").all()
    const whole = read.prepare('PRAGMA integrity_check').all()
    read.close()
    return { rows, types, schema, found, whole }
  })
  expect(before?.whole).toMatchObject([{ integrity_check: 'ok' }])
  expect(after).toEqual(before)
})

it('gives back rows of a table with a key that cannot be computed here, and says that it has not its definition', async ({
  moving: { client, folder, source, planOf, move },
}) => {
  const database = new DatabaseSync(join(source, 'a.db'))
  database.function('own', { deterministic: true }, (value) => `own ${value}`)
  database.exec(
    `CREATE TABLE t (id TEXT PRIMARY KEY, a, b AS (own(a)) UNIQUE); INSERT INTO t (id, a) VALUES ('x', 1), ('y', 2)`,
  )
  database.close()
  const { analyzeFolder } = await import('../analyze/analyze-folder.ts')
  const { readFolder } = await import('../analyze/reading/read-folder.ts')
  expect((await analyzeFolder(source, readFolder(source))).files[0]?.warnings).toContainEqual(
    expect.stringMatching(/^its table t has a key on b, which cannot be computed here/),
  )
  const { run, state } = await move(source, await planOf(source))
  expect(state).toBe('complete')
  expect(await rebuildRun(client, run, join(folder, 'rebuilt'))).toMatchObject([
    {
      faults: [
        't: it has a key on b, which cannot be computed here: its rows are there in plain columns, without its definition',
      ],
    },
  ])
  const rebuilt = new DatabaseSync(join(folder, 'rebuilt', 'a.db'))
  expect(rebuilt.prepare('SELECT * FROM t').all()).toMatchObject([
    { id: 'x', a: 1 },
    { id: 'y', a: 2 },
  ])
  expect(rebuilt.prepare('PRAGMA integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }])
  rebuilt.close()
})

it('warns of a column that is left out', async ({ moving: { source, database } }) => {
  database(
    `CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('no JSON'); ALTER TABLE t ADD COLUMN x AS (json_extract(a, '$.x'))`,
  )
  const { analyzeFolder } = await import('../analyze/analyze-folder.ts')
  const { readFolder } = await import('../analyze/reading/read-folder.ts')
  const [file] = (await analyzeFolder(source, readFolder(source))).files
  expect(file?.warnings).toEqual([expect.stringMatching(/^its table t is read without its column x, .*malformed JSON/)])
  expect(file?.tables[0]?.columns.map(({ name }) => name)).toEqual(['a'])
})
