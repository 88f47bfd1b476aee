import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { analyzeFolder } from '../analyze-folder.ts'
import { findLeftOut } from './find-files.ts'
import { readFolder } from './read-folder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hive-beside-'))
  const made = folder
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
})
const at = (name: string) => join(folder, name)

function database(name: string, sql = 'CREATE TABLE t (a); INSERT INTO t VALUES (1)'): void {
  const made = new DatabaseSync(at(name))
  made.exec(sql)
  made.close()
}

/** A database, a transaction of which is still open, as it lies there with what is beside it. */
function interrupted(beside: '-wal' | '-journal', begun: string, open = 'SELECT 1'): void {
  mkdirSync(at('elsewhere'))
  const live = new DatabaseSync(at('elsewhere/a.db'))
  live.exec(begun)
  live.exec(open)
  for (const suffix of ['', beside]) copyFileSync(at(`elsewhere/a.db${suffix}`), at(`a.db${suffix}`))
  live.close()
  rmSync(at('elsewhere'), { recursive: true })
}
const logged = `PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)`

async function analysed() {
  const { files, left_out } = await analyzeFolder(folder, readFolder(folder))
  return {
    left_out,
    files: files.map(({ path, state, detail, warnings, tables }) => ({
      path,
      state,
      detail,
      warnings,
      rows: tables[0]?.rows,
    })),
  }
}

describe('a -wal', () => {
  const inLog = (change: (log: Buffer) => Buffer) => writeFileSync(at('a.db-wal'), change(readFileSync(at('a.db-wal'))))
  const cut = (bytes: number) => (log: Buffer) => log.subarray(0, bytes)
  const damaged = (place: number) => (log: Buffer) => {
    log.writeUInt8(log.readUInt8(log.length + place) ^ 1, log.length + place)
    return log
  }

  it.each<[what: string, change: (log: Buffer) => Buffer, warning: RegExp, rows: number | undefined]>([
    ['of something else', () => Buffer.from('x'.repeat(40_000)), /is no log of SQLite/, undefined],
    ['that ends within its head', cut(20), /is no log of SQLite/, undefined],
    ['that ends within a frame', (log) => cut(log.length - 100)(log), /ends within its frame 4/, 1],
    ['with a damaged page', damaged(-1), /is damaged in its frame 4/, 1],
  ])('%s is warned about', async (_, change, warning, rows) => {
    interrupted('-wal', logged)
    inLog(change)
    expect((await analysed()).files).toMatchObject([
      { state: 'readable', warnings: [expect.stringMatching(warning)], rows },
    ])
  })

  it('with a transaction that was not committed, or with frames of an earlier turn, is as it should be', async () => {
    interrupted('-wal', logged, 'PRAGMA cache_size = 1; BEGIN; INSERT INTO t SELECT zeroblob(9000) FROM t, t, t, t, t')
    expect((await analysed()).files).toMatchObject([{ warnings: [], rows: 2 }])
    interrupted('-wal', `${logged}; PRAGMA wal_checkpoint(RESTART); INSERT INTO t VALUES (3)`)
    expect((await analysed()).files).toMatchObject([{ warnings: [], rows: 3 }])
  })

  it('without its database is told', async () => {
    interrupted('-wal', logged)
    writeFileSync(at('a.db'), '')
    writeFileSync(at('b.db-wal'), readFileSync(at('a.db-wal')))
    expect(await analysed()).toMatchObject({
      files: [{ state: 'empty', warnings: [expect.stringContaining('of no use without the database')] }],
      left_out: [{ path: 'b.db-wal', why: 'the database that it belongs to is not beside it' }],
    })
  })
})

it('a -journal of a transaction that did not end is told, and what it has is put back', async () => {
  const begun = "CREATE TABLE t (a); INSERT INTO t SELECT 'before' FROM json_each('[1, 2, 3]')"
  interrupted('-journal', begun, 'PRAGMA cache_size = 1; BEGIN; UPDATE t SET a = zeroblob(20000)')
  database('b.db')
  writeFileSync(at('b.db-journal'), Buffer.alloc(512))
  expect((await analysed()).files).toMatchObject([
    { warnings: [expect.stringContaining('is put back')], rows: 3 },
    { warnings: [], rows: 1 },
  ])
})

