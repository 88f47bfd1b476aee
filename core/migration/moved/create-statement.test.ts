import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runCreate } from './create-statement.ts'

let folder: string
let database: DatabaseSync
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hive-create-'))
  database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE own (a)')
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true, force: true })
})

const entries = () => database.prepare("SELECT name FROM sqlite_schema WHERE name <> 'own'").all()

it.for([
  ['table', 'CREATE TABLE t (a PRIMARY KEY, b UNIQUE, c CHECK (c > 0), d AS (a || b) STORED)'],
  ['table', 'CREATE TABLE t (a PRIMARY KEY, b UNIQUE) WITHOUT ROWID'],
  ['table', 'create table t (a integer primary key autoincrement, b default (random())) ;\n'],
  ['table', 'CREATE VIRTUAL TABLE t USING fts3(a); '],
  ['table', "CREATE VIRTUAL TABLE t USING fts4(a, content='own', languageid='lid')"],
  ['table', "CREATE VIRTUAL TABLE t USING fts5(a, content='own', prefix='2 3')"],
  ['table', 'CREATE VIRTUAL TABLE t USING rtree(id, minx, maxx, +text)'],
  ['table', 'CREATE VIRTUAL TABLE t USING geopoly(a)'],
  ['index', 'CREATE UNIQUE INDEX t ON own (lower(a)) WHERE a IS NOT NULL'],
  [
    'view',
    'CREATE VIEW t AS WITH RECURSIVE n AS (SELECT 1 AS i UNION SELECT i + 1 FROM n LIMIT 3) SELECT * FROM n, own',
  ],
  ['trigger', 'CREATE TRIGGER t AFTER INSERT ON own BEGIN DELETE FROM own; SELECT 1; END'],
] as const)('makes a %s: %s', ([type, sql]) => {
  runCreate(database, type, sql)
  expect(entries()).toContainEqual({ name: 't' })
})

const attached = "ATTACH 'FILE' AS e"

it.for([
  ['table', `CREATE TABLE t (a); ${attached}; CREATE TABLE e.t (a)`, 'more than one statement'],
  ['table', 'CREATE TABLE t (a); DROP TABLE own', 'more than one statement'],
  ['table', 'CREATE TABLE t (a)\0; DROP TABLE own', 'more than one statement'],
  ['trigger', `CREATE TRIGGER t DELETE ON own BEGIN SELECT 1; END; ${attached}`, 'more than one statement'],
  ['index', `CREATE INDEX t ON own (a); ${attached}`, 'more than one statement'],
  ['view', `CREATE VIEW t AS SELECT 1; VACUUM INTO 'FILE'`, 'more than one statement'],
  ['table', attached, 'makes no table'],
  ['table', "VACUUM INTO 'FILE'", 'makes no table'],
  ['table', 'PRAGMA journal_mode = WAL', 'makes no table'],
  ['table', 'EXPLAIN CREATE TABLE t (a)', 'makes no table'],
  ['table', '', 'makes no table'],
  ['pragma', 'CREATE TABLE t (a)', 'makes no pragma'],
  ['table', 'CREATE TABLE t AS SELECT * FROM own', 'not authorized'],
  ['table', "CREATE TABLE t AS SELECT load_extension('FILE')", 'not authorized'],
  ['table', 'CREATE TABLE temp.t (a)', 'not authorized'],
  ['table', 'CREATE TEMP TABLE t (a)', 'not authorized'],
  ['table', 'CREATE VIEW t AS SELECT 1', 'not authorized'],
  ['view', 'CREATE TABLE t (a)', 'not authorized'],
  ['index', 'CREATE TABLE t (a UNIQUE)', 'not authorized'],
  ['trigger', 'CREATE TEMP TRIGGER t DELETE ON own BEGIN SELECT 1; END', 'not authorized'],
  ['table', "CREATE TABLE t (a, b AS (load_extension('FILE')))", /not authorized|unsafe use|load_extension/],
  ['table', 'CREATE VIRTUAL TABLE temp.t USING fts5(a)', 'not authorized'],
  ['table', "CREATE VIRTUAL TABLE t USING csv(filename='FILE')", 'no such module'],
] as const)('makes nothing where an entry of a %s says %s', ([type, sql, why]) => {
  const file = join(folder, 'written.db')
  expect(() => runCreate(database, type, sql.replace('FILE', file))).toThrow(why)
  expect(existsSync(file)).toBe(false)
  expect(entries()).toEqual([])
  expect(database.prepare('SELECT name FROM sqlite_temp_schema').all()).toEqual([])
  database.exec('INSERT INTO own VALUES (1)')
})
