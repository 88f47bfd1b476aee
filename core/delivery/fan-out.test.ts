import { describe, expect, it, onTestFinished } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { runWakes } from '../../test/run-wakes.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { auditInboxDeeply } from '../bus/audit.ts'
import { discard, redrive } from '../bus/dead-letters.ts'
import { shardOf } from '../bus/keys.ts'
import { messageStatus } from '../bus/message-status.ts'
import { readOutbox } from '../bus/outbox.ts'
import { publish } from '../bus/publish.ts'
import { openRelay } from '../bus/relay/open-relay.ts'
import { projectSubscription } from '../bus/relay/project-subscription.ts'
import type { AgentMessage } from '../protocol/message.ts'
import { fanOut } from './fan-out.ts'
import { sweep } from './sweep.ts'

async function start(overrides: Parameters<typeof testHive>[0] = {}): Promise<TestHive> {
  const hive = await testHive(overrides)
  onTestFinished(() => hive.dispose())
  await register(hive, ['ann', 'bob', 'cy', 'dee'])
  return hive
}

let version = 0
async function subscribe(hive: TestHive, agent: string, message_types: string[] | null = null, topic = 'news') {
  const subscription = { message_types }
  await projectSubscription(hive, { topic, agent, version: String(++version), subscription })
}
async function unsubscribe(hive: TestHive, agent: string, topic = 'news') {
  await projectSubscription(hive, { topic, agent, version: String(++version), subscription: null })
}

const toTopic = (overrides: Parameters<typeof sampleMessage>[0] = {}) =>
  sampleMessage({ to_agent: 'topic:news', ...overrides })

async function idsOf(hive: TestHive, agent: string): Promise<string[]> {
  return (await inboxOf(hive, agent).take()).map(({ message }) => message.message_id)
}

/** Waits for a moment of Redis's clock. */
const passes = (hive: TestHive, moment: number) =>
  expect.poll(() => hive.bus.now(), { interval: 10, timeout: 10_000 }).toBeGreaterThanOrEqual(moment)

