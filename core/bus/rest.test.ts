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

test('gives back how far Redis was with its last answer, so that no replica which is behind answers the next one', async () => {
  const given: unknown[] = []
  server = createServer((request, response) => {
    given.push(request.headers['upstash-sync-token'])
    // an error that does not come from Redis tells nothing of it
    const headers = given.length === 2 ? {} : { 'upstash-sync-token': `at:${given.length}` }
    response.writeHead(given.length === 2 ? 502 : 200, headers).end('{"result":1}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const redisRestUrl = `http://127.0.0.1:${port}`
  const rest = createRest({ redisRestUrl, redisRestToken: 'token', redisRetries: 0, redisTimeoutMs: 10_000 })
  await rest.request({ body: ['EVALSHA'] })
  await rest.request({ body: ['MGET'] }).catch(() => undefined)
  await rest.request({ body: ['MGET'] })
  await rest.request({ path: ['pipeline'], body: [['MGET']] })
  expect(given).toEqual([undefined, 'at:1', 'at:1', 'at:3'])
})

test('does not try again when the time left is shorter than the wait, and sets no timer in the past', async () => {
  process.on('warning', onWarning)
  const rest = await restThatLosesConnections(5, 20)
  await expect(rest.request({ body: ['PING'] })).rejects.toThrow(/hang up|ECONNRESET|no answer in/)
  expect(tries).toBe(1)
  expect(warnings).toEqual([])
})
