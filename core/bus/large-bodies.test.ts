import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { discard, getDeadLetter, listDeadLetters, redrive } from './dead-letters.ts'
import { publish } from './publish.ts'
import { tend } from './tend.ts'

let hive: TestHive
let agent: string
let inbox: ReturnType<typeof inboxOf>
let agents = 0
beforeAll(async () => {
  hive = await testHive()
})
afterAll(() => hive.dispose())
beforeEach(async () => {
  agent = `agent ${++agents}`
  inbox = inboxOf(hive, agent)
  await register(hive, agent)
})

const text = 'large ✓ "quoted" \n'.repeat(2_000)
const largeMessage = (overrides: Parameters<typeof sampleMessage>[0] = {}) =>
  sampleMessage({ to_agent: agent, body: { text }, ...overrides })

/** Bodies of the agent that live under keys of their own, with when they end. */
async function bodies(): Promise<number[]> {
  const prefix = hive.bus.keys.body(agent, '')
  const dump = await dumpKeys(hive)
  return Object.entries(dump).flatMap(([key, { expires }]) => (key.startsWith(prefix) ? [expires] : []))
}

async function die(): Promise<string> {
  await inbox.nack(await inbox.takeOne())
  const { items } = await listDeadLetters(hive, agent, { limit: 10 })
  return items[0]?.dead_letter_id ?? ''
}

describe('a body over 16 KiB', () => {
  it('lives outside the inbox hash, ends by itself, and comes back as it was sent', async () => {
    const small = sampleMessages(2, { to_agent: agent })
    const [first, second] = [largeMessage(), largeMessage()]
    await publish(hive, [...small.slice(0, 1), first, ...small.slice(1), second])
    const ends = await bodies()
    expect(ends).toHaveLength(2)
    const life = first.ttl * 1000 + hive.config.deadRetentionMs
    for (const end of ends) expect(end - hive.bus.now()).toBeGreaterThan(life)
    const inboxHash = (await dumpKeys(hive))[hive.bus.keys.inbox(agent)]
    expect(JSON.stringify(inboxHash).length).toBeLessThan(10_000)
    const taken = await inbox.take()
    expect(taken.map(({ message }) => message)).toEqual([small[0], first, small[1], second])
  })

  it('goes with its acknowledgement', async () => {
    await publish(hive, [largeMessage(), largeMessage(), ...sampleMessages(1, { to_agent: agent })])
    const [first, ...rest] = await inbox.take()
    if (!first) throw new Error('three leases')
    await inbox.ack(first)
    expect(await bodies()).toHaveLength(1)
    await inbox.ack(...rest)
    expect(await bodies()).toHaveLength(0)
  })

  it('stays while its message is tried again', async () => {
    await publish(hive, [largeMessage()])
    const first = await inbox.takeOne()
    await inbox.nack(first, { delay_seconds: 0 })
    expect((await inbox.takeOne()).message).toEqual(first.message)
  })

  it('goes when its message expires, by receive or by the sweep', async () => {
    await publish(hive, [largeMessage({ ttl: 0.02 })])
    await expect
      .poll(async () => {
        await inbox.receive({ leaseMs: 1 })
        return (await bodies()).length
      })
      .toBe(0)
    await publish(hive, [largeMessage({ ttl: 0.02 })])
    await expect
      .poll(async () => {
        await tend(hive, agent)
        return (await bodies()).length
      })
      .toBe(0)
  })

  it('of a dead letter can be read and comes back with a redrive', async () => {
    const message = largeMessage({ delivery_options: { max_attempts: 1 } })
    await publish(hive, [message])
    const id = await die()
    expect((await getDeadLetter(hive, agent, id)).message).toEqual(message)
    expect(await redrive(hive, agent, { all: true })).toBe(1)
    const [end = 0] = await bodies()
    expect(end - hive.bus.now()).toBeGreaterThan(message.ttl * 1000 + hive.config.deadRetentionMs)
    const taken = await inbox.takeOne()
    expect(taken.message).toEqual(message)
    await inbox.ack(taken)
    expect(await bodies()).toHaveLength(0)
  })

  it('goes when its dead letter is discarded', async () => {
    await publish(hive, [largeMessage({ delivery_options: { max_attempts: 1 } })])
    const id = await die()
    expect(await bodies()).toHaveLength(1)
    expect(await discard(hive, agent, { ids: [id] })).toBe(1)
    expect(await bodies()).toHaveLength(0)
  })

  it('that is gone costs its own message and no other of the same claim', async () => {
    await publish(hive, [largeMessage(), ...sampleMessages(1, { to_agent: agent })])
    const dump = await dumpKeys(hive)
    const key = Object.keys(dump).find((name) => name.startsWith(hive.bus.keys.body(agent, ''))) ?? ''
    await hive.bus.ask((redis) => redis.del(key))
    expect((await inbox.take()).map(({ message }) => message.body.text)).toEqual(['hello'])
  })
})
