import { describe, expect, it, onTestFinished } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { runWakes } from '../../test/run-wakes.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { heartbeat } from '../bus/heartbeat.ts'
import { messageStatus } from '../bus/message-status.ts'
import { publish } from '../bus/publish.ts'
import { claimDelivery } from '../bus/receive.ts'
import { handOver } from '../bus/relay/hand-over.ts'
import { openRelay } from '../bus/relay/open-relay.ts'
import { projectCapability } from '../bus/relay/project-capability.ts'
import { tend } from '../bus/tend.ts'
import { HiveError } from '../errors.ts'
import { routeWaiting } from './route-waiting.ts'
import { sweep } from './sweep.ts'

async function start(overrides: Parameters<typeof testHive>[0] = {}): Promise<TestHive> {
  const hive = await testHive(overrides)
  onTestFinished(() => hive.dispose())
  await register(hive, ['ann', 'bob', 'cy', 'dee'])
  return hive
}

let version = 0
async function declare(hive: TestHive, agent: string, proficiency: number | null, capability = 'paint') {
  await projectCapability(hive, { capability, agent, version: String(++version), proficiency })
}
async function live(hive: TestHive, ...agents: string[]) {
  for (const agent of agents) await heartbeat(hive, agent)
}

const toPainter = (overrides: Parameters<typeof sampleMessage>[0] = {}) =>
  sampleMessage({ to_agent: 'capability:paint', ...overrides })
const waiting = { delivery_options: { wait_for_recipient: true } }

describe('a message to a capability', () => {
  it('goes to the most proficient live agent', async () => {
    const hive = await start()
    await declare(hive, 'bob', 3)
    await declare(hive, 'cy', 9)
    await declare(hive, 'dee', 10)
    await live(hive, 'bob', 'cy')
    const message = toPainter()
    const [published] = await publish(hive, [message])
    expect(published).toMatchObject({ to_agent: 'capability:paint', routed_to: 'cy', duplicate: false })
    expect((await inboxOf(hive, 'cy').takeOne()).message).toEqual(message)
    expect((await messageStatus(hive, 'ann', message.message_id)).recipients).toMatchObject([
      { agent: 'cy', state: 'leased' },
    ])
  })

  it('goes to the one with the fewest messages waiting among equals, within a batch too', async () => {
    const hive = await start()
    for (const agent of ['bob', 'cy', 'dee']) await declare(hive, agent, 5)
    await live(hive, 'bob', 'cy', 'dee')
    await publish(hive, [sampleMessage({ to_agent: 'bob' }), sampleMessage({ to_agent: 'bob' })])
    const batch = await publish(hive, [toPainter(), toPainter(), toPainter(), toPainter()])
    expect(batch.map(({ routed_to }) => routed_to).sort()).toEqual(['cy', 'cy', 'dee', 'dee'])
    expect(await publish(hive, [toPainter()])).toMatchObject([{ routed_to: 'bob' }])
  })

  it('stays where it went when it is published again, whoever is better by then or none is live', async () => {
    const hive = await start({ agentLiveMs: 300 })
    await declare(hive, 'bob', 3)
    await live(hive, 'bob')
    const message = toPainter()
    await publish(hive, [message])
    await declare(hive, 'cy', 9)
    await live(hive, 'cy')
    const again = { duplicate: true, routed_to: 'bob', status: 'pending' }
    expect(await publish(hive, [message])).toMatchObject([again])
    await expect
      .poll(() =>
        publish(hive, [toPainter()]).then(
          () => '',
          ({ code }) => code,
        ),
      )
      .toBe('capability.unavailable')
    expect(await publish(hive, [message])).toMatchObject([again])
    await inboxOf(hive, 'bob').ack(await inboxOf(hive, 'bob').takeOne())
    expect(await publish(hive, [message])).toMatchObject([{ ...again, status: 'delivered' }])
  })

  it('is refused when no live agent can do it, and leaves nothing behind', async () => {
    const hive = await start()
    await declare(hive, 'bob', 3)
    const before = Object.keys(await dumpKeys(hive))
    await expect(publish(hive, [sampleMessage(), toPainter()])).rejects.toMatchObject({
      code: 'capability.unavailable',
      errors: [{ field: 'to_agent', message: expect.stringContaining('"paint"') }],
    })
    expect(Object.keys(await dumpKeys(hive))).toEqual(before)
  })

  it('passes over agents that are disabled, withdrew, or have a full inbox', async () => {
    const hive = await start({ inboxMaxMessages: 1 })
    await declare(hive, 'ann', 10)
    await declare(hive, 'bob', 9)
    await declare(hive, 'cy', 8)
    await declare(hive, 'dee', 7)
    await live(hive, 'ann', 'bob', 'cy', 'dee')
    await register(hive, 'ann', { disabled: true, version: 2 })
    await declare(hive, 'bob', null)
    await publish(hive, [sampleMessage({ to_agent: 'cy' })])
    expect(await publish(hive, [toPainter()])).toMatchObject([{ routed_to: 'dee' }])
    await expect(publish(hive, [toPainter()])).rejects.toMatchObject({ code: 'inbox.full' })
  })

  it('is refused for its full agents, however many there are', async () => {
    const hive = await start({ inboxMaxMessages: 1 })
    const agents = Array.from({ length: 60 }, (_, i) => `painter ${i}`)
    await register(hive, agents, { endpoint: 'https://agent.example/hook' })
    for (const agent of agents) await declare(hive, agent, 5)
    for (const to_agent of agents) await publish(hive, [sampleMessage({ to_agent })])
    await expect(publish(hive, [toPainter()])).rejects.toMatchObject({ code: 'inbox.full' })
    // a batch that is more than an inbox takes is passed on, or refused by name
    const [last] = agents
    await inboxOf(hive, last ?? '').ack(await inboxOf(hive, last ?? '').takeOne())
    await expect(publish(hive, [toPainter(), toPainter()])).rejects.toMatchObject({ code: 'inbox.full' })
    expect(await publish(hive, [toPainter()])).toMatchObject([{ routed_to: last }])
  })

  it('goes to an agent with an endpoint although it gave no sign of life', async () => {
    const hive = await start()
    await declare(hive, 'bob', 3)
    await register(hive, 'bob', { endpoint: 'https://agent.example/hook', version: 2 })
    expect(await publish(hive, [toPainter()])).toMatchObject([{ routed_to: 'bob' }])
  })

  it('an older version of a declaration changes nothing', async () => {
    const hive = await start()
    await live(hive, 'bob')
    await projectCapability(hive, { capability: 'paint', agent: 'bob', version: '12', proficiency: null })
    await projectCapability(hive, { capability: 'paint', agent: 'bob', version: '11', proficiency: 4 })
    await expect(publish(hive, [toPainter()])).rejects.toMatchObject({ code: 'capability.unavailable' })
  })
})

