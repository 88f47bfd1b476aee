import { shardOf } from '../../core/bus/keys.ts'
import { handler as deliver } from '../../functions/deliver.ts'
import { handler as inbox } from '../../functions/inbox.ts'
import { handler as publish } from '../../functions/publish.ts'
import { benchMessage } from './messages.ts'
import type { Stack } from './stack.ts'
import type { Meter, Usage } from './usage.ts'

/** Sends to itself: nothing but the message has to be looked at. */
export const agent = 'bench-cost'

/** Publish, receive and settle, `batch` messages a request. Their wakes of history are few: what waits for it is not drained. */
export async function pulled(meter: Meter, key: string, batch: number, messages: number): Promise<Usage> {
  const one = () => live(meter, key, batch)
  await one()
  return meter.measure(messages, async () => {
    for (let done = 0; done < messages; done += batch) await one()
  })
}

export async function live(meter: Meter, key: string, batch: number): Promise<void> {
  const path = { agent }
  await send(meter, key, batch)
  const received = await meter.request(inbox, 'POST /v1/agents/{agent}/inbox/receive', {
    key,
    path,
    body: { max: batch },
  })
  const acks = (received.messages as { receipt: string }[]).map(({ receipt }) => receipt)
  if (acks.length !== batch) throw new Error(`${acks.length} of ${batch} messages were received`)
  await meter.request(inbox, 'POST /v1/agents/{agent}/inbox/settle', { key, path, body: { acks } })
}

export async function send(meter: Meter, key: string, batch: number): Promise<void> {
  const own = Array.from({ length: batch }, (_, i) => ({ ...benchMessage(agent, i), from_agent: agent }))
  if (batch === 1) await meter.request(publish, 'POST /v1/messages', { key, body: own[0] })
  else await meter.request(publish, 'POST /v1/messages/batch', { key, body: { messages: own } })
}

/** Publish and one delivery to a webhook for each: the worst case, as a delivery under way takes what comes meanwhile along. */
export async function pushed(stack: Stack, meter: Meter, key: string, messages: number): Promise<Usage> {
  await send(meter, key, 1)
  await meter.wake(deliver, { agent })
  await emptyOutbox(stack)
  return meter.measure(messages, async () => {
    for (let done = 0; done < messages; done++) {
      await send(meter, key, 1)
      await meter.wake(deliver, { agent })
    }
  })
}

export async function emptyOutbox({ hive, redis }: Stack): Promise<void> {
  const shard = shardOf(agent)
  await redis.del(hive.bus.keys.outbox(shard), hive.bus.keys.outboxBytes(shard))
}
