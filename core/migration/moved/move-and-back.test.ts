import { join } from 'node:path'
import { Client as NeonClient } from '@neondatabase/serverless'
import { expect } from 'vitest'
import { borrow } from '../../../test/borrow.ts'
import { checksumsOf, it, samples } from '../../../test/moving.ts'
import { useProxy } from '../../records/drivers/neon-client.ts'
import { runMigration } from '../run/run-migration.ts'
import { rebuildRun } from './rebuild-run.ts'
import { rollBack } from './roll-back.ts'
import { verifyRun } from './verify-run.ts'

it('ends verified, rebuilds each file row by row, adds nothing a second time, and rolls back to nothing', async ({
  moving: { client, folder, planOf, move, countAll },
}) => {
  const plan = await planOf(samples)
  const result = await move(samples, plan)
  expect(result.fault).toBeUndefined()
  expect(result.state).toBe('complete')
  for (const { rows, migrated, legacy, rejected } of result.tables) expect(rows).toBe(migrated + legacy + rejected)
  expect(result.files.filter(({ fault }) => fault !== undefined).map(({ path }) => path)).toEqual(
    plan.files.filter(({ unreadable }) => unreadable !== undefined).map(({ path }) => path),
  )
  const added = await countAll()
  expect(added.legacy_rows).toBeGreaterThan(10_000)
  expect(added.agent_capabilities).toBe(36)

  const verified = await verifyRun(client, result.run, samples)
  expect(verified.differences).toEqual([])
  expect(verified.verified).toBe(true)
  expect(verified.rows.source).toBe(verified.rows.moved)
  expect(verified.rows.moved).toBe(result.tables.reduce((sum, { rows }) => sum + rows, 0))

  const rebuilt = await rebuildRun(client, result.run, folder)
  for (const { path, faults } of rebuilt) {
    expect([path, faults]).toEqual([path, []])
    expect([path, await checksumsOf(join(folder, path))]).toEqual([path, await checksumsOf(join(samples, path))])
  }

  const again = await move(samples, plan)
  expect(again.state).toBe('complete')
  expect(again.tables.every(({ state }) => state === 'moved before')).toBe(true)
  expect(await countAll()).toEqual(added)

  await rollBack(client, again.run)
  expect(await countAll()).toEqual(added)
  await rollBack(client, result.run)
  expect(Object.values(await countAll()).every((count) => count === 0)).toBe(true)
  expect(await rollBack(client, result.run)).toEqual({ run: result.run, removed: 0 })
}, 120_000)

it('is the same over the WebSockets of Neon', async ({ moving: { planOf } }) => {
  const lent = JSON.parse(await borrow('database')) as { databaseUrl: string; neonWsProxy: string }
  const overNeon = [1, 2, 3].map(() => new NeonClient(lent.databaseUrl))
  for (const one of overNeon) {
    useProxy(one, { ...lent, neonHttpEndpoint: undefined })
    await one.connect()
  }
  const [leading, ...lanes] = overNeon as [NeonClient, ...NeonClient[]]
  const plan = await planOf(samples)
  const result = await runMigration(leading, { folder: samples, plan, lanes, id: crypto.randomUUID() })
  expect(result).toMatchObject({ state: 'complete' })
  expect(await verifyRun(leading, result.run, samples)).toMatchObject({ verified: true, differences: [] })
  for (const one of overNeon) await one.end()
}, 120_000)

it('accounts for each row of the twelve known databases', async ({ moving: { client, planOf, move, countAll } }) => {
  const seed = join(samples, 'agent-hive')
  const result = await move(seed, await planOf(seed))
  const tables = result.tables.filter(({ table }) => table !== 'sqlite_sequence')
  expect(tables.reduce((sum, { rows }) => sum + rows, 0)).toBe(77)
  expect(await countAll()).toMatchObject({ agent_capabilities: 36 })
  expect((await verifyRun(client, result.run, seed)).verified).toBe(true)
})
