import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { handler as deliver } from '../../functions/deliver.ts'
import { handler as publish } from '../../functions/publish.ts'
import { lambdaContext } from '../local/gateway/lambda-context.ts'
import { pollQueue } from '../local/poll-queue.ts'
import type { BenchOptions } from './bench-options.ts'
import { invoke } from './invoke.ts'
import { benchMessage } from './messages.ts'
import { quantile, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

const some = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`)

/**
 * Push to 20 good endpoints, alone and while 200 others hang, in turn. Each good agent gets its next message when the
 * last has arrived; times are from publish to arrival.
 */
export async function benchIsolation(stack: Stack, rounds: number, { quick }: BenchOptions): Promise<Result[]> {
  const goodAgents = some('good', quick ? 5 : 20)
  const hangingAgents = some('hanging', quick ? 20 : 200)
  const messagesARound = quick ? 5 : 200
  const arrivals = new Map<string, () => void>()
  let held = 0
  let allHeld: () => void = () => {}
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const agent = (request.url ?? '').slice(1)
      if (agent.startsWith('hanging')) {
        if (++held === hangingAgents.length) allHeld()
        return
      }
      response.end()
      arrivals.get(agent)?.()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const poller = pollQueue({
    endpoint: stack.queues.endpoint,
    queueUrl: stack.queues.deliverQueueUrl,
    batchSize: 1,
    concurrency: 300,
    handler: (event) => deliver(event, lambdaContext('deliver', 'bench', 30_000)) as never,
  })
  const send = (agent: string, index: number) =>
    invoke(publish, 'POST /v1/messages', { body: benchMessage(agent, index) })

  async function times(): Promise<number[]> {
    const list: number[] = []
    await Promise.all(
      goodAgents.map(async (agent) => {
        for (let i = 0; i < messagesARound / goodAgents.length; i++) {
          const start = performance.now()
          const arrival = new Promise<void>((resolve) => arrivals.set(agent, resolve))
          await send(agent, i)
          await arrival
          list.push(performance.now() - start)
        }
      }),
    )
    return list
  }

  const alone: number[] = []
  const beside: number[] = []
  for (let round = 0; round <= rounds; round++) {
    server.closeAllConnections()
    await stack.reset(
      [...goodAgents, ...hangingAgents].map((name) => ({ name, endpoint: `http://127.0.0.1:${port}/${name}` })),
    )
    const first = await times()
    held = 0
    const hanging = new Promise<void>((resolve) => {
      allHeld = resolve
    })
    await Promise.all(hangingAgents.map(send))
    await hanging
    const second = await times()
    // the first round warms up
    if (round > 0) {
      alone.push(...first)
      beside.push(...second)
    }
  }
  server.closeAllConnections()
  server.close()
  await poller.stop()
  const side = (name: string, list: number[]) => ({
    name,
    median: quantile(list, 0.99),
    least: quantile(list, 0),
    most: quantile(list, 1),
  })
  return [
    {
      name: `push to ${goodAgents.length} good endpoints while ${hangingAgents.length} others hang`,
      unit: 'ms, p99',
      sides: [side(`beside ${hangingAgents.length} hanging`, beside), side('alone', alone)],
      ratios: [quantile(beside, 0.99) / quantile(alone, 0.99)],
    },
  ]
}
