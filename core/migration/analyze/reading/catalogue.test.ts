import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { readDatabase, readTable } from './catalogue.ts'

/** A table with generated columns, and how often one of them was computed. */
function withCounted() {
  const database = new DatabaseSync(':memory:')
  const computed = { times: 0 }
  database.function('own', { deterministic: true }, (value) => {
    computed.times++
    return value
  })
  database.exec(`CREATE TABLE t (a, b AS (own(a)), c AS (own(a) + 1)); INSERT INTO t VALUES (1), (2), (3);
    CREATE TABLE other (a); CREATE VIRTUAL TABLE f USING fts5(b, content=t); INSERT INTO f (f) VALUES ('rebuild')`)
  computed.times = 0
  return { database, computed }
}

it('computes generated columns once for each row', () => {
  const { database, computed } = withCounted()
  database.exec('DROP TABLE f')
  expect(readDatabase(database).tables.find(({ name }) => name === 't')?.columns).toHaveLength(3)
  expect(computed.times).toBeLessThanOrEqual(6)
})

it('looks at no other table than the one that is asked for', () => {
  const { database, computed } = withCounted()
  computed.times = 0
  expect(readTable(database, 'other')).toMatchObject({ name: 'other', kind: 'table', columns: [{ name: 'a' }] })
  expect(computed.times).toBe(0)
  for (const { name, kind, columns } of readDatabase(database).tables)
    expect(readTable(database, name)).toMatchObject({ name, kind, columns })
  expect(readTable(database, 'nowhere')).toBeUndefined()
})

it('counts no rows of views', () => {
  const database = new DatabaseSync(':memory:')
  database.exec('CREATE VIEW v AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n')
  expect(readTable(database, 'v')?.count()).toBeUndefined()
})

it.each([
  ['fts5', 'f', 'f USING fts5(a)'],
  ['fts5', 'f', '"f"USING"FTS5"(a)'],
  ['fts4', 'f', 'f -- USING fts5(\n USING/**/[fts4](a)'],
  ['fts5', 'x" USING fts4(a', '"x"" USING fts4(a" USING fts5(a)'],
  ['fts3', 'a b', "'a b' USING fts3"],
])('knows a table of %s by its statement: %s', (module, name, made) => {
  const database = new DatabaseSync(':memory:')
  database.exec(`CREATE VIRTUAL TABLE ${made}`)
  const table = readTable(database, name)
  expect(table).toMatchObject({ kind: 'virtual' })
  // only those of full-text tables have rowids that are given to them
  database.exec(`INSERT INTO "${name.replaceAll('"', '""')}" (rowid) VALUES (7)`)
  expect([...(table?.rows(() => {}) ?? [])].map(({ rowid }) => rowid)).toEqual([7n])
  expect(readDatabase(database).tables.filter(({ kind }) => kind === 'shadow').length, module).toBeGreaterThan(2)
})

it('reads the same again of a database whose full-text tables were read before', () => {
  const database = new DatabaseSync(':memory:')
  database.exec(`CREATE TABLE t (a); INSERT INTO t VALUES ('words'); CREATE VIRTUAL TABLE f USING fts5(a, content=t);
    INSERT INTO f (f) VALUES ('rebuild'); CREATE VIRTUAL TABLE own USING fts5(a); INSERT INTO own VALUES ('x');
    CREATE VIEW v AS SELECT rowid, a FROM t; CREATE VIRTUAL TABLE g USING fts5(a, content=v)`)
  const places = () =>
    ['f', 'own', 'g'].map((name) => {
      database.prepare(`SELECT * FROM ${name}`).all()
      return readTable(database, name)?.elsewhere
    })
  expect([places(), places()]).toEqual(Array(2).fill(['index', undefined, 'in parts']))
})