describe('a message to a topic', () => {
  it('goes to each subscriber once, and to nobody else', async () => {
    const hive = await start()
    await subscribe(hive, 'bob')
    await subscribe(hive, 'cy')
    const message = toTopic()
    const [published] = await publish(hive, [message])
    expect(published).toMatchObject({ to_agent: 'topic:news', status: 'pending', recipients: 2, duplicate: false })
    await runWakes(hive)
    const [bob] = await inboxOf(hive, 'bob').take()
    expect(bob?.message).toEqual(message)
    expect(await idsOf(hive, 'cy')).toEqual([message.message_id])
    expect(await idsOf(hive, 'dee')).toEqual([])
    for (const agent of ['bob', 'cy']) expect((await auditInboxDeeply(hive, agent)).violations).toEqual([])
  })

  it('tells what became of it at each subscriber', async () => {
    const hive = await start()
    for (const agent of ['bob', 'cy', 'dee']) await subscribe(hive, agent)
    const message = toTopic()
    await publish(hive, [message])
    expect(await messageStatus(hive, 'ann', message.message_id)).toMatchObject({
      fan_out: { topic: 'news', status: 'pending', handed: 0 },
      recipients: [],
    })
    await runWakes(hive)
    await inboxOf(hive, 'bob').ack(await inboxOf(hive, 'bob').takeOne())
    await inboxOf(hive, 'cy').takeOne()
    const status = await messageStatus(hive, 'ann', message.message_id)
    expect(status.fan_out).toMatchObject({ status: 'delivered', handed: 3, failed: 0, full: 0 })
    expect(status.recipients.map(({ agent, status, state }) => [agent, status, state])).toEqual([
      ['bob', 'delivered', 'settled'],
      ['cy', 'pending', 'leased'],
      ['dee', 'pending', 'ready'],
    ])
    const first = await messageStatus(hive, 'ann', message.message_id, { limit: 2 })
    expect(first.recipients.map(({ agent }) => agent)).toEqual(['bob', 'cy'])
    const rest = await messageStatus(hive, 'ann', message.message_id, { limit: 2, cursor: first.next_cursor ?? '' })
    expect(rest.recipients.map(({ agent }) => agent)).toEqual(['dee'])
    expect(rest.next_cursor).toBeNull()
  })

  it('is accepted although nobody has subscribed, and leaves nothing behind but its ledger and outcome', async () => {
    const hive = await start()
    const before = Object.keys(await dumpKeys(hive))
    const message = toTopic()
    const [published] = await publish(hive, [message])
    expect(published).toMatchObject({ recipients: 0, status: 'pending' })
    await runWakes(hive)
    const status = await messageStatus(hive, 'ann', message.message_id)
    expect(status).toMatchObject({ fan_out: { status: 'delivered', handed: 0 }, recipients: [] })
    const after = Object.entries(await dumpKeys(hive)).filter(([key]) => !before.includes(key))
    expect(after.filter(([key, { expires }]) => expires === -1 && !key.includes(':outbox:'))).toEqual([])
  })

  it('leaves nothing of its topic behind when it is refused for another one of its batch, nor when its sender dies', async () => {
    const hive = await start({ wakeGraceMs: 50 })
    const before = Object.keys(await dumpKeys(hive))
    const capability = { to_agent: 'capability:none', delivery_options: { wait_for_recipient: true } }
    await expect(
      publish(hive, [toTopic(), sampleMessage(capability), sampleMessage({ to_agent: 'nobody' })]),
    ).rejects.toMatchObject({ code: 'agent.unknown' })
    expect(Object.keys(await dumpKeys(hive))).toEqual(before)
    await openRelay(hive, 'topic:news', { running: true })
    await openRelay(hive, 'capability:none', { running: false })
    await expect
      .poll(async () => {
        await sweep(hive)
        return Object.keys(await dumpKeys(hive))
      })
      .toEqual(before)
  })

  it('does not wait for its delay when nobody will get it', async () => {
    const hive = await start()
    const message = toTopic({ delivery_options: { delay_seconds: 600 } })
    await publish(hive, [message])
    await runWakes(hive)
    expect((await messageStatus(hive, 'ann', message.message_id)).fan_out).toMatchObject({ status: 'delivered' })
    expect(Object.keys(await dumpKeys(hive))).not.toContain(hive.bus.keys.inbox('topic:news'))
  })

  it('waits for its delay when somebody subscribes while it is accepted for nobody', async () => {
    const hive = await start()
    const { run } = hive.bus
    hive.bus.run = async (script, ...call) => {
      const answer = await run(script, ...call)
      // publish has counted no subscribers and made the relay, and tries again
      if (script.name === 'project') await subscribe(hive, 'bob')
      return answer
    }
    const message = toTopic({ delivery_options: { delay_seconds: 0.5 } })
    const [published] = await publish(hive, [message])
    await runWakes(hive)
    expect(await idsOf(hive, 'bob')).toEqual([])
    await expect
      .poll(async () => {
        await fanOut(hive, 'news')
        return await idsOf(hive, 'bob')
      })
      .toEqual([message.message_id])
    expect(hive.bus.now() - Date.parse(published?.accepted_at ?? '')).toBeGreaterThanOrEqual(500)
  })

  it('goes to those who had subscribed when it was published, in their own time', async () => {
    const hive = await start()
    await subscribe(hive, 'bob')
    const message = toTopic()
    await publish(hive, [message])
    await subscribe(hive, 'cy')
    await runWakes(hive)
    expect(await idsOf(hive, 'bob')).toEqual([message.message_id])
    expect(await idsOf(hive, 'cy')).toEqual([])
    // a changed filter does not make a new subscriber
    const next = toTopic({ message_type: 'other' })
    await publish(hive, [next])
    await subscribe(hive, 'bob', ['other'])
    await runWakes(hive)
    expect(await idsOf(hive, 'bob')).toEqual([next.message_id])
  })

  it('goes only to those who want its type', async () => {
    const hive = await start()
    await subscribe(hive, 'bob', ['alarm', 'task'])
    await subscribe(hive, 'cy', ['alarm'])
    await subscribe(hive, 'dee')
    const task = toTopic({ message_type: 'task' })
    const alarm = toTopic({ message_type: 'alarm' })
    await publish(hive, [task, alarm])
    await runWakes(hive)
    expect(await idsOf(hive, 'bob')).toEqual([task.message_id, alarm.message_id])
    expect(await idsOf(hive, 'cy')).toEqual([alarm.message_id])
    expect(await idsOf(hive, 'dee')).toEqual([task.message_id, alarm.message_id])
  })

  it('does not go to who unsubscribed before', async () => {
    const hive = await start()
    await subscribe(hive, 'bob')
    await subscribe(hive, 'cy')
    await unsubscribe(hive, 'bob')
    await publish(hive, [toTopic()])
    await runWakes(hive)
    expect(await idsOf(hive, 'bob')).toEqual([])
    expect(await idsOf(hive, 'cy')).toHaveLength(1)
  })

  it('is a duplicate when it is published again, before and after', async () => {
    const hive = await start()
    await subscribe(hive, 'bob')
    const message = toTopic()
    await publish(hive, [message])
    expect(await publish(hive, [message])).toMatchObject([{ duplicate: true, status: 'pending' }])
    await runWakes(hive)
    await subscribe(hive, 'cy')
    expect(await publish(hive, [message])).toMatchObject([{ duplicate: true, status: 'delivered' }])
    await runWakes(hive)
    expect(await idsOf(hive, 'bob')).toHaveLength(1)
    expect(await idsOf(hive, 'cy')).toEqual([])
    await expect(publish(hive, [{ ...message, body: { text: 'other' } }])).rejects.toMatchObject({
      code: 'message.conflict',
    })
  })

  it('keeps its priority, its ordering key and the end of its life at each subscriber', async () => {
    const hive = await start()
    await subscribe(hive, 'bob')
    const low = toTopic({ priority: 1 })
    const first = toTopic({ delivery_options: { ordering_key: 'k', max_attempts: 2, lease_seconds: 7 } })
    const second = toTopic({ delivery_options: { ordering_key: 'k' }, priority: 4 })
    const [accepted] = await publish(hive, [low, first, second])
    await runWakes(hive)
    const inbox = inboxOf(hive, 'bob')
    const taken = await inbox.take()
    expect(taken.map(({ message }) => message.message_id)).toEqual([first.message_id, low.message_id])
    expect(taken[0]?.max_attempts).toBe(2)
    await inbox.ack(...taken)
    expect((await inbox.takeOne()).message.message_id).toBe(second.message_id)
    const [status] = (await messageStatus(hive, 'ann', low.message_id)).recipients
    expect(status?.expires_at).toBe(new Date(Date.parse(accepted?.accepted_at ?? '') + 3_600_000).toISOString())
  })

  it('waits for its delay before it goes on', async () => {
    const hive = await start()
    await subscribe(hive, 'bob')
    await publish(hive, [toTopic({ delivery_options: { delay_seconds: 0.3 } })])
    await runWakes(hive)
    expect(await idsOf(hive, 'bob')).toEqual([])
    await expect
      .poll(async () => {
        await fanOut(hive, 'news')
        return (await idsOf(hive, 'bob')).length
      })
      .toBe(1)
  })

  it('reaches subscribers by the sweep when SQS took no wake', async () => {
    const hive = await start({ wakeGraceMs: 50 })
    await subscribe(hive, 'bob')
    hive.queueDown = true
    await publish(hive, [toTopic()])
    hive.queueDown = false
    await expect
      .poll(async () => {
        await sweep(hive)
        await runWakes(hive)
        return (await idsOf(hive, 'bob')).length
      })
      .toBe(1)
  })

  it('counts as an answer where it has a cause: chains through topics end too', async () => {
    const hive = await start({ hopLimit: 3 })
    await subscribe(hive, 'bob')
    await subscribe(hive, 'cy')
    let cause: AgentMessage | undefined
    const chain = async (from_agent: string) => {
      const message = toTopic({ from_agent, ...(cause ? { causation_id: cause.message_id } : {}) })
      await publish(hive, [message])
      await runWakes(hive)
      cause = message
    }
    await chain('cy')
    for (const agent of ['bob', 'cy', 'bob']) await chain(agent)
    await expect(chain('cy')).rejects.toMatchObject({ code: 'loop.detected' })
  })
})

