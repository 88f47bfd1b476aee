import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import type { Priority } from '../protocol/priority.ts'
import { publish } from './publish.ts'
import { decodeReceipt } from './receipt.ts'
import type { Leased } from './receive.ts'

const leaseMs = 60_000
/** By priority, in µs. */
const offsets = [0, 30_000, 15_000, 5_000, 0]

let hive: TestHive
let agent: string
let inbox: ReturnType<typeof inboxOf>
let agents = 0
beforeAll(async () => {
  hive = await testHive({ offsetHighMs: 5, offsetMediumMs: 15, offsetLowMs: 30 })
})
afterAll(() => hive.dispose())
beforeEach(nextAgent)

async function nextAgent(): Promise<void> {
  agent = `agent ${++agents}`
  inbox = inboxOf(hive, agent)
  await register(hive, agent)
}

/** One hand-over as order looks at it; times in µs by Redis's clock. */
type HandedOver = {
  accepted: number
  /** In whole ms: what was accepted before lay ready. */
  at: number
  priority: Priority
  publisher: string
  number: number
}

function handedOver({ receipt, leased_until, message }: Leased): HandedOver {
  return {
    // the sequence of a message is its acceptance
    accepted: Number(decodeReceipt(receipt)?.sequence),
    at: (Date.parse(leased_until) - leaseMs) * 1000,
    priority: message.priority,
    publisher: message.from_agent,
    number: Number(message.body.number),
  }
}

const handicapOf = ({ priority }: HandedOver) => offsets[priority] ?? 0
const placeOf = (message: HandedOver) => message.accepted + handicapOf(message)

/** Pairs in which the first was handed over although the second lay there and came first. */
function overtakings(order: HandedOver[], isBefore: (a: HandedOver, b: HandedOver) => boolean) {
  const found: [HandedOver, HandedOver][] = []
  for (const [i, first] of order.entries()) {
    for (const second of order.slice(i + 1)) {
      const lay = second.accepted < first.at
      if (isBefore(first, second) && lay && placeOf(second) < placeOf(first)) found.push([first, second])
    }
  }
  return found
}

/** Hands over and acknowledges whatever comes, `max` at a time, until `done` and nothing is left. */
async function consume(max: number, done: () => boolean): Promise<HandedOver[]> {
  const order: HandedOver[] = []
  for (;;) {
    const last = done()
    const taken = await inbox.take({ max, leaseMs })
    if (taken.length === 0 && last) return order
    order.push(...taken.map(handedOver))
    if (taken.length > 0) await inbox.ack(...taken)
  }
}

/** Publishes batches one after the other, numbered from 1, until `done`. Returns how many messages. */
async function flood(publisher: string, batch: () => Priority[], done: (sent: number) => boolean): Promise<number> {
  let number = 0
  while (!done(number)) {
    const messages = batch().map((priority) =>
      sampleMessage({ from_agent: publisher, to_agent: agent, priority, body: { number: ++number } }),
    )
    await publish(hive, messages)
  }
  return number
}

const random = (least: number, most: number) => least + Math.floor(Math.random() * (most - least + 1))
const times = (count: number, priority: Priority): Priority[] => Array.from({ length: count }, () => priority)

describe('overtaking', () => {
  it('is exactly what acceptance and the offset of the priority say, retries included', async () => {
    const batches = fc.array(fc.array(fc.constantFrom<Priority>(1, 2, 3, 4), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 60,
      size: 'max',
    })
    await fc.assert(
      fc.asyncProperty(batches, fc.nat(100), async (priorities, tried) => {
        await nextAgent()
        const left = [...priorities]
        const sent = await flood(
          'ann',
          () => left.shift() ?? [],
          () => left.length === 0,
        )
        // those that were refused at once keep their place
        if (tried > 0) {
          const taken = await inbox.take({ max: tried, leaseMs })
          await inbox.settle({ nacks: taken.map(({ receipt }) => ({ receipt, delay_seconds: 0 })) })
        }
        const order = await consume(100, () => true)
        expect(order).toHaveLength(sent)
        expect(order).toEqual([...order].sort((a, b) => placeOf(a) - placeOf(b)))
      }),
      { numRuns: 12 },
    )
  })

  it('never goes beyond the offsets while a flood of CRITICAL outruns the receiver', async () => {
    const flooded = 2_000
    let sent = 0
    let open = 3
    const close = (count: number) => {
      sent += count
      open--
    }
    const [order] = await Promise.all([
      consume(8, () => open === 0),
      flood(
        'flood',
        () => times(random(10, 30), 4),
        (count) => count >= flooded,
      ).then(close),
      flood(
        'ann',
        () => times(random(1, 2), random(1, 3) as Priority),
        () => open < 3,
      ).then(close),
      flood(
        'bob',
        () => [random(1, 4) as Priority],
        () => open < 3,
      ).then(close),
    ])
    expect(order).toHaveLength(sent)
    expect(overtakings(order, () => true)).toEqual([])

    // LOW is not starved: whatever was accepted more than its offset later went after it
    const low = order.flatMap((message, place) => (message.priority === 1 ? [{ message, place }] : []))
    expect(low.length).toBeGreaterThan(10)
    for (const { message, place } of low) {
      const early = order.slice(0, place).filter((other) => other.accepted > message.accepted + 30_000)
      expect(early).toEqual([])
    }
    const lastCritical = order.findLastIndex(({ publisher }) => publisher === 'flood')
    expect(low.filter(({ place }) => place < lastCritical).length).toBeGreaterThan(low.length / 2)
  })

  it('never happens inside a priority: first in, first out, whoever publishes', async () => {
    let open = 4
    const publishers = ['ann', 'bob', 'cyd', 'dan'].map((name) =>
      flood(
        name,
        () => Array.from({ length: random(1, 5) }, () => random(1, 4) as Priority),
        (count) => count >= 200,
      ).then(() => open--),
    )
    const [order] = await Promise.all([consume(7, () => open === 0), ...publishers])
    for (const priority of [1, 2, 3, 4]) {
      const same = order.filter((message) => message.priority === priority)
      expect(same).toEqual([...same].sort((a, b) => a.accepted - b.accepted))
      for (const name of ['ann', 'bob', 'cyd', 'dan']) {
        const numbers = same.filter(({ publisher }) => publisher === name).map(({ number }) => number)
        expect(numbers.length).toBeGreaterThan(0)
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      }
    }
  })

  it('keeps within the offsets for receivers side by side', async () => {
    let open = 2
    const publishers = ['ann', 'bob'].map((name) =>
      flood(
        name,
        () => Array.from({ length: random(1, 20) }, () => random(1, 4) as Priority),
        (count) => count >= 600,
      ).then(() => open--),
    )
    const receivers = Array.from({ length: 4 }, () => consume(5, () => open === 0))
    await Promise.all(publishers)
    const order = (await Promise.all(receivers)).flat().sort((a, b) => a.at - b.at)
    // Redis's clock orders the hand-overs of different receivers to the ms
    expect(overtakings(order, (first, second) => first.at < second.at)).toEqual([])
  })
})
