import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

/** What test files can borrow: one private server of each kind for the whole run. */
export type SharedService = 'redis' | 'postgres'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where shared services are asked for; see `borrow`. */
    lender: string
  }
}

type Started = { url: string; stop(): Promise<void> }

/**
 * Lends services to test files. Each starts when the first file asks for it, so a run of unit tests starts nothing.
 * Answers `GET /<service>` with its URL as text.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'agent-hive-test-'))
  const started = new Map<string, Promise<Started>>()
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1)
    const service = started.get(name) ?? start(name as SharedService, join(dir, name))
    started.set(name, service)
    service.then(
      ({ url }) => response.end(url),
      (error) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  project.provide('lender', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)

  return async () => {
    server.closeAllConnections()
    server.close()
    const services = await Promise.allSettled(started.values())
    await Promise.all(services.map((service) => service.status === 'fulfilled' && service.value.stop()))
    await rm(dir, { recursive: true, force: true })
  }
}

async function start(name: SharedService, dir: string): Promise<Started> {
  if (name === 'redis') {
    const { startRedis } = await import('../scripts/local/redis/start-redis.ts')
    return startRedis({ dir, persistent: false })
  }
  throw new Error(`there is no service ${name}`)
}
