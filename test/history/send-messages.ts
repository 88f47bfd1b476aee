import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { Accepted, PublishOp, Sent } from './history.ts'
import type { HiveClient } from './hive-client.ts'
import type { PlannedBatch } from './plan-messages.ts'

/** How often a sender comes back to a recipient that has no room. */
const mostRefusals = 40

/** Publishes what a sender has planned, one batch after the other, and notes every attempt. */
export async function sendMessages(
  call: HiveClient,
  { key, batches, random, note }: { key: string; batches: PlannedBatch[]; random: Random; note(op: PublishOp): void },
): Promise<void> {
  const publish = async (messages: Sent[], options: { conflicting?: boolean; hangUpAfterMs?: number } = {}) => {
    const { conflicting = false, hangUpAfterMs } = options
    const wire = messages.map((message) => toWire(message, conflicting))
    const [only] = wire
    const answer = await call('POST', wire.length === 1 ? '/v1/messages' : '/v1/messages/batch', {
      key,
      body: wire.length === 1 ? only : { messages: wire },
      ...(hangUpAfterMs === undefined ? {} : { hangUpAfterMs }),
    })
    const { outcome, start, end, code } = answer
    note({
      kind: 'publish',
      outcome,
      start,
      end,
      code,
      conflicting,
      ids: messages.map(({ id }) => id),
      accepted: outcome === 'ok' ? acceptedIn(answer.body) : [],
    })
    return answer
  }

  for (const { pauseMs, messages, attempts, again, hangsUp } of batches) {
    await delay(pauseMs)
    let accepted = false
    let refusals = 0
    for (let attempt = 1; !accepted && attempt <= attempts && refusals < mostRefusals; ) {
      const hangUp = hangsUp && attempt === 1 ? { hangUpAfterMs: random.int(1, 8) } : {}
      const { outcome } = await publish(messages, hangUp)
      if (outcome === 'ok') accepted = true
      else if (outcome === 'failed') refusals++
      else attempt++
      if (!accepted) await delay(random.int(5, 120))
    }
    if (again === 'the same' && accepted) await publish(messages)
    if (again === 'other content' && accepted) await publish(messages, { conflicting: true })
  }
}

function toWire(message: Sent, conflicting: boolean): object {
  return {
    message_id: message.id,
    from_agent: message.from,
    to_agent: message.to,
    message_type: message.type,
    priority: message.priority,
    ttl: message.ttlMs / 1000,
    body: { content: conflicting ? `${message.content} but other` : message.content },
    ...(message.correlationId === undefined ? {} : { correlation_id: message.correlationId }),
    delivery_options: {
      delay_seconds: message.delayMs / 1000,
      max_attempts: message.maxAttempts,
      lease_seconds: 0.6,
      backoff: { type: 'fixed', base_seconds: 0.05 },
      ...(message.orderingKey === undefined ? {} : { ordering_key: message.orderingKey }),
    },
  }
}

type Told = { message_id: string; accepted_at: string; duplicate: boolean; routed_to?: string }

function acceptedIn(body: unknown): Accepted[] {
  const told = (body as { results?: Told[] }).results ?? [body as Told]
  return told.map(({ message_id, accepted_at, duplicate, routed_to }) => ({
    id: message_id,
    acceptedAt: Date.parse(accepted_at),
    duplicate,
    ...(routed_to === undefined ? {} : { routedTo: routed_to }),
  }))
}
