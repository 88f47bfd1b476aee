import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../random.ts'

/** What may happen to a message on its way into a queue, each with its probability. */
export type QueueFaults = {
  /** SQS answers 500 and takes nothing. */
  refuse: number
  /** It takes the message and the answer gets lost. */
  loseAnswer: number
  /** It takes the message twice. */
  duplicate: number
  /** Others overtake it, by up to `lateMs`. */
  late: number
  lateMs: number
}

export const noQueueFaults: QueueFaults = { refuse: 0, loseAnswer: 0, duplicate: 0, late: 0, lateMs: 0 }

export type FaultyQueues = {
  url: string
  faults: QueueFaults
  random: Random
  /** How often each fault happened. */
  counts: Record<'refuse' | 'loseAnswer' | 'duplicate' | 'late', number>
  close(): Promise<void>
}

/** A way to an SQS on this machine on which sent messages are refused, lost from sight, doubled and overtaken. */
export async function startFaultyQueues(target: string, random: Random): Promise<FaultyQueues> {
  const { hostname, port: targetPort } = new URL(target)
  const counts = { refuse: 0, loseAnswer: 0, duplicate: 0, late: 0 }
  const forward = (path: string, headers: IncomingHttpHeaders, body: Buffer) =>
    new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
      const request = httpRequest(
        { host: hostname, port: targetPort, method: 'POST', path, headers: { ...headers, host: hostname } },
        async (response) => {
          const chunks = (await response.toArray().catch(() => [])) as Buffer[]
          resolve({ status: response.statusCode ?? 500, headers: response.headers, body: Buffer.concat(chunks) })
        },
      )
      request.on('error', reject)
      request.end(body)
    })

  const server = createServer(async (request, response) => {
    try {
      const body = Buffer.concat((await request.toArray()) as Buffer[])
      const send = () => forward(request.url ?? '/', request.headers, body)
      const { faults, random } = queues
      if (random.chance(faults.refuse)) {
        counts.refuse++
        response.writeHead(500).end()
        return
      }
      if (random.chance(faults.late)) {
        counts.late++
        await delay(random.int(1, faults.lateMs))
      }
      if (random.chance(faults.duplicate)) {
        counts.duplicate++
        await send()
      }
      const answer = await send()
      if (random.chance(faults.loseAnswer)) {
        counts.loseAnswer++
        request.socket.destroy()
        return
      }
      response.writeHead(answer.status, answer.headers).end(answer.body)
    } catch {
      request.socket.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const queues: FaultyQueues = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: noQueueFaults,
    random,
    counts,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  return queues
}
