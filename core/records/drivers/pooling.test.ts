import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { borrow } from '../../../test/borrow.ts'
import { columnTypes } from './column-types.ts'
import { pooledDriver } from './pooling.ts'

it('keeps a connection while it is used, and takes a new one after a pause', async () => {
  const { databaseUrl } = JSON.parse(await borrow('database'))
  let time = 0
  const open = () => new pg.Pool({ connectionString: databaseUrl, max: 1, allowExitOnIdle: true })
  const driver = pooledDriver(open, columnTypes(pg.types), () => time)
  onTestFinished(() => driver.close())
  const connection = async () => (await driver.send<{ pid: number }>('SELECT pg_backend_pid() AS pid', []))[0]?.pid
  const first = await connection()
  time += 9_000
  expect(await connection()).toBe(first)
  time += 9_000
  expect(await connection()).toBe(first)
  time += 10_001
  const second = await connection()
  expect(second).not.toBe(first)
  await driver.close()
  expect(await connection()).not.toBe(second)
})