describe('a dead letter of a topic that is sent again', () => {
  it('leaves what its sender is told of all recipients, and that the message is known, as they were', async () => {
    const hive = await start()
    for (const agent of ['bob', 'cy']) await subscribe(hive, agent)
    const message = toTopic({ delivery_options: { max_attempts: 1 } })
    const [published] = await publish(hive, [message])
    await runWakes(hive)
    const [bob, cy] = ['bob', 'cy'].map((agent) => inboxOf(hive, agent))
    if (!bob || !cy) throw new Error('two inboxes')
    await bob.ack(await bob.takeOne())
    await cy.nack(await cy.takeOne())
    expect(await redrive(hive, 'cy', { all: true })).toBe(1)
    await cy.ack(await cy.takeOne())
    const { fan_out, recipients } = await messageStatus(hive, 'ann', message.message_id)
    expect(fan_out).toMatchObject({ topic: 'news', status: 'delivered', handed: 2 })
    expect(recipients.map(({ agent, status }) => [agent, status])).toEqual([
      ['bob', 'delivered'],
      ['cy', 'delivered'],
    ])
    expect(await publish(hive, [message])).toEqual([{ ...published, duplicate: true, status: 'delivered' }])
  })
})

describe('a subscriber without room', () => {
  it('gets the message as soon as there is room, and others need not wait', async () => {
    const hive = await start({ inboxMaxMessages: 1, relayRetryMs: 50 })
    await subscribe(hive, 'bob')
    await subscribe(hive, 'cy')
    const blocker = sampleMessage()
    await publish(hive, [blocker])
    // attempts are the subscribers': the relay has as many as it takes
    const message = toTopic({ delivery_options: { max_attempts: 1 } })
    await publish(hive, [message])
    await runWakes(hive)
    expect(await idsOf(hive, 'cy')).toEqual([message.message_id])
    const status = await messageStatus(hive, 'ann', message.message_id)
    expect(status.fan_out).toMatchObject({ status: 'pending', handed: 1, full: 1 })
    expect(status.recipients).toMatchObject([
      { agent: 'bob', status: 'pending', attempts: 0, max_attempts: 1 },
      { agent: 'cy' },
    ])
    const inbox = inboxOf(hive, 'bob')
    await inbox.ack(await inbox.takeOne())
    await expect
      .poll(async () => {
        await fanOut(hive, 'news')
        return (await messageStatus(hive, 'ann', message.message_id)).fan_out
      })
      .toMatchObject({ status: 'delivered', handed: 2, full: 0, failed: 0 })
    expect(await idsOf(hive, 'bob')).toEqual([message.message_id])
    expect(await idsOf(hive, 'cy')).toEqual([])
  })

  it('has failed when the life of the message ends', async () => {
    const hive = await start({ inboxMaxMessages: 1, relayRetryMs: 50 })
    await subscribe(hive, 'bob')
    await publish(hive, [sampleMessage()])
    const message = toTopic({ ttl: 0.6 })
    await publish(hive, [message])
    await expect
      .poll(async () => {
        await fanOut(hive, 'news')
        return (await messageStatus(hive, 'ann', message.message_id)).recipients
      })
      .toMatchObject([{ agent: 'bob', status: 'failed', reason: 'inbox.full' }])
  })
})