describe('a message that may wait for an agent', () => {
  it('is refused where messages wait for as many capabilities as may be waited for', async () => {
    const hive = await start({ maxWaitingCapabilities: 2 })
    const to = (capability: string) =>
      publish(hive, [sampleMessage({ ...waiting, to_agent: `capability:${capability}` })])
    await to('a')
    await to('b')
    await to('b')
    await expect(to('c')).rejects.toMatchObject({ code: 'waiting.full', status: 429, retryAfter: 60 })
    await live(hive, 'bob')
    await declare(hive, 'bob', 1, 'a')
    await runWakes(hive)
    await to('c')
  })

  it('waits until one declares the capability, then goes to it alone, and takes its relay with it', async () => {
    const hive = await start()
    const messages = [toPainter(waiting), toPainter(waiting)]
    const [first] = messages
    const published = await publish(hive, messages)
    expect(published[0]).toMatchObject({ status: 'pending' })
    expect(published[0]).not.toHaveProperty('routed_to')
    await runWakes(hive)
    expect((await messageStatus(hive, 'ann', first?.message_id ?? '')).recipients).toMatchObject([
      { agent: 'capability:paint', status: 'pending', waiting: { because: 'no live agent can do it' } },
    ])
    await live(hive, 'bob', 'cy')
    await declare(hive, 'bob', 3)
    await declare(hive, 'cy', 3)
    await runWakes(hive)
    const taken = [...(await inboxOf(hive, 'bob').take()), ...(await inboxOf(hive, 'cy').take())]
    expect(taken.map(({ message }) => message.message_id).sort()).toEqual(messages.map((m) => m.message_id).sort())
    const [status] = (await messageStatus(hive, 'ann', first?.message_id ?? '')).recipients
    expect(status).toMatchObject({ state: 'leased', agent: expect.stringMatching(/^(bob|cy)$/) })
    expect(await publish(hive, messages)).toMatchObject([
      { duplicate: true, routed_to: status?.agent, status: 'pending' },
      { duplicate: true },
    ])
    const left = Object.keys(await dumpKeys(hive))
    expect(left).not.toContain(hive.bus.keys.inbox('capability:paint'))
    expect(left).not.toContain(hive.bus.keys.waiting)
  })

  it('is found by the sweep once an agent that had declared it is live', async () => {
    const hive = await start()
    await declare(hive, 'bob', 3)
    const message = toPainter({ ...waiting, body: { text: 'x'.repeat(20_000) } })
    await publish(hive, [message])
    await sweep(hive)
    await runWakes(hive)
    expect(await inboxOf(hive, 'bob').take()).toEqual([])
    await live(hive, 'bob')
    await sweep(hive)
    await runWakes(hive)
    const leased = await inboxOf(hive, 'bob').takeOne()
    expect(leased.message).toEqual(message)
    await inboxOf(hive, 'bob').ack(leased)
    expect(Object.keys(await dumpKeys(hive)).filter((key) => key.includes(':shared:'))).toEqual([])
  })

  it('is found by the sweep although another capability could not be looked after', async () => {
    const hive = await start()
    await declare(hive, 'bob', 3)
    await declare(hive, 'bob', 3, 'write')
    const messages = [toPainter(waiting), sampleMessage({ ...waiting, to_agent: 'capability:write' })]
    await publish(hive, messages)
    await runWakes(hive)
    await live(hive, 'bob')
    const { run } = hive.bus
    let failures = 1
    hive.bus.run = async (script, ...call) => {
      if (script.name === 'close-relay' && failures-- > 0) throw new HiveError('redis.unavailable', 'Redis is away.')
      return run(script, ...call)
    }
    await sweep(hive)
    await runWakes(hive)
    expect(await inboxOf(hive, 'bob').take()).toHaveLength(1)
    await sweep(hive)
    await runWakes(hive)
    expect(await inboxOf(hive, 'bob').take()).toHaveLength(1)
  })

  it('expires when nobody comes, and then nothing waits any more', async () => {
    const hive = await start()
    const message = toPainter({ ...waiting, ttl: 0.2 })
    await publish(hive, [message])
    await expect
      .poll(async () => {
        await tend(hive, 'capability:paint')
        return Object.keys(await dumpKeys(hive))
      })
      .not.toContain(hive.bus.keys.inbox('capability:paint'))
    expect(await messageStatus(hive, 'ann', message.message_id)).toMatchObject({ recipients: [{ status: 'expired' }] })
    expect(Object.keys(await dumpKeys(hive))).not.toContain(hive.bus.keys.waiting)
  })

  it('waits for room where all who can do it are full', async () => {
    const hive = await start({ inboxMaxMessages: 1, relayRetryMs: 50 })
    await declare(hive, 'bob', 3)
    await live(hive, 'bob')
    await publish(hive, [sampleMessage()])
    const message = toPainter(waiting)
    await publish(hive, [message])
    await runWakes(hive)
    await inboxOf(hive, 'bob').ack(await inboxOf(hive, 'bob').takeOne())
    await expect
      .poll(async () => {
        await routeWaiting(hive, 'paint')
        return (await inboxOf(hive, 'bob').take()).map((leased) => leased.message.message_id)
      })
      .toEqual([message.message_id])
  })

  it('keeps its place while all who can do it are full, and says so', async () => {
    const hive = await start({ inboxMaxMessages: 4, relayRetryMs: 1_000 })
    await declare(hive, 'bob', 3)
    await live(hive, 'bob')
    await publish(hive, sampleMessages(4))
    const urgent = toPainter({ ...waiting, priority: 4 })
    const messages = [toPainter({ ...waiting, priority: 1 }), toPainter(waiting), toPainter(waiting)]
    for (const message of messages) await publish(hive, [message])
    await runWakes(hive)
    // what comes later and is urgent goes first although the others have been tried
    await publish(hive, [urgent])
    const [status] = (await messageStatus(hive, 'ann', urgent.message_id)).recipients
    expect(status).toMatchObject({
      status: 'pending',
      attempts: 0,
      max_attempts: 5,
      waiting: { because: expect.stringContaining('were full'), ahead: 0, until: expect.any(String) },
    })
    const [low, ...others] = messages
    const inOrder = [urgent, ...others, low].map((message) => message?.message_id)
    const bob = inboxOf(hive, 'bob')
    const before = await bob.take()
    const taken: string[] = []
    await expect
      .poll(async () => {
        const done = before.shift()
        if (done) await bob.ack(done)
        await routeWaiting(hive, 'paint')
        for (const leased of await bob.take()) {
          taken.push(leased.message.message_id)
          await bob.ack(leased)
        }
        return taken.length
      })
      .toBe(4)
    expect(taken).toEqual(inOrder)
  })

  it('goes on to one agent although the first worker died after it had handed it over', async () => {
    const hive = await start({ deliveryBudgetMs: 50, redisTimeoutMs: 2_000 })
    const message = toPainter({ delivery_options: { wait_for_recipient: true, max_attempts: 1 } })
    await publish(hive, [message])
    await declare(hive, 'bob', 3)
    await live(hive, 'bob')
    await openRelay(hive, 'capability:paint', { running: true })
    const claim = await claimDelivery(hive, 'capability:paint', { max: 1, delivery: { id: 'one', leaseMs: 300 } })
    const [leased] = claim.messages
    if (!leased) throw new Error('one message')
    expect(await handOver(hive, 'capability:paint', leased, ['bob'], { single: true })).toEqual(['accepted'])
    // somebody better comes, and even the same worker cannot hand it over twice
    await declare(hive, 'cy', 9)
    await live(hive, 'cy')
    expect(await handOver(hive, 'capability:paint', leased, ['cy'], { single: true })).toEqual(['already'])
    await expect
      .poll(async () => {
        await routeWaiting(hive, 'paint')
        return Object.keys(await dumpKeys(hive))
      })
      .not.toContain(hive.bus.keys.inbox('capability:paint'))
    expect(await handOver(hive, 'capability:paint', leased, ['cy'], { single: true })).toBe('stale')
    expect(await inboxOf(hive, 'cy').take()).toEqual([])
    expect(await inboxOf(hive, 'bob').take()).toHaveLength(1)
  })
})
