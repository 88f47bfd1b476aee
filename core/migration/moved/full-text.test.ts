import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { it } from '../../../test/moving.ts'
import { rebuildRun } from './rebuild-run.ts'
import { verifyRun } from './verify-run.ts'

type Case = {
  what: string
  made: string
  /** Gives the schema the name of what only its own program has. */
  named?: [here: string, elsewhere: string]
  /** What must be the same in the rebuilt file, once that name is taken back. */
  asked: string
  answer: object[]
  /** Rows that are moved of each table. */
  tables: Record<string, number>
}

const cases: Case[] = [
  {
    what: 'the language of each row',
    made: `CREATE VIRTUAL TABLE f USING fts4(a, languageid="lid"); INSERT INTO f (docid, a, lid) VALUES (3, 'words', 7)`,
    asked: "SELECT docid, a, lid FROM f WHERE f MATCH 'words' AND lid = 7",
    answer: [{ docid: 3, a: 'words', lid: 7 }],
    tables: { f: 1 },
  },
  {
    what: 'the locale of each value',
    made: "CREATE VIRTUAL TABLE f USING fts5(a, locale=1); INSERT INTO f VALUES (fts5_locale('de_DE', 'Straße')), ('plain')",
    asked: "SELECT a, fts5_get_locale(f, 0) AS l FROM f('Straße OR plain') ORDER BY rowid",
    answer: [
      { a: 'Straße', l: 'de_DE' },
      { a: 'plain', l: null },
    ],
    tables: { f_config: 1, f_content: 2, f_data: 3, f_docsize: 2, f_idx: 1 },
  },
  {
    what: 'how a table ranks what is found',
    made: `CREATE VIRTUAL TABLE f USING fts5(a, b); INSERT INTO f VALUES ('x', 'y z'), ('z', 'x');
      INSERT INTO f (f, rank) VALUES ('rank', 'bm25(0.0, 10.0)')`,
    asked: "SELECT a, rank < 0 AS counts FROM f('x') ORDER BY rowid",
    answer: [
      { a: 'x', counts: 0 },
      { a: 'z', counts: 1 },
    ],
    tables: { f: 2, f_config: 2 },
  },
  {
    what: 'a table of FTS5 whose tokenizer is not there',
    made: "CREATE VIRTUAL TABLE f USING fts5(a, tokenize='ascii'); INSERT INTO f (rowid, a) VALUES (7, 'some words')",
    named: ["'ascii'", "'simple'"],
    asked: "SELECT rowid, a FROM f('words')",
    answer: [{ rowid: 7, a: 'some words' }],
    tables: { f_config: 1, f_content: 1, f_data: 3, f_docsize: 1, f_idx: 1 },
  },
  {
    what: 'a table of FTS4 whose tokenizer is not there',
    made: "CREATE VIRTUAL TABLE f USING fts4(a, tokenize=porter); INSERT INTO f (docid, a) VALUES (7, 'some words')",
    named: ['tokenize=porter', 'tokenize=icu en_US'],
    asked: "SELECT docid, a FROM f WHERE f MATCH 'word'",
    answer: [{ docid: 7, a: 'some words' }],
    tables: { f_content: 1, f_docsize: 1, f_segdir: 1, f_segments: 0, f_stat: 1 },
  },
  {
    what: 'a table of FTS4 whose rows are compressed by functions that are not there',
    made: "CREATE VIRTUAL TABLE f USING fts4(a, compress=hex, uncompress=unhex); INSERT INTO f (docid, a) VALUES (7, 'words')",
    named: ['compress=hex, uncompress=unhex', 'compress=zip, uncompress=unzip'],
    asked: "SELECT docid, CAST(a AS TEXT) AS a FROM f WHERE f MATCH 'words'",
    answer: [{ docid: 7, a: 'words' }],
    tables: { f_content: 1, f_docsize: 1, f_segdir: 1, f_segments: 0, f_stat: 1 },
  },
  {
    what: 'an index of another table, whose rows are moved once',
    made: `CREATE TABLE answers (id INTEGER PRIMARY KEY, a); INSERT INTO answers VALUES (7, 'some words');
      CREATE VIRTUAL TABLE f USING fts5(a, content='answers', content_rowid=id); INSERT INTO f (rowid, a) VALUES (7, 'some words')`,
    asked: "SELECT rowid, a FROM f('words')",
    answer: [{ rowid: 7, a: 'some words' }],
    tables: { answers: 1 },
  },
  {
    what: 'an index of a table that is gone',
    made: `CREATE TABLE answers (id INTEGER PRIMARY KEY, a); INSERT INTO answers VALUES (7, 'some words');
      CREATE VIRTUAL TABLE f USING fts5(a, content="answers", content_rowid=id); INSERT INTO f (rowid, a) VALUES (7, 'some words');
      DROP TABLE answers`,
    asked: "SELECT rowid FROM f('words')",
    answer: [{ rowid: 7 }],
    tables: { f_config: 1, f_data: 3, f_docsize: 1, f_idx: 1 },
  },
  {
    what: 'an index of a view',
    made: `CREATE TABLE answers (id INTEGER PRIMARY KEY, a); INSERT INTO answers VALUES (7, 'some words');
      CREATE VIEW shown AS SELECT * FROM answers;
      CREATE VIRTUAL TABLE f USING fts5(a, content=shown, content_rowid=id); INSERT INTO f (rowid, a) VALUES (7, 'some words')`,
    asked: "SELECT rowid, a FROM f('words')",
    answer: [{ rowid: 7, a: 'some words' }],
    tables: { answers: 1, f_config: 1, f_data: 3, f_docsize: 1, f_idx: 1 },
  },
  {
    what: 'a table of FTS3, to which content is a column like others',
    made: `CREATE TABLE notes (a); INSERT INTO notes VALUES ('x');
      CREATE VIRTUAL TABLE f USING fts3(content=notes, body); INSERT INTO f VALUES ('own', 'words')`,
    asked: "SELECT body FROM f WHERE f MATCH 'words'",
    answer: [{ body: 'words' }],
    tables: { f: 1, notes: 1 },
  },
  {
    what: 'options that are called by their beginnings',
    made: `CREATE VIRTUAL TABLE f USING fts5(a, cont=''); INSERT INTO f (rowid, a) VALUES (7, 'words');
      CREATE VIRTUAL TABLE g USING fts5(a, loc=1); INSERT INTO g VALUES (fts5_locale('de', 'more'))`,
    asked: "SELECT f.rowid, g.a, fts5_get_locale(g, 0) AS l FROM f('words'), g('more')",
    answer: [{ rowid: 7, a: 'more', l: 'de' }],
    tables: {
      ...{ f_config: 1, f_data: 3, f_docsize: 1, f_idx: 1 },
      ...{ g_config: 1, g_content: 1, g_data: 3, g_docsize: 1, g_idx: 1 },
    },
  },
  {
    what: 'what only looks like an option',
    made: `CREATE TABLE t (a); INSERT INTO t VALUES ('not this');
      CREATE VIRTUAL TABLE f /* USING fts4( */ USING /*,*/ fts5(a, /* ,content='', */ b, tokenize="unicode61 separators ',content=t,locale=1,'");
      INSERT INTO f VALUES ('own words', 2)`,
    asked: "SELECT a, b FROM f('words')",
    answer: [{ a: 'own words', b: 2 }],
    tables: { f: 1, t: 1 },
  },
  {
    what: 'a table without content beside one without a name',
    made: `CREATE TABLE "" (a); INSERT INTO "" VALUES ('x'); CREATE VIRTUAL TABLE f USING fts5(a, content='');
      INSERT INTO f (rowid, a) VALUES (1, 'words')`,
    asked: "SELECT rowid FROM f('words')",
    answer: [{ rowid: 1 }],
    tables: { '': 1, f_config: 1, f_data: 3, f_docsize: 1, f_idx: 1 },
  },
  {
    what: 'columns without words of a table without content',
    made: `CREATE VIRTUAL TABLE f USING fts5(a, b UNINDEXED, content='', contentless_unindexed=1);
      INSERT INTO f (rowid, a, b) VALUES (7, 'words', 'beside')`,
    asked: "SELECT rowid, a, b FROM f('words')",
    answer: [{ rowid: 7, a: null, b: 'beside' }],
    tables: { f_config: 1, f_content: 1, f_data: 3, f_docsize: 1, f_idx: 1 },
  },
  {
    what: 'tables of which one is called like a part of the other',
    made: `CREATE TABLE t (a); INSERT INTO t VALUES ('words'); CREATE VIRTUAL TABLE f USING fts5(a, content='t');
      INSERT INTO f (f) VALUES ('rebuild'); CREATE VIRTUAL TABLE f_c USING fts5(x, content='');
      INSERT INTO f_c (rowid, x) VALUES (7, 'more')`,
    asked: "SELECT f.rowid, f_c.rowid AS c FROM f('words'), f_c('more')",
    answer: [{ rowid: 1, c: 7 }],
    tables: { f_c_config: 1, f_c_data: 3, f_c_docsize: 1, f_c_idx: 1, t: 1 },
  },
  {
    what: 'a table that is only called like one with the content of another',
    made: `CREATE TABLE t (a); INSERT INTO t VALUES ('words'); CREATE TABLE f_content (x); INSERT INTO f_content VALUES ('own');
      CREATE VIRTUAL TABLE f USING fts5(a, content='t'); INSERT INTO f (f) VALUES ('rebuild')`,
    asked: "SELECT f.a, x FROM f('words'), f_content",
    answer: [{ a: 'words', x: 'own' }],
    tables: { f_config: 1, f_content: 1, f_data: 3, f_docsize: 1, f_idx: 1, t: 1 },
  },
  {
    what: 'an index of some rows of another table',
    made: `CREATE TABLE t (a); INSERT INTO t VALUES ('secret words'), ('public words');
      CREATE VIRTUAL TABLE f USING fts5(a, content='t'); INSERT INTO f (rowid, a) VALUES (2, 'public words');
      CREATE VIRTUAL TABLE g USING fts4(content="t", a); INSERT INTO g (docid, a) VALUES (1, 'secret words')`,
    asked: "SELECT f.rowid, g.docid FROM f('words') AS f, g WHERE g MATCH 'words'",
    answer: [{ rowid: 2, docid: 1 }],
    tables: {
      ...{ f_config: 1, f_data: 3, f_docsize: 1, f_idx: 1 },
      ...{ g_docsize: 1, g_segdir: 1, g_segments: 0, g_stat: 1, t: 2 },
    },
  },
  {
    what: 'an index by FTS4 of another table',
    made: `CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (7, 'words'), (9, 'more');
      CREATE VIRTUAL TABLE f USING fts4(content=t, a); INSERT INTO f (f) VALUES ('rebuild')`,
    asked: "SELECT docid, a FROM f WHERE f MATCH 'words'",
    answer: [{ docid: 7, a: 'words' }],
    tables: { t: 2 },
  },
  {
    what: 'an index of a view that shows rows without end',
    made: `CREATE VIEW v AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS rowid, i AS a FROM n WHERE i < 0;
      CREATE VIRTUAL TABLE f USING fts5(a, cont=v); INSERT INTO f (rowid, a) VALUES (7, 'words');
      CREATE VIRTUAL TABLE g USING fts4(content=v, a); INSERT INTO g (docid, a) VALUES (7, 'words');
      CREATE VIRTUAL TABLE h USING fts5(a, content=f); INSERT INTO h (rowid, a) VALUES (7, 'words')`,
    asked: "SELECT rowid FROM f('words')",
    answer: [{ rowid: 7 }],
    tables: {
      ...{ f_config: 1, f_data: 3, f_docsize: 1, f_idx: 1, g_docsize: 1, g_segdir: 1, g_segments: 0, g_stat: 1 },
      ...{ h_config: 1, h_data: 3, h_docsize: 1, h_idx: 1 },
    },
  },
]

