import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { it } from '../../../test/moving.ts'
import type { Description } from '../run/source-file.ts'
import { rebuildRun } from './rebuild-run.ts'

it.for([
  ['table', 'bad', 'CREATE TABLE bad (a); ATTACH'],
  ['view', 'v', 'CREATE VIEW v AS SELECT 1; ATTACH'],
  ['index', 'i', 'CREATE INDEX i ON bad (a); ATTACH'],
  ['trigger', 't', 'CREATE TRIGGER t DELETE ON bad BEGIN SELECT 1; END; ATTACH'],
] as const)('runs nothing that stands behind the statement of a %s', async ([_, name, sql], { moving }) => {
  const { client, folder, source, planOf, move } = moving
  const written = join(folder, 'written.db')
  const made = new DatabaseSync(join(source, 'a.db'), { defensive: false })
  made.exec(`CREATE TABLE good (a); INSERT INTO good VALUES (1); CREATE TABLE bad (a); INSERT INTO bad VALUES (2);
    CREATE VIEW v AS SELECT 1; CREATE INDEX i ON bad (a); CREATE TRIGGER t DELETE ON bad BEGIN SELECT 1; END;
    PRAGMA writable_schema = ON`)
  const hostile = `${sql} '${written}' AS e; CREATE TABLE e.written (a)`
  made.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?').run(hostile, name)
  made.close()
  const { run, state } = await move(source, await planOf(source))
  expect(state).toBe('complete')
  const [rebuilt] = await rebuildRun(client, run, join(folder, 'rebuilt'))
  expect(rebuilt?.faults[0]).toBe(`${name}: its SQL is more than one statement`)
  expect(rebuilt?.tables).toContainEqual({ name: 'good', rows: 1 })
  expect(existsSync(written)).toBe(false)
})

it('an entry that is none, or that SQLite did not take, is a fault of its own', async ({ moving }) => {
  const { client, folder, source, database, planOf, move } = moving
  const written = join(folder, 'written.db')
  for (const name of ['a.db', 'b.db', 'c.db'])
    database(`CREATE TABLE good (a); INSERT INTO good VALUES ('${name}')`, name)
  const { run } = await move(source, await planOf(source))
  const { rows } = await client.query("SELECT description FROM migration_files WHERE path = 'a.db'")
  const description = JSON.parse(rows[0].description) as Description
  const entries: unknown[] = [
    { type: 'table', name: null, table: null, sql: 'CREATE TABLE lost (a)' },
    { type: 'table', name: { 0: 98 }, table: 'b', sql: 'CREATE TABLE b (a)' },
    { type: 'table', name: 'number', table: 'number', sql: 5 },
    { type: 'table', name: 'refused', table: 'refused', sql: `ATTACH '${written}' AS e; CREATE TABLE e.written (a)` },
    { type: 'tabld', name: 'tabld', table: 'tabld', sql: 'CREATE TABLE tabld (a)' },
  ]
  const describe = async (path: string, text: string) => {
    await client.query('UPDATE migration_files SET description = $1 WHERE path = $2', [text, path])
  }
  await describe('a.db', JSON.stringify({ ...description, schema: [...entries, ...description.schema] }))
  await describe('b.db', JSON.stringify({ ...description, encoding: "'" }))
  expect(await rebuildRun(client, run, join(folder, 'rebuilt'))).toEqual([
    {
      path: 'a.db',
      tables: [{ name: 'good', rows: 1 }],
      faults: [
        'null: its entry in the schema is damaged',
        '[object Object]: its entry in the schema is damaged',
        'number: its entry in the schema is damaged',
        'refused: its entry in the schema is damaged',
        'tabld: its SQL makes no tabld',
      ],
    },
    { path: 'b.db', tables: [], faults: [expect.stringMatching(/^it cannot be made again: /)] },
    { path: 'c.db', tables: [{ name: 'good', rows: 1 }], faults: [] },
  ])
  expect(existsSync(written)).toBe(false)
})
