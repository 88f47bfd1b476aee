import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { borrow } from '../../../test/borrow.ts'
import { createRunStatement } from '../drivers/run-statement.ts'
import { writeMetrics } from './write-metrics.ts'

it('forgets the keys of writes more than a day old, and no others', async () => {
  const config = JSON.parse(await borrow('database'))
  const client = new pg.Client({ connectionString: config.databaseUrl })
  await client.connect()
  onTestFinished(() => client.end())
  await client.query(`INSERT INTO metric_writes (key, points, written_at)
    SELECT 'old-' || n, 1, now() - interval '25 hours' FROM generate_series(1, 100) n
    UNION ALL SELECT 'recent', 1, now() - interval '23 hours'`)
  const { run, close } = createRunStatement(config, { retryMs: 0, timeoutMs: 10_000 })
  onTestFinished(close)
  const point = { agent_name: 'a', metric_type: 'm', value: 1, timestamp: '2026-03-01T00:00:00Z' }
  const keys = async () => (await client.query('SELECT key FROM metric_writes ORDER BY key')).rows.map(({ key }) => key)

  await writeMetrics(run, [point], { key: 'new-1', digest: null }, false)
  expect(await keys()).toHaveLength(102)
  await writeMetrics(run, [point], { key: 'new-2', digest: null }, true)
  expect(await keys()).toEqual(['new-1', 'new-2', 'recent'])
})