it.for(cases)('gives back $what', async ({ made, named, asked, answer, tables }, { moving }) => {
  const { client, folder, source, planOf, move } = moving
  const file = join(source, 'a.db')
  const database = new DatabaseSync(file, { defensive: false })
  database.exec(made)
  if (named) rename(database, ...named)
  database.close()
  const { run, state, tables: moved } = await move(source, await planOf(source))
  expect(state).toBe('complete')
  expect(Object.fromEntries(moved.map(({ table, rows }) => [table, rows]))).toEqual(tables)
  expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, differences: [] })
  expect(await rebuildRun(client, run, join(folder, 'rebuilt'))).toMatchObject([{ faults: [] }])
  const rebuilt = join(folder, 'rebuilt', 'a.db')
  expect(schemaOf(rebuilt)).toEqual(schemaOf(file))
  if (named) {
    const taken = new DatabaseSync(rebuilt, { defensive: false })
    rename(taken, named[1], named[0])
    taken.close()
  }
  const read = new DatabaseSync(rebuilt)
  expect(read.prepare(asked).all()).toEqual(answer.map((row) => Object.assign(Object.create(null), row)))
  read.close()
})

it('warns of a table that cannot be used here', async ({ moving: { source, planOf } }) => {
  const database = new DatabaseSync(join(source, 'a.db'), { defensive: false })
  database.exec("CREATE VIRTUAL TABLE f USING fts4(a, tokenize=porter); INSERT INTO f VALUES ('x')")
  rename(database, 'porter', 'icu')
  database.close()
  const { analyzeFolder } = await import('../analyze/analyze-folder.ts')
  const { readFolder } = await import('../analyze/reading/read-folder.ts')
  expect((await analyzeFolder(source, readFolder(source))).files[0]?.warnings).toEqual([
    'its table f cannot be used here (unknown tokenizer: icu): the tables that it keeps its rows in are moved',
  ])
  const targets = (await planOf(source)).files[0]?.tables.map(({ name, target }) => [name, target])
  expect(targets).toContainEqual(['f', 'skip'])
  expect(targets).toContainEqual(['f_content', 'legacy'])
})

