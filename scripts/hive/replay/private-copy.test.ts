import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, vi } from 'vitest'
import { openPrivateCopy } from './private-copy.ts'
import { checkColumns, chooseTables, countRows, listTables, readRows } from './read-rows.ts'
import { type ReplayTable, replayTables } from './tables.ts'

const data = join(import.meta.dirname, '..', '..', '..', 'test', 'data', 'replay')
const sessionLogs = replayTables.find(({ name }) => name === 'session_logs') as ReplayTable
const agentMessages = replayTables.find(({ name }) => name === 'agent_messages') as ReplayTable

const newFolder = () => mkdtempSync(join(tmpdir(), 'hive-source-'))

function fileWith(...statements: string[]): string {
  const file = join(newFolder(), 'made.db')
  const database = new DatabaseSync(file)
  for (const statement of statements) database.exec(statement)
  database.close()
  return file
}

const hashes = (folder: string) =>
  readdirSync(folder).map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex'),
  ])

describe('openPrivateCopy', () => {
  it('sees the rows that are only in the -wal, and leaves the files as they are', async () => {
    const before = hashes(data)
    const copy = await openPrivateCopy(join(data, 'claudeflow-omninode-hive.db'))
    expect(countRows(copy.database, sessionLogs)).toBe(8)
    expect(copy.warnings).toEqual([])
    await copy.close()
    expect(hashes(data)).toEqual(before)
  })

  it('warns when a database in WAL mode has lost its -wal', async () => {
    const file = join(newFolder(), 'hive.db')
    copyFileSync(join(data, 'claudeflow-omninode-hive.db'), file)
    const copy = await openPrivateCopy(file)
    expect(countRows(copy.database, sessionLogs)).toBe(1)
    expect(copy.warnings).toEqual([expect.stringContaining('hive.db-wal')])
    await copy.close()
  })

  it('reads a database that its owner still has open', async () => {
    const file = join(newFolder(), 'live.db')
    using owner = new DatabaseSync(file)
    owner.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')
    const copy = await openPrivateCopy(file)
    expect(copy.database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 2 })
    await copy.close()
  })

  it('leaves nothing behind', async () => {
    const temporary = newFolder()
    vi.stubEnv('TMPDIR', temporary)
    await (await openPrivateCopy(join(data, 'agent_conversations.db'))).close()
    await openPrivateCopy(join(data, 'ATTRIBUTION.md')).catch(() => undefined)
    vi.unstubAllEnvs()
    expect(readdirSync(temporary)).toEqual([])
  })

  it.each([
    ['that is not there', () => join(newFolder(), 'nothing.db'), 'no such file'],
    ['that is a folder', () => newFolder(), 'not a file'],
    ['of 0 bytes', () => textFile(''), 'empty (0 bytes)'],
    ['of other content', () => textFile('id,name\n1,planner\n'), 'not a SQLite file'],
    ['that was cut off', () => cutOff(50), 'cannot be read'],
  ])('names a file %s', async (_what, make, said) => {
    await expect(openPrivateCopy(make())).rejects.toThrow(said)
  })
})

function textFile(text: string): string {
  const file = join(newFolder(), 'source.db')
  writeFileSync(file, text)
  return file
}

function cutOff(bytes: number): string {
  const file = join(newFolder(), 'cut.db')
  copyFileSync(join(data, 'agent_conversations.db'), file)
  truncateSync(file, bytes)
  return file
}

describe('the tables of a file', () => {
  it('are read where they are known, and named where they are not', async () => {
    const copy = await openPrivateCopy(join(data, 'claudeflow-omninode-hive.db'))
    const { known, others } = chooseTables(copy.database, undefined)
    expect(known).toEqual([sessionLogs])
    expect(others).toContain('collective_memory')
    expect(() => chooseTables(copy.database, 'agent_messages')).toThrow(
      'there is no table agent_messages in it: it has agents',
    )
    await copy.close()
  })

  it('do not include views, which could run anything', async () => {
    const copy = await openPrivateCopy(fileWith('CREATE TABLE t (a)', 'CREATE VIEW session_logs AS SELECT * FROM t'))
    expect(listTables(copy.database)).toEqual(['t'])
    expect(() => chooseTables(copy.database, undefined)).toThrow('agent_messages or session_logs in it: it has t')
    await copy.close()
  })

  it('are refused when another program gave a table the same name', async () => {
    const copy = await openPrivateCopy(fileWith('CREATE TABLE agent_messages (id, agent_id, role, content, timestamp)'))
    expect(() => checkColumns(copy.database, agentMessages)).toThrow('it has no column from_agent, to_agent, message')
    await copy.close()
  })
})

it('reads every kind of value without losing any of it', async () => {
  const file = fileWith(
    'CREATE TABLE session_logs (id INTEGER PRIMARY KEY, session_id, timestamp, log_level, message, agent_id, data)',
    `INSERT INTO session_logs VALUES (9223372036854775807, 's', 1e300, 9007199254740993, CAST(x'ff61' AS TEXT), x'00ff', 'a' || char(65533))`,
  )
  const copy = await openPrivateCopy(file)
  const rows = [...readRows(copy.database, sessionLogs, 'made.db')]
  expect(rows.map(({ rowid }) => rowid)).toEqual([9223372036854775807n])
  expect(rows[0]?.values).toEqual({
    session_id: 's',
    timestamp: 1e300,
    log_level: 9007199254740993n,
    message: new Uint8Array([0xff, 0x61]),
    agent_id: new Uint8Array([0x00, 0xff]),
    data: 'a\ufffd',
  })
  await copy.close()
})
