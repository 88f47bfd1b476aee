import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What test files can borrow: a server of the whole run's, or a part of one. */
export type SharedService = 'redis' | 'database'

type Service = { answer(): Promise<string> | string; stop(): Promise<void> }

const start: Record<SharedService, (dir: string) => Promise<Service>> = {
  async redis(dir) {
    const { startRedis } = await import('../scripts/local/redis/start-redis.ts')
    const redis = await startRedis({ dir, persistent: false })
    return { answer: () => redis.url, stop: () => redis.stop() }
  },

  async database(dir) {
    const { startPostgres } = await import('../scripts/local/postgres/start-postgres.ts')
    const { startNeon } = await import('../scripts/local/neon/start-neon.ts')
    const { migrateSchema } = await import('../core/records/migrate-schema.ts')
    const postgres = await startPostgres({ dir, persistent: false })
    const neon = await startNeon({ postgresUrl: postgres.url })
    await migrateSchema(await postgres.createDatabase('template'))
    let count = 0
    return {
      async answer() {
        const databaseUrl = await postgres.createDatabase(`test_${++count}`, { template: 'template' })
        return JSON.stringify({ databaseUrl, neonHttpEndpoint: neon.httpEndpoint, neonWsProxy: neon.wsProxy })
      },
      async stop() {
        await neon.close()
        await postgres.stop()
      },
    }
  },
}

/**
 * The process that lends services to test files. Each starts when the first file asks for it, so that a run of unit
 * tests starts nothing. `GET /redis` answers a URL, `GET /database` the settings of a new database with the schema.
 */
const dir = await mkdtemp(join(tmpdir(), 'agent-hive-test-'))
// Postgres gives up root and must still reach its folder
await chmod(dir, 0o711)
const started = new Map<string, Promise<Service>>()
const server = createServer((request, response) => {
  const name = (request.url ?? '/').slice(1) as SharedService
  const service = started.get(name) ?? start[name](join(dir, name))
  started.set(name, service)
  service
    .then(({ answer }) => answer())
    .then(
      (text) => response.end(text),
      (error) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
    )
})
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

// Ctrl-C reaches this process too, but the tests that still end need their servers
process.on('SIGINT', () => {})
process.once('disconnect', async () => {
  const services = await Promise.allSettled(started.values())
  await Promise.all(services.map((service) => service.status === 'fulfilled' && service.value.stop()))
  await rm(dir, { recursive: true, force: true })
  process.exit(0)
})
