import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createRest } from './rest.ts'

let server: Server
let tries = 0
const warnings: string[] = []
const onWarning = (warning: Error) => void warnings.push(warning.name)

afterEach(() => {
  process.off('warning', onWarning)
  server.close()
  tries = 0
})

async function restThatLosesConnections(redisRetries: number, redisTimeoutMs: number) {
  server = createServer((request) => {
    tries += 1
    request.socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return createRest({ redisRestUrl: `http://127.0.0.1:${port}`, redisRestToken: 'token', redisRetries, redisTimeoutMs })
}

test('tries a lost connection again as often as it is told', async () => {
  const rest = await restThatLosesConnections(2, 10_000)
  await expect(rest.request({ body: ['PING'] })).rejects.toThrow(/hang up|ECONNRESET/)
  expect(tries).toBe(3)
})

test('does not try again when the time left is shorter than the wait, and sets no timer in the past', async () => {
  process.on('warning', onWarning)
  const rest = await restThatLosesConnections(5, 20)
  await expect(rest.request({ body: ['PING'] })).rejects.toThrow(/hang up|ECONNRESET|no answer in/)
  expect(tries).toBe(1)
  expect(warnings).toEqual([])
})
