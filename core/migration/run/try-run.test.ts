import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import type { TablePlan } from '../plan/plan.ts'
import { tryRun } from './try-run.ts'

it('goes on behind a table that cannot be converted, and shows of large values only their size', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hive-tried-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const made = new DatabaseSync(join(folder, 'a.db'))
  made.exec(`CREATE TABLE t (a, at); INSERT INTO t VALUES (1, '2026-01-01T00:00:00');
    CREATE TABLE said (a, b, text, at); INSERT INTO said VALUES ('a', 'b', zeroblob(17000000), '2026-01-01T00:00:00')`)
  made.close()
  const t = { name: 't', target: 'legacy' as const }
  const said: TablePlan = {
    name: 'said',
    target: 'agent_conversations',
    columns: {
      message_id: { rule: 'constant', value: 'm' },
      conversation_id: { rule: 'uuid5', from: 'a', namespace: '019abb70-53e6-7000-a0c7-4ad2da8ab1ab' },
      from_agent: { rule: 'copy', from: 'a' },
      to_agent: { rule: 'copy', from: 'b' },
      message_type: { rule: 'constant', value: 'note' },
      content: { rule: 'body', members: { text: 'text' } },
      timestamp: { rule: 'timestamp', from: 'at', unit: 'iso' },
      priority: { rule: 'constant', value: 2 },
      status: { rule: 'constant', value: 'delivered' },
      status_at: { rule: 'timestamp', from: 'at', unit: 'iso' },
      attempts: { rule: 'constant', value: 1 },
    },
  }
  const wrong = { ...said, name: 't' } as TablePlan
  const files = [{ path: 'a.db', tables: [said, wrong, t] }]
  expect(await tryRun(folder, { version: 1, zone: 'UTC', files })).toMatchObject([
    { table: 'said', rejected: 1, examples: [{ column: 'text', value: { $omitted: 'blob 17000000' } }] },
    { table: 't', rows: 0, fault: expect.any(String) },
    { table: 't', rows: 1, legacy: 1 },
  ])
})

it('says of each table what would be wrong, and goes on behind a file that cannot be read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hive-tried-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'a.db'), '')
  symlinkSync(join(folder, 'nowhere'), join(folder, 'b.db'))
  symlinkSync(join(folder, 'nowhere'), join(folder, 'c.db'))
  const made = new DatabaseSync(join(folder, 'd.db'))
  made.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
  made.close()
  const t = { name: 't', target: 'legacy' as const }
  const files = [
    { path: 'a.db', tables: [t] },
    { path: 'b.db', tables: [t] },
    { path: 'c.db', tables: [] },
    { path: 'd.db', tables: [t, { ...t, name: 'gone' }] },
  ]
  const tried = await tryRun(folder, { version: 1, zone: 'UTC', files })
  expect(tried.map(({ file, rows, fault }) => [file, rows, fault])).toEqual([
    ['a.db', 0, 'empty: it has 0 bytes'],
    ['b.db', 0, expect.stringContaining('no such file')],
    ['d.db', 1, undefined],
    ['d.db', 0, 'the table is not there'],
  ])
})

it('sees keys that the sources give twice, in one table or in two, and says why those rows would be rejected', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hive-tried-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const table: TablePlan = {
    name: 't',
    target: 'agent_capabilities',
    columns: {
      agent_name: { rule: 'copy', from: 'agent' },
      capability: { rule: 'copy', from: 'skill' },
      proficiency_level: { rule: 'copy', from: 'level' },
      last_updated: { rule: 'timestamp', from: 'at', unit: 'iso' },
    },
  }
  const rows = ["('a', 'go', 5, '2025-01-01')", "('b', 'go', 5, '2025-01-01')"]
  for (const [path, values] of [
    ['a.db', [rows[0], "('b', 'go', 11, '2025-01-01')", rows[0], rows[1]]],
    ['b.db', [rows[1], "('c', 'go', 5, '2025-01-01')"]],
  ] as const) {
    const made = new DatabaseSync(join(folder, path))
    made.exec(`CREATE TABLE t (agent, skill, level, at); INSERT INTO t VALUES ${values.join()}`)
    made.close()
  }
  const files = ['a.db', 'b.db'].map((path) => ({ path, tables: [table] }))
  const [first, second] = await tryRun(folder, { version: 1, zone: 'UTC', files })
  expect(first).toMatchObject({ rows: 4, migrated: 2, rejected: 2, target_rows: 2 })
  expect(first?.examples).toMatchObject([
    { row: 1, column: 'level' },
    { row: 2, reason: 'agent_capabilities has a row with the same key already' },
  ])
  expect(second).toMatchObject({ rows: 2, migrated: 1, rejected: 1, target_rows: 1 })
})
