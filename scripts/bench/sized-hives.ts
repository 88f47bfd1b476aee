import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { projectAgent } from '../../core/bus/projection.ts'
import { loadConfig } from '../../core/config.ts'
import { createHive, type Hive } from '../../core/hive.ts'
import { loopbackEndpoints } from '../local/loopback.ts'
import { startRedis } from '../local/redis/start-redis.ts'
import type { Stack } from './stack.ts'
import { startProcess } from './start-process.ts'

/** A hive with a Redis of its own. */
export type SizedHive = {
  hive: Hive
  /** Takes everything out of its Redis. */
  empty(): Promise<void>
  register(names: string[]): Promise<void>
  /** Commands billed so far, and milliseconds of processor time that its Redis has used. */
  used(): Promise<{ billed: number; redisMs: number }>
}

const silent = { info: () => {}, warn: () => {}, error: () => {} }

/**
 * Hives for things of several sizes that are there at the same time, each in a Redis of its own; all else, the protocol server
 * among it, is one and the same code and process.
 */
export async function startSizedHives(
  stack: Stack,
  count: number,
): Promise<{ hives: SizedHive[]; stop(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'agent-hive-sizes-'))
  const servers = await Promise.all(
    Array.from({ length: count }, (_, i) => startRedis({ dir: join(dir, String(i)), persistent: false })),
  )
  const token = stack.hive.config.redisRestToken
  const upstash = await startProcess<{ urls: string[] }>('./upstash-process.ts', {
    args: [token, ...servers.map(({ url }) => url)],
  })
  const clients = servers.map(({ url }) => new Redis(url))
  const hives = clients.map((redis, i): SizedHive => {
    const restUrl = upstash.said.urls[i] ?? ''
    // a wake that nobody answers is asked for again after the grace: that would fall on one size or another
    const environment = { ...stack.environment, HIVE_REDIS_REST_URL: restUrl, HIVE_WAKE_GRACE_MS: '3600000' }
    const hive = createHive(loadConfig(environment), { log: silent, endpoints: loopbackEndpoints })
    return {
      hive,
      empty: async () => void (await redis.flushall()),
      async register(names) {
        const register = (name: string) => projectAgent(hive, { ...newAgent, name })
        for (let at = 0; at < names.length; at += 50) await Promise.all(names.slice(at, at + 50).map(register))
      },
      async used() {
        const headers = { authorization: `Bearer ${token}` }
        const { billed } = (await (await fetch(`${restUrl}/_local/stats`, { headers })).json()) as { billed: number }
        const cpu = await redis.info('cpu')
        const seconds = ['used_cpu_user', 'used_cpu_sys'].map((name) =>
          Number(new RegExp(`${name}:(.*)`).exec(cpu)?.[1]),
        )
        return { billed, redisMs: 1_000 * seconds.reduce((sum, one) => sum + one, 0) }
      },
    }
  })
  return {
    hives,
    async stop() {
      for (const client of clients) client.disconnect()
      await upstash.stop()
      await Promise.all(servers.map((server) => server.stop()))
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const newAgent = {
  endpoint: null,
  endpoint_disabled_at: null,
  sealed_secrets: [],
  disabled: false,
  version: 1,
  created_at: '',
  updated_at: '',
}
