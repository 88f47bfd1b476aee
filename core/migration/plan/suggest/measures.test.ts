import { expect, it } from 'vitest'
import { suggestedFor } from './planned-folder.ts'

it.each([
  ['rps REAL, iops REAL', '1.5, 2.5'],
  ['tps REAL, latency_ms REAL', '3.5, 0.5'],
  ['cpu_percent REAL, ram_mb REAL', '1, 2'],
])('%s are measured, whatever their table is called', async (columns, row) => {
  const plan = await suggestedFor(
    'host_values',
    `host TEXT, ts TEXT, ${columns}`,
    `'h', '2026-01-01T00:00:00Z', ${row}`,
  )
  expect(plan).toMatchObject({ target: 'agent_metrics' })
})
