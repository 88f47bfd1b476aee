import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { it } from '../../../test/moving.ts'
import { openPrivateCopy } from '../analyze/reading/private-copy.ts'
import { makeSnapshot } from '../cloud/snapshot.ts'
import { rebuildRun } from '../moved/rebuild-run.ts'
import { verifyRun } from '../moved/verify-run.ts'

const damagedTo = (type: string, name: string, table: string, sql: string) =>
  `UPDATE sqlite_schema SET type = '${type}', name = '${name}', tbl_name = '${table}', sql = ${sql} WHERE name = 'bad'`

/** SQLite makes text of every SQL that it stores: says that 8 characters of it are a number of 8 bytes, larger than 2 ** 53. */
function writeNumber(file: string): void {
  const bytes = readFileSync(file)
  bytes[bytes.lastIndexOf('tablebadbad') - 1] = 6
  writeFileSync(file, bytes)
}

const good = { name: 'good', target: 'legacy' } as const

it.for([
  ['does not parse', "sql = 'CREATE TABLE bad (a nonsense ((('", 'its entry in the schema is damaged'],
  ['leads nowhere', 'rootpage = 999', expect.stringContaining('malformed')],
] as const)(
  'moves the other tables of a file with a schema of which an entry %s',
  async ([_, damage, fault], { moving }) => {
    const { client, folder, source, planOf, move } = moving
    const database = new DatabaseSync(join(source, 'a.db'), { defensive: false })
    database.exec(`CREATE TABLE good (a); INSERT INTO good VALUES (1), ('x'); CREATE TABLE bad (a); INSERT INTO bad VALUES (2);
    CREATE INDEX i ON bad (a); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET ${damage} WHERE name = 'bad'`)
    database.close()
    const suggested = await planOf(source)
    const { run, state, tables } = await move(source, suggested)
    expect({ state, tables }).toMatchObject({
      state: 'failed',
      tables: [
        { table: 'bad', state: 'failed', rows: 0, fault },
        { table: 'good', state: 'done', legacy: 2 },
      ],
    })
    expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, rows: { source: 2, moved: 2 } })
    const [rebuilt] = await rebuildRun(client, run, join(folder, 'rebuilt'))
    expect(rebuilt?.tables).toContainEqual({ name: 'good', rows: 2 })
    expect(rebuilt?.faults).toContainEqual(expect.stringMatching(/^bad: it was not moved as a whole/))
  },
)

