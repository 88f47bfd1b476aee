import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type Letter, nameOf, type Seen, takes } from './seen.ts'

/** The endpoint of agents that are pushed to, one path an agent: takes most messages at once, some the second time, some never. */
export async function startEndpoint(seen: Seen): Promise<{ url: string; stop(): void }> {
  const server = createServer(async (request, response) => {
    const agent = (request.url ?? '').slice(1)
    const message = JSON.parse(await text(request)) as Letter
    const isTaken = takes(seen, agent, message)
    if (isTaken) seen.delivered.add(nameOf(agent, message.message_id))
    response.writeHead(isTaken ? 204 : 503).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
