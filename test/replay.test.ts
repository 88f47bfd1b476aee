import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Received } from '../core/bus/receive.ts'
import { HiveClient } from '../scripts/hive/client.ts'
import type { FileReport } from '../scripts/hive/replay/replay-file.ts'
import type { Cloud } from '../scripts/local/cloud.ts'
import { command } from './command.ts'
import { testCloud } from './test-cloud.ts'

let cloud: Cloud
beforeAll(async () => {
  cloud = await testCloud()
})
afterAll(() => cloud?.stop())

const data = join(import.meta.dirname, 'data', 'replay')
const newFolder = () => mkdtempSync(join(tmpdir(), 'hive-replay-source-'))

/** claude-flow's database with its -wal, under a name of its own: message ids come from the name. */
function hiveMind(name: string): string {
  const file = join(newFolder(), name)
  for (const suffix of ['', '-wal']) copyFileSync(join(data, `claudeflow-omninode-hive.db${suffix}`), file + suffix)
  return file
}

/** The Python hive's database, with so many rows: its own has none. */
function conversations(name: string, rows: number): string {
  const file = join(newFolder(), name)
  copyFileSync(join(data, 'agent_conversations.db'), file)
  addRows(file, 0, rows)
  return file
}

function addRows(file: string, first: number, last: number): void {
  using database = new DatabaseSync(file)
  const insert = database.prepare(
    'INSERT INTO agent_messages (timestamp, from_agent, to_agent, message, message_type, thread_id) VALUES (?, ?, ?, ?, ?, ?)',
  )
  for (let row = first; row < last; row++) {
    insert.run(
      `2025-07-17T14:${String(row % 60).padStart(2, '0')}:01.123456`,
      row % 4 === 0 ? 'Project Orchestrator' : 'quality agent/1',
      `agent-${row % 3}`,
      `message ${row}: «grün»`,
      ['normal', 'help_request', 'urgent'][row % 3] ?? null,
      row % 5 === 0 ? null : `thread-${row % 7}`,
    )
  }
}

async function replay(...args: string[]) {
  const run = await command(cloud, ['replay', '--json', ...args])
  return { ...run, files: run.json<{ files: FileReport[] }>().files }
}

const hashes = (file: string) =>
  readdirSync(join(file, '..')).map((name) =>
    createHash('sha256')
      .update(readFileSync(join(file, '..', name)))
      .digest('hex'),
  )

type Message = Received['messages'][number]['message']

/** Receives and acknowledges all that waits for an agent. */
async function receiveAll(agent: string): Promise<Message[]> {
  const client = new HiveClient(cloud.url, cloud.adminKey)
  const messages: Message[] = []
  for (;;) {
    const received = await client.receive(agent, { max: 100 })
    if (received.messages.length === 0) return messages
    await client.settle(agent, { acks: received.messages.map(({ receipt }) => receipt) })
    messages.push(...received.messages.map(({ message }) => message))
  }
}

/** The rows of a table by their rowid, read by this test on its own. */
function rowsOf(file: string, table: string): Map<string, Record<string, unknown>> {
  // a private copy too: opening a database with a -wal writes to it
  const copy = join(newFolder(), 'read.db')
  for (const name of readdirSync(join(file, '..')))
    copyFileSync(join(file, '..', name), name.endsWith('-wal') ? `${copy}-wal` : copy)
  using database = new DatabaseSync(copy)
  return new Map(
    database
      .prepare(`SELECT rowid, * FROM ${table}`)
      .all()
      .map((row) => [String(row.id), row]),
  )
}

const origin = (message: Message) => message.metadata?.replayed_from as { rowid: string; from_agent?: string }

it('publishes every row in the oldest shape; each is received, acknowledged and found again in the records', async () => {
  const [sessions, talks] = [hiveMind('every-row-hive.db'), conversations('every-row-talks.db', 130)]
  const before = [...hashes(sessions), ...hashes(talks)]
  const run = await replay(sessions, talks)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.files).toMatchObject([
    { complete: true, tables: [{ table: 'session_logs', rows: 8, published: 8, duplicates: 0, rejected: 0 }] },
    { complete: true, tables: [{ table: 'agent_messages', rows: 130, published: 130, duplicates: 0, rejected: 0 }] },
  ])
  expect([...hashes(sessions), ...hashes(talks)]).toEqual(before)

  const logs = await receiveAll('session-1758287419290-kk2alk0pb')
  const sources = rowsOf(sessions, 'session_logs')
  expect(logs.map((message) => origin(message).rowid).toSorted()).toEqual([...sources.keys()].toSorted())
  for (const message of logs) {
    const row = sources.get(origin(message).rowid)
    expect(message.body).toEqual({
      message: row?.message,
      log_level: row?.log_level,
      data: JSON.parse(String(row?.data)),
    })
    expect(message.from_agent).toBe(row?.agent_id ?? 'hive-mind')
    expect(message.timestamp).toBe(`${String(row?.timestamp).replace(' ', 'T')}Z`)
  }

  const talk = (await Promise.all(['agent-0', 'agent-1', 'agent-2'].map(receiveAll))).flat()
  const said = rowsOf(talks, 'agent_messages')
  expect(talk.map((message) => origin(message).rowid).toSorted()).toEqual([...said.keys()].toSorted())
  for (const message of talk) {
    const row = said.get(origin(message).rowid)
    expect(message.body).toEqual({ message: row?.message })
    expect(origin(message).from_agent ?? message.from_agent).toBe(row?.from_agent)
    expect(message).toMatchObject({ to_agent: row?.to_agent, message_type: row?.message_type })
    expect(message.correlation_id).toBe(row?.thread_id ?? 'replay:every-row-talks.db')
  }

  const messages = [...logs, ...talk]
  const { conversations: records } = await cloud.hive.records()
  const recorded = () => Promise.all(messages.map((it) => records.byMessage(it.from_agent, it.message_id)))
  await expect.poll(async () => (await recorded()).filter(([row]) => row?.status !== 'delivered').length).toBe(0)
  for (const [index, rows] of (await recorded()).entries()) {
    const message = messages[index] as Message
    // today's version, with what only the oldest shape says kept aside
    expect(message).toMatchObject({ version: 1, metadata: { legacy: { delivery_options: { require_ack: true } } } })
    expect(rows).toMatchObject([
      { to_agent: message.to_agent, message_type: message.message_type, status: 'delivered' },
    ])
    expect(JSON.parse(rows[0]?.content ?? '')).toEqual(message.body)
    expect(Date.parse(rows[0]?.timestamp ?? '')).toBe(Date.parse(message.timestamp))
  }
})