it('what is no database of SQLite is called what it is', async () => {
  const random = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 167 + (i >> 8) * 89) & 255))
  const beginning = (start: string) => Buffer.concat([Buffer.from(start, 'latin1'), random])
  const made = (change: (header: Buffer) => void) => {
    database('x.db')
    const bytes = readFileSync(at('x.db'))
    rmSync(at('x.db'))
    change(bytes)
    return bytes
  }
  const files: [Buffer, state: string, detail: RegExp][] = [
    [beginning('\x1f\x8b\x08\0'), 'not SQLite', /gzip/],
    [beginning('PK\x03\x04'), 'not SQLite', /ZIP/],
    [Buffer.from('version https://git-lfs.github.com/spec/v1\n'), 'not SQLite', /Git LFS/],
    [beginning('\x37\x7f\x06\x82'), 'not SQLite', /-wal of a database/],
    [beginning('12345678DUCK'), 'not SQLite', /DuckDB/],
    [random, 'encrypted', /needs a key/],
    [made((bytes) => bytes.fill(3, 18, 20)), 'unreadable', /version 3/],
    [made((bytes) => bytes.writeUInt16BE(1000, 16)), 'malformed', /pages of 1000 bytes/],
    [made((bytes) => bytes.fill(9, 21, 24)), 'malformed', /begins like a database/],
  ]
  for (const [index, [bytes]] of files.entries()) writeFileSync(at(`${index}.db`), bytes)
  expect((await analysed()).files.map(({ state, detail }) => [state, detail])).toEqual(
    files.map(([, state, detail]) => [state, expect.stringMatching(detail)]),
  )
})

it('what seems to be a database and is passed over is told, and of two with one content the second', async () => {
  database('a.db')
  mkdirSync(at('c.db'))
  for (const name of ['b.bak', 'c.db/a.sqlite3']) copyFileSync(at('a.db'), at(name))
  writeFileSync(at('readme.txt'), 'SQLite format 3, it says here')
  database('d.db', 'CREATE TABLE t (a); INSERT INTO t VALUES (2)')
  expect(await analysed()).toMatchObject({
    files: [
      { path: 'a.db', warnings: [] },
      { path: 'c.db/a.sqlite3', warnings: [expect.stringContaining('it has the content of a.db')] },
      { path: 'd.db', warnings: [] },
    ],
    left_out: [
      { path: 'b.bak', why: expect.stringContaining('not called like one') },
      { path: 'c.db', why: expect.stringContaining('a folder') },
    ],
  })
})

it('a name that is not UTF-8 is told, of a file or of a folder, and hides nothing else', async () => {
  const named = (...parts: (string | number)[]) =>
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))))
  database('a.db')
  copyFileSync(at('a.db'), named(at('caf'), 0xe9, '.db'))
  copyFileSync(at('a.db'), named(at('caf'), 0xe9, '.txt'))
  mkdirSync(named(at('d'), 0xff))
  copyFileSync(at('a.db'), named(at('d'), 0xff, '/b.db'))
  const { files, left_out } = await analysed()
  expect(files.map(({ path }) => path)).toEqual(['a.db'])
  expect(left_out).toEqual([
    { path: 'caf\ufffd.db', why: 'its name is not UTF-8: rename it' },
    { path: 'd\ufffd', why: 'its name is not UTF-8: rename it' },
  ])
})

it('a folder that cannot be listed is told with the reason, and hides nothing else', async () => {
  database('a.db')
  // its path becomes longer than the system takes, whoever asks
  const name = 'x'.repeat(250)
  const folders = Array.from({ length: 17 }, () => name)
  const within = process.cwd()
  try {
    process.chdir(at(''))
    for (const folder of folders) {
      mkdirSync(folder)
      process.chdir(folder)
    }
  } finally {
    process.chdir(within)
  }
  const { files, left_out } = await analysed()
  expect(files.map(({ path }) => path)).toEqual(['a.db'])
  expect(left_out).toEqual([
    { path: expect.stringMatching(/^x/), why: expect.stringMatching(/cannot be listed: ENAMETOOLONG/) },
  ])
})

it('tells of how many other files it did not look into', async () => {
  for (const name of ['a.txt', 'b.txt', 'c.txt']) writeFileSync(at(name), 'no database')
  expect(await findLeftOut(at(''), 3)).toEqual([])
  expect(await findLeftOut(at(''), 2)).toEqual([
    { path: '.', why: expect.stringMatching(/2 were looked into, and 1 more/) },
  ])
})