describe('a subscriber that never has room', () => {
  it('is told of in history, however late the wake for the last look comes', async () => {
    const hive = await start({ inboxMaxMessages: 1, relayRetryMs: 300 })
    await subscribe(hive, 'bob')
    await publish(hive, [sampleMessage()])
    hive.wakes = []
    const message = toTopic({ ttl: 1 })
    await publish(hive, [message])
    await fanOut(hive, 'news')
    const { fan_out } = await messageStatus(hive, 'ann', message.message_id)
    await passes(hive, Date.parse(fan_out?.expires_at ?? '') - 400)
    await fanOut(hive, 'news')
    await passes(hive, hive.bus.now() + (hive.wakes.at(-1)?.delayMs ?? 0) + 150)
    await fanOut(hive, 'news')
    const { events } = await readOutbox(hive, shardOf('bob'), 100)
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'status',
        to_agent: 'bob',
        message_id: message.message_id,
        status: 'failed',
        reason: 'inbox.full',
      }),
    )
  })
})

describe('many messages that wait for one subscriber to have room', () => {
  /** A topic of which one subscriber takes nothing, because of a dead letter, and as many messages to it. */
  async function stuck(count: number, overrides: Parameters<typeof testHive>[0] = {}) {
    const hive = await start({ inboxMaxDead: 1, ...overrides })
    await subscribe(hive, 'bob')
    await subscribe(hive, 'cy')
    await publish(hive, [sampleMessage({ delivery_options: { max_attempts: 1 } })])
    await inboxOf(hive, 'bob').nack(await inboxOf(hive, 'bob').takeOne())
    const messages = sampleMessages(count, { to_agent: 'topic:news' })
    for (let at = 0; at < count; at += 100) await publish(hive, messages.slice(at, at + 100))
    const cy: string[] = []
    while (cy.length < count) {
      await fanOut(hive, 'news')
      for (let ids = ['']; ids.length > 0; cy.push(...ids)) ids = await idsOf(hive, 'cy')
    }
    expect(cy).toEqual(messages.map(({ message_id }) => message_id))
    return { hive, messages }
  }

  it('do not hold up what is new for the others', async () => {
    const { hive } = await stuck(300, { relayRetryMs: 20, deliveryBudgetMs: 200 })
    // all of them are due again
    await passes(hive, hive.bus.now() + 200)
    const fresh = toTopic({ priority: 1 })
    await publish(hive, [fresh])
    await fanOut(hive, 'news')
    expect(await idsOf(hive, 'cy')).toEqual([fresh.message_id])
  })

  it('are tried less often, each in its turn', async () => {
    const { hive } = await stuck(200, { relayRetryMs: 5_000 })
    const timers = await hive.bus.ask((redis) =>
      redis.zrange<string[]>(hive.bus.keys.timers('topic:news'), 0, -1, { withScores: true }),
    )
    const due = timers.flatMap((text, i) => (i % 2 === 1 ? [Number(text)] : []))
    expect(due).toHaveLength(200)
    expect((due.at(-1) ?? 0) - hive.bus.now()).toBeGreaterThan(10_000)
    expect((due[0] ?? 0) - hive.bus.now()).toBeLessThan(5_000)
  })

  it('reach it once each as soon as it has room', async () => {
    const { hive, messages } = await stuck(120, { relayRetryMs: 20, deliveryBudgetMs: 200 })
    await discard(hive, 'bob', { all: true })
    const bob: string[] = []
    await expect
      .poll(async () => {
        await fanOut(hive, 'news')
        bob.push(...(await idsOf(hive, 'bob')))
        return bob.length
      })
      .toBe(120)
    expect(bob.sort()).toEqual(messages.map(({ message_id }) => message_id).sort())
  })
})

