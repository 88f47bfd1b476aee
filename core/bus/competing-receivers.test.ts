import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { HiveError } from '../errors.ts'
import { auditInboxDeeply } from './audit.ts'
import { messageStatus, type RecipientStatus } from './message-status.ts'
import { checkStructure } from './model/check-structure.ts'
import { replayOutbox } from './model/replay-outbox.ts'
import { publish } from './publish.ts'
import { decodeReceipt } from './receipt.ts'
import type { Leased } from './receive.ts'
import type { Settled } from './settle.ts'
import { tend } from './tend.ts'

const publishers = 4
const messagesOfEach = 250
const receivers = 8
/** Leases of a receiver that will be too late or dead, and of one that works, however slow the machine is. */
const leaseMs = { dead: 15, late: 15, alive: 20_000 }
const attempts = 4

let hive: TestHive
beforeAll(async () => {
  hive = await testHive()
})
afterAll(() => hive.dispose())

/** One hand-over, in ms by Redis's clock. */
type Lease = {
  id: string
  number: number
  attempt: number
  from: number
  /** When it ran out. */
  until: number
  /** What its receipt was good for; when, for one that came back. */
  settled?: { outcome: string; at: number | undefined }
}

const random = (most: number) => Math.floor(Math.random() * (most + 1))

const fate = () => (['dead', 'late', 'alive', 'alive', 'alive'] as const)[random(4)] ?? 'alive'

function leaseOf({ message, attempt, receipt, leased_until }: Leased, ms: number): Lease {
  const until = Date.parse(leased_until)
  return { id: message.message_id, number: decodeReceipt(receipt)?.lease ?? 0, attempt, from: until - ms, until }
}

/** Publishes the messages of one sender: some with an ordering key, some with a short life, some batches twice. */
async function publishAll(sender: string, agent: string): Promise<void> {
  for (let sent = 0; sent < messagesOfEach; ) {
    const batch = Array.from({ length: Math.min(1 + random(9), messagesOfEach - sent) }, () =>
      sampleMessage({
        message_id: `${sender} ${++sent}`,
        from_agent: sender,
        to_agent: agent,
        priority: (1 + random(3)) as 1 | 2 | 3 | 4,
        ttl: random(7) === 0 ? 0.05 : 3600,
        delivery_options: {
          max_attempts: attempts,
          ...(random(2) === 0 ? { ordering_key: `key ${random(5)}` } : {}),
        },
      }),
    )
    await publish(hive, batch)
    if (random(4) === 0) await publish(hive, batch)
  }
}

/**
 * Receives until `done` and nothing is left. It handles most of what it gets, and refuses some; now and then it never
 * comes back, or when the lease may be over already.
 */
async function work(agent: string, done: () => boolean, history: Lease[]): Promise<void> {
  const inbox = inboxOf(hive, agent)
  for (;;) {
    const last = done()
    const end = fate()
    const { messages, counts } = await inbox.receive({ max: 1 + random(5), leaseMs: leaseMs[end] })
    if (messages.length === 0 && last && counts.ready + counts.held + counts.delayed + counts.leased === 0) return
    const chosen = messages.map((leased) => ({ leased, lease: leaseOf(leased, leaseMs[end]) }))
    history.push(...chosen.map(({ lease }) => lease))
    if (end === 'dead' || chosen.length === 0) continue
    if (end === 'late') await hive.clock.sleep(random(2 * leaseMs.late))
    const acks = chosen.filter(() => random(4) > 0)
    const nacks = chosen.filter((one) => !acks.includes(one))
    const delayMs = random(3)
    const settling = inbox.settle({
      acks: acks.map(({ leased }) => leased.receipt),
      nacks: nacks.map(({ leased }) => ({ receipt: leased.receipt, delay_seconds: delayMs / 1000 })),
    })
    const answer = await settling.catch(staleAsNone)
    for (const [i, result] of answer.results.entries()) {
      const one = [...acks, ...nacks][i]
      if (!one || 'error' in result) continue
      const at = result.next_attempt_at === undefined ? undefined : Date.parse(result.next_attempt_at) - delayMs
      one.lease.settled = { outcome: result.outcome, at }
    }
  }
}

function staleAsNone(error: unknown): Pick<Settled, 'results'> {
  if (error instanceof HiveError && error.code === 'receipt.stale') return { results: [] }
  throw error
}

