import { join } from 'node:path'
import pg from 'pg'
import { expect } from 'vitest'
import { it, legacy, samples } from '../../../test/moving.ts'
import { rebuildRun } from '../moved/rebuild-run.ts'
import { rollBack } from '../moved/roll-back.ts'
import { verifyRun } from '../moved/verify-run.ts'
import type { Plan } from '../plan/plan.ts'
import { runMigration } from './run-migration.ts'

it('rejects those rows alone that Postgres refuses, on several connections too', async ({
  moving: { client, databaseUrl, source, database },
}) => {
  await client.query('ALTER TABLE agent_metrics ADD CHECK (value <> 13), ADD CHECK (value <> 9000)')
  database(`CREATE TABLE t (a REAL, at TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
    WHERE i < 17000) INSERT INTO t SELECT i, '2026-01-01T00:00:00' FROM n`)
  const plan: Plan = {
    version: 1,
    zone: 'UTC',
    files: [
      {
        path: 'a.db',
        tables: [
          {
            name: 't',
            target: 'agent_metrics',
            columns: {
              agent_name: { rule: 'constant', value: 'a' },
              metric_type: { rule: 'constant', value: 'm' },
              value: { rule: 'copy', from: 'a' },
              timestamp: { rule: 'timestamp', from: 'at', unit: 'iso' },
            },
          },
        ],
      },
    ],
  }
  const lane = new pg.Client({ connectionString: databaseUrl })
  await lane.connect()
  const lanes = [lane, client]
  const result = await runMigration(client, { folder: source, plan, lanes, id: crypto.randomUUID() })
  await lane.end()
  expect(result).toMatchObject({ state: 'complete', tables: [{ rows: 17_000, migrated: 16_998, rejected: 2 }] })
  const rejects = await client.query('SELECT row::int, reason FROM migration_rejects ORDER BY row')
  const reason = expect.stringMatching(/^Postgres refuses it: .*check constraint/)
  expect(rejects.rows).toEqual([
    { row: 12, reason },
    { row: 8_999, reason },
  ])
  expect(await verifyRun(client, result.run, source)).toMatchObject({ verified: true, differences: [] })
})

it('tries rejected rows again with a mended plan, and only those', async ({
  moving: { client, folder, source, database, move, countAll },
}) => {
  database(`CREATE TABLE events (kind TEXT, level TEXT, at TEXT);
    INSERT INTO events VALUES ('a', 'low', '2026-01-01T00:00:00'), ('b', 'odd', '2026-01-02T00:00:00'),
      ('c', 'high', '2026-01-03T00:00:00'), ('d', 'odd', 'never'), ('e', 'odd', '2026-01-05T00:00:00')`)
  const plan = (map?: Record<string, string>): Plan => ({
    version: 1,
    zone: 'UTC',
    files: [
      {
        path: 'a.db',
        tables: [
          {
            name: 'events',
            target: 'security_events',
            columns: {
              event_type: { rule: 'copy', from: 'kind' },
              severity: { rule: 'severity', from: 'level', map },
              description: { rule: 'constant', value: 'moved' },
              timestamp: { rule: 'timestamp', from: 'at', unit: 'iso' },
            },
          },
        ],
      },
    ],
  })
  const retry = (rejectedBy: string, mended: Plan) =>
    runMigration(client, { folder: source, plan: mended, id: crypto.randomUUID(), rejectedBy })
  const first = await move(source, plan())
  expect(first.tables).toMatchObject([{ rows: 5, migrated: 2, rejected: 3 }])
  const second = await retry(first.run, plan({ odd: 'medium' }))
  expect(second).toMatchObject({ state: 'complete', tables: [{ rows: 3, migrated: 2, rejected: 1 }] })
  const events = await client.query('SELECT event_type, severity FROM security_events ORDER BY event_type')
  expect(events.rows.map((row) => Object.values(row).join(' '))).toEqual(['a low', 'b medium', 'c high', 'e medium'])

  for (const { run } of [first, second]) {
    expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, differences: [] })
  }
  await expect(retry(first.run, plan({ odd: 'low' }))).rejects.toMatchObject({ code: 'migration.retried' })
  await expect(rollBack(client, first.run)).rejects.toMatchObject({ code: 'migration.retried' })
  await expect(rebuildRun(client, second.run, folder)).rejects.toMatchObject({ code: 'migration.partial' })
  expect((await move(source, plan())).tables).toMatchObject([{ state: 'moved before' }])

  const third = await retry(second.run, plan({ odd: 'medium' }))
  expect(third.tables).toMatchObject([{ rows: 1, migrated: 0, rejected: 1 }])
  expect(await verifyRun(client, third.run, source)).toMatchObject({
    verified: true,
    rows: { source: 1, moved: 1 },
  })
  for (const { run } of [third, second, first]) await rollBack(client, run)
  expect(Object.values(await countAll()).every((count) => count === 0)).toBe(true)
  await expect(retry(first.run, plan())).rejects.toMatchObject({ code: 'migration.unknown' })
})

it('has nothing to try again where nothing was rejected, and says so', async ({
  moving: { client, source, database, move },
}) => {
  database('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
  const { run } = await move(source, legacy('t'))
  const again = { folder: source, plan: legacy('t'), id: crypto.randomUUID(), rejectedBy: run }
  expect(await runMigration(client, again)).toMatchObject({ fault: expect.stringContaining('has rejected no row') })
  const other = { ...again, plan: legacy('t', 't'), id: crypto.randomUUID() }
  expect(await runMigration(client, other)).toMatchObject({ fault: expect.stringContaining('has rejected no row') })
  database('CREATE TABLE t (a); INSERT INTO t VALUES (2)')
  await expect(runMigration(client, again)).rejects.toMatchObject({ code: 'migration.changed' })
})

it('rejects by name a row whose key the target has already, and keeps it', async ({
  moving: { client, planOf, move },
}) => {
  const seed = join(samples, 'agent-hive')
  const plan = await planOf(seed)
  const first = await move(seed, plan)
  const { rows } = await client.query(
    'SELECT agent_name, capability FROM agent_capabilities ORDER BY id OFFSET 3 LIMIT 1',
  )
  await rollBack(client, first.run)
  await client.query('INSERT INTO agent_capabilities (agent_name, capability) VALUES ($1, $2)', Object.values(rows[0]))
  const result = await move(seed, plan)
  const table = result.tables.find((one) => one.table === 'agent_capabilities')
  expect(table).toMatchObject({ rows: 36, migrated: 35, rejected: 1 })
  expect((await verifyRun(client, result.run, seed)).verified).toBe(true)
  const rejects = await client.query('SELECT reason FROM migration_rejects')
  expect(rejects.rows).toEqual([{ reason: expect.stringContaining('agent_capabilities has a row') }])
})
