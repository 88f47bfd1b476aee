import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { shardCount, shardOf } from '../../core/bus/keys.ts'
import { sweep } from '../../core/delivery/sweep.ts'
import { handler as history } from '../../functions/history.ts'
import { handler as inbox } from '../../functions/inbox.ts'
import { agentKey } from './agent-key.ts'
import type { BenchOptions } from './bench-options.ts'
import { bullmqCommands } from './bullmq-commands.ts'
import { costTables, type Measured } from './cost-tables.ts'
import { agent, live, pulled, pushed, send } from './lives.ts'
import type { Result } from './paired.ts'
import type { Stack } from './stack.ts'
import { added, createMeter, type Meter, scaled, type Usage } from './usage.ts'

const rates = [1, 100, 1_000]
/** Messages of each measurement, in batches of what a request holds. */
const messages = 300

/**
 * What a million messages cost at some rates: what their lives take is measured through the real handlers and the real Redis,
 * beside BullMQ on the same Redis, and multiplied by public prices. Prints the tables of docs/deploy.md; `write` puts them there.
 */
export async function benchCost(stack: Stack, _rounds: number, { write, quick }: BenchOptions): Promise<Result[]> {
  const endpoint = createServer((request, response) => request.resume().on('end', () => response.writeHead(204).end()))
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`
  const meter = createMeter(stack)
  try {
    const measured: Measured[] = []
    for (const rate of rates) {
      // who waits for a full batch at one message a second waits for too long
      const batch = Math.min(rate, 100)
      await stack.reset([{ name: agent }])
      const key = await agentKey(stack, agent)
      const drains = await drainsAt(meter, key, rate, quick ? 1 : 20)
      const single = await pulled(meter, key, 1, quick ? 2 : messages)
      measured.push({ name: 'pull, one by one', rate, usage: added(single, drains) })
      if (batch > 1) {
        const batched = await pulled(meter, key, batch, quick ? batch : messages)
        measured.push({ name: `pull, batches of ${batch}`, rate, usage: added(batched, drains) })
      }
      await stack.reset([{ name: agent, endpoint: url }])
      measured.push({
        name: 'push',
        rate,
        usage: added(await pushed(stack, meter, await agentKey(stack, agent), quick ? 2 : messages), drains),
      })
    }
    await stack.reset([])
    const idle = await meter.measure(1, () => meter.run(() => sweep(stack.hive)))
    const bullmq = await bullmqCommands(stack, quick ? { jobs: 100, idleSeconds: 1 } : { jobs: 300, idleSeconds: 20 })
    await costTables({ measured, idle, bullmq, write })
    return []
  } finally {
    endpoint.close()
  }
}

/**
 * The part of history in a message. Each shard is drained once a second at most, with all that has come: at a low rate
 * acceptance and end of each message are drained alone, at a high one many together.
 */
async function drainsAt(meter: Meter, key: string, rate: number, rounds: number): Promise<Usage> {
  const drainsOfMessage = Math.min(2, shardCount / rate)
  const lives = Math.max(1, Math.round(1 / drainsOfMessage))
  const drain = () => meter.wake(history, { shard: shardOf(agent) })
  const fill = async () => {
    for (let i = 0; i < lives; i++) await live(meter, key, 1)
  }
  await fill()
  await drain()
  let total: Usage | undefined
  for (let round = 0; round < rounds; round++) {
    if (drainsOfMessage === 2) {
      await send(meter, key, 1)
      const first = await meter.measure(1, drain)
      const received = await meter.request(inbox, 'POST /v1/agents/{agent}/inbox/receive', {
        key,
        path: { agent },
        body: {},
      })
      const acks = (received.messages as { receipt: string }[]).map(({ receipt }) => receipt)
      await meter.request(inbox, 'POST /v1/agents/{agent}/inbox/settle', { key, path: { agent }, body: { acks } })
      const second = await meter.measure(1, drain)
      total = total ? added(total, first, second) : added(first, second)
    } else {
      await fill()
      const one = await meter.measure(1, drain)
      total = total ? added(total, one) : one
    }
  }
  const average = scaled(total as Usage, 1 / rounds / (drainsOfMessage === 2 ? 1 : lives))
  return { ...average, sqsRequests: 3 * drainsOfMessage }
}