describe('receivers that compete for one inbox', () => {
  it('never hold the same message at once, and every message ends', { timeout: 60_000 }, async () => {
    const agent = 'worker'
    await register(hive, agent)
    const history: Lease[] = []
    let open = publishers
    const senders = Array.from({ length: publishers }, (_, i) => `sender ${i}`)
    await Promise.all([
      ...senders.map((sender) => publishAll(sender, agent).then(() => open--)),
      ...Array.from({ length: receivers }, () => work(agent, () => open === 0, history)),
    ])

    const total = publishers * messagesOfEach
    const { counts, counters, violations } = await auditInboxDeeply(hive, agent)
    expect(violations).toEqual([])
    expect(await checkStructure(hive, agent)).toEqual([])
    expect({ ...counts, dead: 0 }).toEqual({ ready: 0, held: 0, delayed: 0, leased: 0, dead: 0 })
    expect(counters.accepted).toBe(total)
    expect(counters.delivered + counters.expired + counts.dead).toBe(total)
    const outbox = replayOutbox(hive, [agent])
    await outbox.drain()
    expect(outbox.violations).toEqual([])
    expect(outbox.messages.size).toBe(total)

    const byMessage = Map.groupBy(history, ({ id }) => id)
    for (const [name, replayed] of outbox.messages) {
      const [, sender = '', id = ''] = name.split('\n')
      const leases = (byMessage.get(id) ?? []).sort((a, b) => a.number - b.number)
      // each lease is the next attempt: nobody was told of one that another receiver was told of, and none got lost
      expect(leases.map(({ attempt }) => attempt)).toEqual(leases.map((_, i) => i + 1))
      expect(leases.map(({ number }) => number)).toEqual(leases.map((_, i) => i + 1))
      for (const [i, { settled, from, until }] of leases.entries()) {
        // a valid receipt ends with its settlement or with its time, whichever comes first
        const end = settled?.at ?? until
        expect(end).toBeGreaterThanOrEqual(from)
        expect(end).toBeLessThanOrEqual(until)
        const next = leases[i + 1]
        if (!next) continue
        expect(['lease expired', 'retrying']).toContain(settled?.outcome ?? 'lease expired')
        expect(next.from).toBeGreaterThanOrEqual(end)
      }

      const told = (await messageStatus(hive, sender, id)).recipients[0] as RecipientStatus
      expect([told.status, told.attempts]).toEqual([replayed.status, replayed.attempts])
      expect(told.attempts).toBe(leases.length)
      const last = leases.at(-1)
      expect(told.status === 'delivered').toBe(last?.settled?.outcome === 'delivered')
      if (told.status === 'failed') expect(leases).toHaveLength(attempts)
      const lifeEnds = Date.parse(told.expires_at)
      for (const { from } of leases) expect(from).toBeLessThan(lifeEnds)
      const settledAt = Date.parse(told.settled_at ?? '')
      if (told.status === 'expired') expect(settledAt).toBeGreaterThanOrEqual(lifeEnds)
      if (told.status === 'delivered' && last) {
        expect(settledAt).toBeGreaterThanOrEqual(last.from)
        expect(settledAt).toBeLessThan(last.until)
      }
    }
  })

  it('give each message of an ordering key to one of them at a time, in order', { timeout: 60_000 }, async () => {
    const agent = 'ordered worker'
    await register(hive, agent)
    const keys = ['a', 'b', 'c']
    const each = 60
    const history: (Lease & { key: string; place: number; acked: boolean })[] = []
    let left = keys.length * each
    const publishing = keys.map(async (key) => {
      for (let place = 1; place <= each; place++) {
        const options = { ordering_key: key, max_attempts: 100 }
        const priority = (1 + random(3)) as 1 | 2 | 3 | 4
        await publish(hive, [sampleMessage({ to_agent: agent, priority, body: { place }, delivery_options: options })])
      }
    })
    const consuming = Array.from({ length: receivers }, async () => {
      const inbox = inboxOf(hive, agent)
      while (left > 0) {
        const end = fate()
        const taken = await inbox.take({ max: 3, leaseMs: leaseMs[end] })
        const together = taken.map(({ message }) => message.delivery_options.ordering_key ?? '')
        expect(new Set(together).size).toBe(together.length)
        for (const [i, leased] of taken.entries()) {
          const place = Number(leased.message.body.place)
          const entry = { ...leaseOf(leased, leaseMs[end]), key: together[i] ?? '', place, acked: false }
          history.push(entry)
          if (end === 'dead') continue
          if (end === 'late') await hive.clock.sleep(random(2 * leaseMs.late))
          const { results } = await inbox.ack(leased).catch(staleAsNone)
          if (results.length === 0) continue
          entry.acked = true
          left--
        }
      }
    })
    await Promise.all([...publishing, ...consuming])
    for (const key of keys) {
      const leases = history.filter((lease) => lease.key === key)
      leases.sort((a, b) => a.place - b.place || a.number - b.number)
      expect(leases.filter(({ acked }) => acked).map(({ place }) => place)).toEqual(
        Array.from({ length: each }, (_, i) => i + 1),
      )
      for (const [i, { id, acked, until }] of leases.entries()) {
        // the next lease of the key, of this message or of the one behind it
        const next = leases[i + 1]
        if (!next) continue
        const { recipients } = await messageStatus(hive, 'ann', id)
        expect(next.from).toBeGreaterThanOrEqual(acked ? Date.parse(recipients[0]?.settled_at ?? '') : until)
      }
    }
    await tend(hive, agent)
    expect((await auditInboxDeeply(hive, agent)).violations).toEqual([])
    expect(await checkStructure(hive, agent)).toEqual([])
  })
})
