import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '../core/hive.ts'
import { type Cloud, startCloud } from '../scripts/local/cloud.ts'
import { freePort } from '../scripts/local/free-port.ts'
import { borrow } from './borrow.ts'

/**
 * The whole local cloud for a test file, gateway and workers included, over the run's shared servers: with a stage and a
 * database of its own. Stop it in the end.
 */
export async function testCloud({ log = noisy }: { log?: Log } = {}): Promise<Cloud> {
  const { databaseUrl } = JSON.parse(await borrow('database')) as { databaseUrl: string }
  return startCloud({
    stateDir: await mkdtemp(join(tmpdir(), 'hive-cloud-')),
    persistent: false,
    port: await freePort(),
    redisUrl: await borrow('redis'),
    databaseUrl,
    sweepMs: 1000,
    settings: { stage: `t-${randomBytes(6).toString('hex')}`, historyDelayMs: 100 },
    log,
  })
}

const noisy: Log = { info: () => {}, warn: console.warn, error: console.error }
