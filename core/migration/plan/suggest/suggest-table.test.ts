import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { TablePlan } from '../plan.ts'
import { newFolder, planned } from './planned-folder.ts'

/** What is planned for one table of these statements. */
async function suggested(table: string, ...statements: string[]): Promise<TablePlan | undefined> {
  const folder = newFolder()
  const database = new DatabaseSync(join(folder, 'some.db'))
  for (const statement of statements) database.exec(statement)
  database.close()
  return (await planned(folder)).tables.get(table)
}

describe('an unknown table', () => {
  it('with sender, recipient, text and time is messages', async () => {
    const plan = await suggested(
      'chat',
      'CREATE TABLE chat (id TEXT PRIMARY KEY, sender TEXT, recipient TEXT, content TEXT, created_at INTEGER, session_id TEXT)',
      "INSERT INTO chat VALUES ('m1', 'a', 'b', 'hello', 1752628164577, 's')",
    )
    expect(plan).toMatchObject({
      target: 'agent_conversations',
      because: expect.stringMatching(/^suggested: sender and recipient name two agents/),
      columns: {
        content: { members: { content: 'content' } },
        timestamp: { from: 'created_at', unit: 'ms' },
        conversation_id: { from: 'session_id' },
      },
    })
  })

  it('with an actor, an action and a time is an audit log', async () => {
    const plan = await suggested(
      'actions',
      'CREATE TABLE actions (id INTEGER PRIMARY KEY, user_id TEXT, action TEXT, created DATETIME, target TEXT)',
      "INSERT INTO actions VALUES (1, 'u', 'delete', '2025-01-01 00:00:00', 'x')",
    )
    expect(plan).toMatchObject({
      target: 'audit_logs',
      columns: { actor: { from: 'user_id' }, target: { from: 'target' } },
    })
  })

  const alerts = 'CREATE TABLE alerts (id INTEGER PRIMARY KEY, type TEXT, level TEXT, message TEXT, ts TEXT)'

  it('with severities that are all known is security events, and none with another', async () => {
    const known = await suggested(
      'alerts',
      alerts,
      "INSERT INTO alerts VALUES (1, 't', 'WARN', 'm', '2025-01-01T00:00:00Z')",
    )
    expect(known).toMatchObject({ target: 'security_events', columns: { severity: { from: 'level' } } })
    const other = await suggested(
      'alerts',
      alerts,
      "INSERT INTO alerts VALUES (1, 't', 'blue', 'm', '2025-01-01T00:00:00Z')",
    )
    expect(other).toMatchObject({ target: 'legacy' })
  })

  it.each([
    ['values that are text', "'a', 'high', '2025-01-01T00:00:00'"],
    ['a name that is missing', "NULL, 1.5, '2025-01-01T00:00:00'"],
    ['no time that can be told', "'a', 1.5, 'yesterday'"],
  ])('that would be metrics but for %s is kept as it is', async (_, values) => {
    const create = 'CREATE TABLE measurements (id INTEGER PRIMARY KEY, metric_name TEXT, value REAL, at TEXT)'
    const plan = await suggested('measurements', create, `INSERT INTO measurements VALUES (1, ${values})`)
    expect(plan).toMatchObject({ target: 'legacy', because: expect.stringContaining('nothing says') })
  })

  it('of the name of a known one, without its columns, is not taken for it', async () => {
    expect(
      await suggested('audit_events', 'CREATE TABLE audit_events (id INTEGER PRIMARY KEY, note TEXT)'),
    ).toMatchObject({
      target: 'legacy',
      because: expect.stringContaining('nothing says'),
    })
  })
})
