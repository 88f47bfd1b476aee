import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { PushOp } from './history.ts'

export type ReceivingEndpoints = {
  /** Where one agent's messages are to be sent. */
  urlOf(agent: string): string
  /** From now on they do what they should. */
  behave(): void
  /** How often they did what they should not. */
  misbehaved: number
  close(): Promise<void>
}

const faults = ['500', '503', '429', '404', 'redirect', 'hang', 'close', 'slow', 'garbage', 'cut'] as const

/** Endpoints that take webhooks, and some of the time do anything but. Of `faulty` a part misbehaves. */
export async function startReceivingEndpoints(
  random: Random,
  faulty: number,
  note: (op: PushOp) => void,
): Promise<ReceivingEndpoints> {
  let behaves = false
  const server = createServer(async (request, response) => {
    const start = Date.now()
    const agent = decodeURIComponent((request.url ?? '/').slice(1))
    const chunks = (await request.toArray().catch(() => [])) as Buffer[]
    const seen = read(Buffer.concat(chunks).toString())
    if (!seen) return response.writeHead(400).end()
    const tell = (answered: PushOp['answered']) =>
      note({ kind: 'push', start, end: Date.now(), agent, answered, ...seen })
    const fault = !behaves && random.chance(faulty) ? random.pick(faults) : undefined
    if (fault !== undefined) endpoints.misbehaved++
    switch (fault) {
      case undefined:
        tell('accepted')
        return response.writeHead(204).end()
      case '500':
      case '503':
        tell('other')
        return response.writeHead(Number(fault)).end('<html>')
      case '429':
        tell('other')
        return response.writeHead(429, { 'retry-after': '0' }).end()
      case '404':
        tell('refused')
        return response.writeHead(404).end()
      case 'redirect':
        tell('other')
        return response.writeHead(307, { location: '/somewhere-else' }).end()
      case 'hang':
        // for longer than a sender waits
        tell('other')
        await delay(1_000)
        return request.socket.destroy()
      case 'close':
        tell('other')
        return request.socket.destroy()
      case 'slow':
        await delay(random.int(50, 250))
        tell('accepted')
        return response.writeHead(200).end('ok')
      case 'garbage':
        tell('other')
        return request.socket.end('NOT HTTP AT ALL\r\n\r\n\u0000\u0001')
      case 'cut':
        // a status is an answer, whatever becomes of the body
        tell('accepted')
        response.writeHead(200, { 'content-length': '1000' }).write('half')
        return void setTimeout(() => request.socket.destroy(), 5)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const endpoints: ReceivingEndpoints = {
    urlOf: (agent) => `http://127.0.0.1:${port}/${encodeURIComponent(agent)}`,
    behave() {
      behaves = true
    },
    misbehaved: 0,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  return endpoints
}

function read(text: string): { id: string; content: string } | undefined {
  try {
    const { message_id, body } = JSON.parse(text) as { message_id: string; body: { content: string } }
    return { id: message_id, content: body.content }
  } catch {
    return undefined
  }
}
