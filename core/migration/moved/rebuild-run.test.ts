import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { it } from '../../../test/moving.ts'
import { exactDump } from './exact-dump.ts'
import { rebuildRun } from './rebuild-run.ts'
import { verifyRun } from './verify-run.ts'

it.for<[what: string, sql: string]>([
  ['a table that is called like one of a full-text table', 'CREATE TABLE f_own (a); INSERT INTO f_own VALUES (1)'],
  ['an index on a table of a full-text table', 'CREATE INDEX i ON f_content (c0)'],
  ['the rowids of a full-text table', "INSERT INTO f (rowid, a) VALUES (-7, 'x'), (9223372036854775807, 'y')"],
  ['a table that shows the words of a full-text table', 'CREATE VIRTUAL TABLE words USING fts5vocab(f, row)'],
  [
    'the words of full-text tables without content',
    `CREATE VIRTUAL TABLE five USING fts5(a, b UNINDEXED, content='', contentless_delete=1);
     INSERT INTO five (rowid, a, b) VALUES (3, 'some words', 'x'), (9, 'more words', NULL);
     CREATE VIRTUAL TABLE four USING fts4(content='', a); INSERT INTO four (docid, a) VALUES (7, 'old words')`,
  ],
  ['a trigger that is called like its table', 'CREATE TABLE t (a); CREATE TRIGGER t DELETE ON t BEGIN SELECT 1; END'],
  ['text in double quotes', 'CREATE TABLE t (a, b AS (coalesce(a, "text"))); INSERT INTO t (a) VALUES (NULL)'],
  ['counters of tables that are gone', 'CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT); DROP TABLE t'],
  [
    'the encoding of a file with nothing but a row',
    "PRAGMA encoding = 'UTF-16be'; CREATE TABLE t (a); INSERT INTO t VALUES (1)",
  ],
  ['names of pragmas', 'CREATE TABLE pragma_foreign_key_list (a); CREATE TABLE pragma_table_list (b REFERENCES t)'],
  [
    'what UTF-16 has and UTF-8 has not',
    "PRAGMA encoding = 'UTF-16be'; CREATE TABLE t (a); INSERT INTO t VALUES (CAST(x'fffe0041' AS TEXT)), (CAST(x'd8000041' AS TEXT))",
  ],
])('gives back %s', async ([_, sql], { moving: { client, folder, source, planOf, move } }) => {
  const database = new DatabaseSync(join(source, 'a.db'), { enableDoubleQuotedStringLiterals: true })
  if (!sql.startsWith('PRAGMA'))
    database.exec("CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('some words')")
  database.exec(sql)
  database.close()
  const before = exactDump(join(source, 'a.db'))
  const { run, state } = await move(source, await planOf(source))
  expect(state).toBe('complete')
  expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, differences: [] })
  expect(await rebuildRun(client, run, join(folder, 'rebuilt'))).toMatchObject([{ faults: [] }])
  expect(exactDump(join(folder, 'rebuilt', 'a.db'))).toEqual(before)
  if (!sql.includes('five')) return
  const rebuilt = new DatabaseSync(join(folder, 'rebuilt', 'a.db'))
  expect(rebuilt.prepare("SELECT rowid FROM five('words')").all()).toMatchObject([{ rowid: 3 }, { rowid: 9 }])
  expect(rebuilt.prepare("SELECT docid FROM four WHERE four MATCH 'old'").all()).toMatchObject([{ docid: 7 }])
  rebuilt.close()
})

it('gives back rows of tables that ask for functions and collations which only their own program has', async ({
  moving: { client, folder, source, planOf, move },
}) => {
  const database = new DatabaseSync(join(source, 'a.db'), { defensive: false })
  database.function('regexp', { varargs: true }, () => 1)
  // the collation is named afterwards: nobody makes a table whose collation is not there
  database.exec(`CREATE TABLE checked (a CHECK (a REGEXP '.')); INSERT INTO checked VALUES ('x');
    CREATE TABLE sorted (a TEXT COLLATE NOCASE, b); CREATE TABLE keyed (a TEXT COLLATE NOCASE UNIQUE)`)
  database.exec(`INSERT INTO sorted VALUES ('y', 1); INSERT INTO keyed VALUES ('é'), ('z'); CREATE INDEX i ON sorted (a);
    PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'NOCASE', '"LOCALIZED"')`)
  database.close()
  const { run, state } = await move(source, await planOf(source))
  expect(state).toBe('complete')
  expect(await rebuildRun(client, run, join(folder, 'rebuilt'))).toMatchObject([
    {
      tables: ['checked', 'keyed', 'sorted'].map((name) => ({ name, rows: name === 'keyed' ? 2 : 1 })),
      faults: [
        'i: it is on sorted, and there is no collation LOCALIZED here',
        'keyed: there is no collation LOCALIZED here: its keys are in the order of bytes until a REINDEX',
      ],
    },
  ])
  const [before, after] = [join(source, 'a.db'), join(folder, 'rebuilt', 'a.db')].map((file) => {
    const read = new DatabaseSync(file)
    const tables = read.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
    const rows = tables.map(({ name }) => read.prepare(`SELECT rowid, * FROM ${name} ORDER BY rowid`).all())
    read.close()
    return { tables, rows }
  })
  expect(after).toEqual(before)
})
