import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type HiveConfig, parseConfig } from '../core/config.ts'
import type { Queue } from '../core/delivery/queue.ts'
import { createHive, type Hive } from '../core/hive.ts'
import type { MigrationWork } from '../core/migration/cloud/work.ts'
import type { Records } from '../core/records/create-records.ts'
import { loopbackEndpoints } from '../scripts/local/loopback.ts'
import { startS3 } from '../scripts/local/s3/start-s3.ts'
import { startUpstash, type UpstashServer } from '../scripts/local/upstash/start-upstash.ts'
import { borrow } from './borrow.ts'

export type Wake = ({ agent: string } | { shard: number } | MigrationWork) & { delayMs: number }

export type TestHive = Hive & {
  /** The REST server in front of the shared Redis. It is this hive's own: its counts and faults touch nobody else. */
  upstash: UpstashServer
  /** What was asked of SQS, oldest first. */
  wakes: Wake[]
  /** While true SQS takes nothing. */
  queueDown: boolean
  dispose(): Promise<void>
}

/**
 * A hive of a test file's own over the servers that all files share: a stage of its own in Redis and, once `records()`
 * is called, a database of its own. Webhooks may go to this machine. SQS is a list, so that a test sees every wake and
 * runs the work itself.
 */
export async function testHive(
  overrides: Partial<HiveConfig> = {},
  parts: Parameters<typeof createHive>[1] = {},
): Promise<TestHive> {
  const redisUrl = await borrow('redis')
  const upstash = await startUpstash({ redisUrl, token: randomBytes(16).toString('hex') })
  const scratch = join(tmpdir(), `hive-test-${randomBytes(6).toString('hex')}`)
  const s3 = await startS3({ dir: join(scratch, 's3') })
  const config: HiveConfig = {
    ...parseConfig({
      stage: `t-${randomBytes(6).toString('hex')}`,
      redisRestUrl: upstash.url,
      redisRestToken: upstash.token,
      databaseUrl: 'postgresql://given-on-first-use',
      deliverQueueUrl: 'http://127.0.0.1:1/deliver',
      historyQueueUrl: 'http://127.0.0.1:1/history',
      migrateQueueUrl: 'http://127.0.0.1:1/migrate',
      s3Endpoint: s3.endpoint,
      migrationBucketName: 'migrations',
      migrationScratchDir: join(scratch, 'snapshots'),
      adminKeys: 'a-test-key-of-the-hive',
      signingRoot: 'a root from which tests derive their keys',
    }),
    ...overrides,
  }

  let records: Promise<Records> | undefined
  const hive: TestHive = {
    ...createHive(config, { log: silent, endpoints: loopbackEndpoints, ...parts }),
    upstash,
    wakes: [],
    queueDown: false,
    records: () => {
      records ??= borrowRecords(config)
      return records
    },
    async dispose() {
      await (await records)?.close()
      await s3.stop()
      await rm(scratch, { recursive: true, force: true })
      await upstash.close()
    },
  }
  if (!parts.queue) hive.queue = listQueue(hive)
  return hive
}

function listQueue(hive: TestHive): Queue {
  const add = async (wake: Wake) => {
    if (hive.queueDown) throw new Error('SQS is down')
    hive.wakes.push(wake)
  }
  return {
    wakeDeliver: (agent, delayMs) => add({ agent, delayMs }),
    wakeHistory: (shard, delayMs) => add({ shard, delayMs }),
    wakeMigration: (work, delayMs) => add({ ...work, delayMs }),
  }
}

async function borrowRecords(config: HiveConfig): Promise<Records> {
  const { createRecords } = await import('../core/records/create-records.ts')
  return createRecords({ ...config, ...JSON.parse(await borrow('database')) })
}

const silent = { info: () => {}, warn: () => {}, error: () => {} }