it.for<[what: string, damage: string]>([
  ['has no type that there is', "UPDATE sqlite_schema SET type = 'tabld' WHERE name = 'bad'"],
  ['has the type of an index', "UPDATE sqlite_schema SET type = 'index' WHERE name = 'bad'"],
  ['is of a view and has a page', "UPDATE sqlite_schema SET type = 'view' WHERE name = 'bad'"],
  ['is of a trigger and has a page', "UPDATE sqlite_schema SET type = 'trigger' WHERE name = 'bad'"],
  ['is of an index that there is already', damagedTo('index', 'sqlite_autoindex_good_1', 'good', 'NULL')],
  [
    'is of a virtual table and has a page',
    damagedTo('table', 'bad', 'bad', "'CREATE VIRTUAL TABLE bad USING fts5(a)'"),
  ],
  ['leads to the rows of another', "UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'bad'"],
  ['is of a view and says it is a table', "UPDATE sqlite_schema SET type = 'view', rootpage = 0 WHERE name = 'bad'"],
  ['has no name', "UPDATE sqlite_schema SET name = NULL WHERE name = 'bad'"],
  ['has bytes for a name', "UPDATE sqlite_schema SET name = x'6200' WHERE name = 'bad'"],
  ['has a NUL in its name', "UPDATE sqlite_schema SET name = CAST(x'62006164' AS TEXT) WHERE name = 'bad'"],
  ['has the name of another', damagedTo('table', 'good', 'good', "'CREATE TABLE good (a)'")],
  ['has the name of another in its letters', damagedTo('table', 'GOOD', 'good', "'CREATE TABLE bad ('")],
  ['has a number for its SQL', "UPDATE sqlite_schema SET sql = 'aaaaaaaa' WHERE name = 'bad'"],
  ['is of an index that is none', "UPDATE sqlite_schema SET sql = 'a' WHERE name = 'i'"],
  [
    'is of the counters',
    "UPDATE sqlite_schema SET sql = 'CREATE TABLE sqlite_sequence(' WHERE name = 'sqlite_sequence'",
  ],
])(
  'refuses a file whose rows may be lost by an entry that %s, and moves the others',
  async ([_, damage], { moving }) => {
    const { folder, source, database, planOf, move } = moving
    const file = join(source, 'a.db')
    const damaged = new DatabaseSync(file, { defensive: false })
    damaged.exec(`CREATE TABLE good (a UNIQUE, b INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO good VALUES (1, 7);
    CREATE INDEX i ON good (a); CREATE TABLE bad (a); INSERT INTO bad VALUES (2); PRAGMA writable_schema = ON; ${damage}`)
    damaged.close()
    if (damage.includes('aaaaaaaa')) writeNumber(file)
    database('CREATE TABLE good (a); INSERT INTO good VALUES (1)', 'b.db')
    const copy = await openPrivateCopy(file)
    await copy.close()
    expect(copy).toMatchObject({ fault: { state: 'malformed' } })
    const uploaded = join(folder, 'uploaded.db')
    copyFileSync(file, uploaded)
    expect(await makeSnapshot(uploaded, 1_000)).toMatchObject({ state: 'malformed' })
    expect((await planOf(source)).files[0]?.unreadable).toMatch(/^malformed: /)
    const files = ['a.db', 'b.db'].map((path) => ({ path, tables: [good] }))
    expect(await move(source, { version: 1, zone: 'UTC', files })).toMatchObject({
      state: 'failed',
      fault: expect.stringContaining('a.db: malformed'),
      tables: [{ file: 'b.db', state: 'done', rows: 1 }],
    })
  },
)

it('tells an entry from its table by no more than SQLite does', async ({ moving }) => {
  const { source, planOf, move } = moving
  const database = new DatabaseSync(join(source, 'a.db'), { defensive: false })
  database.exec(`CREATE TABLE b (a); INSERT INTO b VALUES (1); CREATE TABLE É (a); CREATE TABLE é (a); INSERT INTO é VALUES (2);
    CREATE TRIGGER b DELETE ON b BEGIN SELECT 1; END;
    PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 'B' WHERE name = 'b' AND type = 'table'`)
  database.close()
  const { state, tables } = await move(source, await planOf(source))
  expect(state).toBe('complete')
  expect(tables.map(({ table, rows }) => [table, rows])).toEqual([
    ['b', 1],
    ['É', 0],
    ['é', 1],
  ])
})

it('a table whose entry is damaged may be skipped, and nothing of the copy is written', async ({ moving }) => {
  const { source, move } = moving
  const file = join(source, 'a.db')
  const database = new DatabaseSync(file, { defensive: false })
  database.exec(`CREATE TABLE good (a); INSERT INTO good VALUES (1); CREATE TABLE bad (a);
    PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE bad (' WHERE name = 'bad'`)
  database.close()
  const files = [{ path: 'a.db', tables: [good, { name: 'bad', target: 'skip' as const, because: 'damaged' }] }]
  expect(await move(source, { version: 1, zone: 'UTC', files })).toMatchObject({ state: 'complete' })
  const copy = await openPrivateCopy(file)
  if ('fault' in copy) throw new Error(copy.fault.detail)
  copy.database.exec('PRAGMA query_only = OFF')
  expect(() => copy.database.exec('DELETE FROM sqlite_schema')).toThrow('may not be modified')
  await copy.close()
})