it('drains what it published, and adds nothing when it is run again', async () => {
  const file = conversations('again.db', 20)
  const first = await replay('--drain', file)
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.files[0]?.tables).toMatchObject([
    { rows: 20, published: 20, duplicates: 0, acknowledged: 20, delivered: 20 },
  ])
  const second = await replay('--drain', file)
  expect(second).toMatchObject({ code: 0 })
  expect(second.files[0]?.tables).toMatchObject([
    { rows: 20, published: 0, duplicates: 20, acknowledged: 0, delivered: 20 },
  ])
  addRows(file, 20, 25)
  const grown = await replay('--drain', file)
  expect(grown.files[0]?.tables).toMatchObject([
    { rows: 25, published: 5, duplicates: 20, acknowledged: 5, delivered: 25 },
  ])
})

it('takes up a replay that stopped before it was drained', async () => {
  const file = conversations('stopped.db', 10)
  await replay(file)
  const drained = await replay('--drain', file)
  expect(drained).toMatchObject({ code: 0 })
  expect(drained.files[0]?.tables).toMatchObject([{ published: 0, duplicates: 10, acknowledged: 10, delivered: 10 }])
})

it('gives back what other senders wrote in the same thread', async () => {
  const file = conversations('shared-thread.db', 20)
  await command(cloud, ['agents', 'put', 'agent-1'])
  const theirs = [
    '--from',
    'somebody',
    '--to',
    'agent-1',
    '--id',
    'theirs',
    '--correlation-id',
    'thread-1',
    '--priority',
    '4',
  ]
  expect((await command(cloud, ['publish', ...theirs, '--type', 'note', '--body', '{}'])).code).toBe(0)
  const drained = await replay('--drain', file)
  expect(drained.files[0]).toMatchObject({ complete: true, tables: [{ acknowledged: 20, delivered: 20 }] })
  expect((await receiveAll('agent-1')).map(({ message_id }) => message_id)).toEqual(['theirs'])
})

it('leaves agents that exist as they are', async () => {
  await command(cloud, ['agents', 'put', 'agent-2', '--disable'])
  const refused = await replay(conversations('disabled.db', 3))
  expect(refused.code).toBe(1)
  expect(refused.files[0]).toMatchObject({ complete: false, tables: [{ rows: 3, published: 2, rejected: 1 }] })
  expect(refused.files[0]?.tables[0]?.problems).toEqual([expect.stringContaining('agent.disabled')])
  await command(cloud, ['agents', 'put', 'agent-2', '--enable'])
})

it('does not send old messages to an endpoint unless told to', async () => {
  const client = new HiveClient(cloud.url, cloud.adminKey)
  await client.putAgent('agent-0', { endpoint: 'http://127.0.0.1:9/hook' })
  const refused = await replay(conversations('endpoint.db', 2))
  expect(refused.code).toBe(1)
  expect(refused.files[0]?.tables).toMatchObject([
    { rows: 2, published: 0, fault: expect.stringContaining('agent-0 has an endpoint, http://127.0.0.1:9/hook') },
  ])
  await client.changeAgent('agent-0', { endpoint: null })
})

it('names files and tables that it cannot replay, and replays the others', async () => {
  const text = join(newFolder(), 'notes.db')
  writeFileSync(text, 'no database')
  const foreign = join(newFolder(), 'foreign.db')
  {
    using database = new DatabaseSync(foreign)
    database.exec('CREATE TABLE agent_messages (id, role, content); CREATE TABLE metrics (a)')
  }
  const run = await replay(text, foreign, conversations('good.db', 3), '--drain')
  expect(run.code).toBe(1)
  expect(run.files).toMatchObject([
    { complete: false, tables: [], fault: expect.stringContaining('not a SQLite file') },
    {
      complete: false,
      tables: [{ fault: expect.stringContaining('no column timestamp, from_agent') }],
      not_replayed: ['metrics'],
    },
    { complete: true, tables: [{ rows: 3, delivered: 3 }] },
  ])
  expect(run.stderr).toContain(text)
  expect(run.stderr).not.toContain('good.db')
})

it('says so when a table has no rows', async () => {
  const file = conversations('empty.db', 0)
  const run = await command(cloud, ['replay', file])
  expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('agent_messages has no rows') })
  expect(run.stdout).toMatch(/agent_messages +0 +0 +0/)
})