it('evaluates no view in the place of a table that a full-text table reads', { timeout: 20_000 }, async ({
  moving,
}) => {
  const { source, planOf, move } = moving
  const database = new DatabaseSync(join(source, 'a.db'), { defensive: false })
  const endless = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT'
  database.exec(`CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('x');
    CREATE VIRTUAL TABLE g USING fts5(a); INSERT INTO g VALUES ('y'); CREATE VIRTUAL TABLE h USING fts4(a);
    DROP TABLE f_config; CREATE VIEW f_config AS ${endless} i AS k, i AS v FROM n WHERE i < 0;
    DROP TABLE g_content; CREATE VIEW g_content AS ${endless} i AS id, i AS c0 FROM n WHERE i < 0;
    DROP TABLE h_content; CREATE VIEW h_content AS SELECT x FROM nowhere`)
  database.close()
  const { state, tables } = await move(source, await planOf(source))
  expect(state).toBe('complete')
  expect(tables).toContainEqual(expect.objectContaining({ table: 'f_content', rows: 1 }))
  expect(tables).toContainEqual(expect.objectContaining({ table: 't', rows: 1 }))
})

function rename(database: DatabaseSync, from: string, to: string): void {
  database.exec('PRAGMA writable_schema = ON')
  database.prepare("UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = 'f'").run(from, to)
}

function schemaOf(file: string) {
  const database = new DatabaseSync(file)
  const schema = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all()
  database.close()
  return schema
}
