import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { borrow } from '../../test/borrow.ts'
import { dumpKeys } from '../../test/dump-keys.ts'
import { testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import type { Hive } from '../hive.ts'
import { encodeEnvelope } from '../protocol/envelope.ts'
import { discard, redrive } from './dead-letters.ts'
import { shardOf } from './keys.ts'
import { messageStatus } from './message-status.ts'
import { commitOutbox, readOutbox } from './outbox.ts'
import { publish } from './publish.ts'
import { claimDelivery } from './receive.ts'
import { settleActions } from './settle.ts'
import { tend } from './tend.ts'

async function drain(hive: Hive, agents: string[]): Promise<void> {
  for (const shard of new Set(agents.map(shardOf))) {
    for (;;) {
      const page = await readOutbox(hive, shard, 100)
      if (page.ids.length === 0 || (await commitOutbox(hive, shard, page)).empty) break
    }
  }
}

describe('after retention', () => {
  it('nothing is left but one hash for each registered agent', async () => {
    const hive = await testHive({
      statusRetentionMs: 200,
      deadRetentionMs: 200,
      shortLifeMs: 800,
      dedupMarginMs: 100,
      wakeGraceMs: 50,
    })
    onTestFinished(() => hive.dispose())
    const agents = ['ann', 'bob', 'push']
    await register(hive, agents.slice(0, 2))
    await register(hive, 'push', { endpoint: 'https://agent.example/hook' })
    // in each state that a message can be in, and out of it by every way
    const inbox = inboxOf(hive, 'bob')
    const ttl = 0.8
    const once = { max_attempts: 1 }
    const large = { text: 'x'.repeat(20_000) }
    await publish(hive, [
      ...sampleMessages(3, { ttl, correlation_id: 'c', causation_id: 'x' }),
      sampleMessage({ ttl, body: large }),
      ...sampleMessages(3, { ttl, delivery_options: once }),
      sampleMessage({ ttl, body: large, delivery_options: once }),
    ])
    const [a, b, c, d, ...doomed] = await inbox.take({ leaseMs: 1_000 })
    if (!a || !b || !c || !d) throw new Error('eight leases')
    await inbox.settle({
      acks: [a.receipt, d.receipt],
      nacks: [{ receipt: b.receipt, delay_seconds: 0.1 }, ...doomed.map(({ receipt }) => ({ receipt }))],
    })
    const [one] = doomed
    await redrive(hive, 'bob', { ids: one ? [one.receipt.split('.')[0] ?? ''] : [] })
    await discard(hive, 'bob', { ids: [doomed[1]?.receipt.split('.')[0] ?? ''] })
    await publish(hive, [
      ...sampleMessages(3, { ttl, delivery_options: { ordering_key: 'k' } }),
      sampleMessage({ ttl, delivery_options: { delay_seconds: 0.1 } }),
      sampleMessage({ ttl: 0.05, body: large }),
      sampleMessage({ ttl, to_agent: 'push', delivery_options: { lease_seconds: 0.5 } }),
    ])
    const delivery = { id: 'one', leaseMs: 1_000 }
    const { messages } = await claimDelivery(hive, 'push', { max: 10, delivery })
    const acks = messages.map(({ receipt }) => ({ action: 'a' as const, receipt, ms: 0, reason: '', field: '' }))
    await settleActions(hive, 'push', acks, { id: 'one', last: true, breaker: { failures: 0, openUntilMs: 0 } })
    await inbox.receive({ correlationId: 'nothing of it', waitMs: 1 })
    const full = Object.keys(await dumpKeys(hive))
    expect(full.length).toBeGreaterThan(12)

    const permanent = agents.map((agent) => hive.bus.keys.inbox(agent))
    await expect
      .poll(
        async () => {
          for (const agent of agents) await tend(hive, agent)
          await drain(hive, agents)
          return Object.keys(await dumpKeys(hive))
        },
        { interval: 100 },
      )
      .toEqual(permanent.sort())

    // and in it only what is known of the agent, and its counters
    const fields = Object.keys((await dumpKeys(hive))[hive.bus.keys.inbox('bob')]?.value as object)
    expect(fields.filter((field) => /\d|:/.test(field))).toEqual([])
  })

  it('a status can be asked for that long, and then is unknown', async () => {
    const hive = await testHive({ statusRetentionMs: 400, shortLifeMs: 100, dedupMarginMs: 50 })
    onTestFinished(() => hive.dispose())
    await register(hive, 'bob')
    const message = sampleMessage({ ttl: 0.1 })
    const [published] = await publish(hive, [message])
    const ask = () =>
      messageStatus(hive, 'ann', message.message_id).then(
        ({ recipients }) => recipients[0]?.status,
        ({ code }) => code,
      )
    await tend(hive, 'bob')
    let known = hive.bus.now()
    for (;;) {
      await tend(hive, 'bob')
      const asked = hive.bus.now()
      const status = await ask()
      if (status === 'message.unknown') break
      known = asked
    }
    expect(known - Date.parse(published?.accepted_at ?? '')).toBeGreaterThan(100 + 400 - 100)
  })
})

describe('memory', () => {
  it('of a message is bounded: so many bytes while it waits, when it is settled, and in the ledger', async () => {
    const hive = await testHive()
    onTestFinished(() => hive.dispose())
    await register(hive, 'bob')
    const redis = new Redis(await borrow('redis'))
    onTestFinished(() => redis.disconnect())
    const count = 2_000
    const envelope = Buffer.byteLength(encodeEnvelope(sampleMessage()))
    const memory = async (pattern: RegExp) => {
      let sum = 0
      for (const key of Object.keys(await dumpKeys(hive))) {
        if (pattern.test(key)) sum += Number(await redis.memory('USAGE', key, 'SAMPLES', 0))
      }
      return sum / count
    }
    for (let i = 0; i < count; i += 100) await publish(hive, sampleMessages(100))
    const waiting = await memory(/bob\}:(inbox|ready|timers)/)
    const outbox = await memory(/:outbox/)
    const inbox = inboxOf(hive, 'bob')
    const leases = []
    for (let i = 0; i < count; i += 100) leases.push(await inbox.take())
    const leased = await memory(/bob\}:(inbox|ready|timers|request)/)
    for (const taken of leases) await inbox.ack(...taken)
    const table = {
      envelope,
      waiting,
      leased,
      outbox,
      ledger: await memory(/:sent:/),
      outcome: await memory(/:settled:/),
      'after ack': await memory(/bob\}:(inbox|ready|timers|dead)/),
    }
    console.info('bytes a message:', table)
    expect(table.waiting).toBeLessThan(envelope + 600)
    expect(table.ledger).toBeLessThan(300)
    expect(table.outcome).toBeLessThan(300)
    expect(table['after ack']).toBeLessThan(10)
    await drain(hive, ['bob'])
    expect(await memory(/:outbox/)).toBe(0)
  })
})