describe('a large message to a topic', () => {
  const body = { text: 'x'.repeat(40_000) }

  it('is stored once, as long as any of its recipients needs it', async () => {
    const hive = await start()
    for (const agent of ['bob', 'cy', 'dee']) await subscribe(hive, agent)
    const message = toTopic({ body, delivery_options: { max_attempts: 1 } })
    await publish(hive, [message])
    const bodies = async () => {
      const large = Object.entries(await dumpKeys(hive)).filter(
        ([, { value }]) => JSON.stringify(value).length > 40_000,
      )
      return large.map(([key]) => key).filter((key) => !key.includes(':outbox:'))
    }
    await runWakes(hive)
    expect(await bodies()).toHaveLength(1)
    const [bob, cy, dee] = ['bob', 'cy', 'dee'].map((agent) => inboxOf(hive, agent))
    if (!bob || !cy || !dee) throw new Error('three inboxes')
    const leased = await bob.takeOne()
    expect(leased.message).toEqual(message)
    await bob.ack(leased)
    await bob.ack(leased)
    // a dead letter needs it too
    await cy.nack(await cy.takeOne())
    await dee.ack(await dee.takeOne())
    expect(await bodies()).toHaveLength(1)
    expect(await redrive(hive, 'cy', { all: true })).toBe(1)
    const again = await cy.takeOne()
    expect(again.message).toEqual(message)
    await cy.ack(again)
    expect(await bodies()).toEqual([])
  })

  it('is not read for by fewer subscribers at once, so that those who do not want it cost little', async () => {
    const hive = await start()
    const agents = Array.from({ length: 60 }, (_, i) => `agent ${i}`)
    await register(hive, agents)
    for (const agent of agents) await subscribe(hive, agent, agent === 'agent 40' ? ['task'] : ['other'])
    const requestsFor = async (message: AgentMessage) => {
      await publish(hive, [message])
      const before = hive.upstash.stats.requests
      await runWakes(hive)
      return hive.upstash.stats.requests - before
    }
    const large = toTopic({ body: { text: 'x'.repeat(250_000) } })
    // scripts are loaded by the first
    await requestsFor(toTopic())
    expect(await requestsFor(large)).toBeLessThanOrEqual((await requestsFor(toTopic())) + 4)
    expect(await idsOf(hive, 'agent 40')).toContain(large.message_id)
  })

  it('reaches all of many subscribers, some at a time', async () => {
    const hive = await start()
    const agents = Array.from({ length: 40 }, (_, i) => `agent ${i}`)
    await register(hive, agents)
    for (const [i, agent] of agents.entries()) await subscribe(hive, agent, i % 5 === 0 ? ['other'] : null)
    const large = toTopic({ body: { text: 'x'.repeat(250_000) } })
    await publish(hive, [large])
    await runWakes(hive)
    const { fan_out, recipients } = await messageStatus(hive, 'ann', large.message_id)
    expect(fan_out).toMatchObject({ status: 'delivered', handed: 32 })
    const wanted = agents.filter((_, i) => i % 5 !== 0)
    expect(recipients.map(({ agent }) => agent)).toEqual(wanted.sort())
  })

  it('is gone at once when nobody has subscribed', async () => {
    const hive = await start()
    await publish(hive, [toTopic({ body })])
    await runWakes(hive)
    expect(Object.keys(await dumpKeys(hive)).filter((key) => key.includes(':shared:'))).toEqual([])
  })
})
