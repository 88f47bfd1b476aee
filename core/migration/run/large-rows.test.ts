import { expect } from 'vitest'
import { it, legacy } from '../../../test/moving.ts'
import { compileTable } from '../convert/compile-table.ts'
import { verifyRun } from '../moved/verify-run.ts'
import type { TablePlan } from '../plan/plan.ts'
import { encodeRow } from './encode-row.ts'

it('a row that no string would hold as JSON is moved like any other, and so is one behind it', async ({
  moving: { client, source, database, move },
}) => {
  const columns = Array.from({ length: 90 }, (_, at) => `c${at}`)
  // each of its characters takes six in JSON
  const large = columns.map(() => 'replace(hex(zeroblob(500000)), 0, char(1))')
  database(
    `CREATE TABLE t (${columns.join(', ')}); INSERT INTO t VALUES (${large.join(', ')}); INSERT INTO t (c0) VALUES ('x')`,
  )
  const { run, state, tables } = await move(source, legacy('t'))
  expect({ state, tables }).toMatchObject({ state: 'complete', tables: [{ legacy: 2 }] })
  expect(await verifyRun(client, run, source)).toMatchObject({ verified: true, differences: [] })
}, 120_000)

it('a row that would be too large for a target is kept as it is', () => {
  const text = '\u0001'.repeat(1_000_000)
  const others = Array.from({ length: 90 }, (_, at) => ({ name: `c${at}`, declaredType: '' }))
  const columns = [{ name: 'value', declaredType: 'REAL' }, { name: 'at', declaredType: 'TEXT' }, ...others]
  const plan: TablePlan = {
    name: 't',
    target: 'agent_metrics',
    columns: {
      agent_name: { rule: 'constant', value: 'a' },
      metric_type: { rule: 'constant', value: 'm' },
      value: { rule: 'copy', from: 'value' },
      timestamp: { rule: 'timestamp', from: 'at', unit: 'iso' },
      metadata: { rule: 'rest' },
    },
  }
  const { convert } = compileTable(plan, columns, 'UTC')
  const row = (filled: number) => [1, '2026-01-01T00:00:00', ...others.map((_, at) => (at < filled ? text : null))]
  expect(convert(row(1)).outcome).toBe('migrated')
  expect(convert(row(90)).outcome).toBe('legacy')
})

it('of a row with very many values small ones stay where they are', () => {
  const text = '\u0001'.repeat(1_000_000)
  const { content, large } = encodeRow(
    [...Array.from({ length: 50 }, () => text), 'x', 7n],
    [...Array(52).fill('BLOB')],
  )
  expect(content.length).toBeLessThan(64 * 1_048_576)
  expect(large.map(({ place }) => place)).toEqual(
    Array.from({ length: large.length }, (_, at) => 50 - large.length + at),
  )
  expect(content).toMatch(/, \{"\$pieces":"utf8"\}, "x", 7\]$/)
})
