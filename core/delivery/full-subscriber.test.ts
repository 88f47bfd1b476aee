import { describe, expect, it } from 'vitest'
import type { testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { runWakes } from '../../test/run-wakes.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { idsOf, passes, subscribe, topicHive, toTopic } from '../../test/topic.ts'
import { discard } from '../bus/dead-letters.ts'
import { shardOf } from '../bus/keys.ts'
import { messageStatus } from '../bus/message-status.ts'
import { readOutbox } from '../bus/outbox.ts'
import { publish } from '../bus/publish.ts'
import { fanOut } from './fan-out.ts'

describe('a subscriber without room', () => {
  it('gets the message as soon as there is room, and others need not wait', async () => {
    const hive = await topicHive({ inboxMaxMessages: 1, relayRetryMs: 50 })
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
    const hive = await topicHive({ inboxMaxMessages: 1, relayRetryMs: 50 })
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
  it('is told of in history, also when the wake for the last look comes late', async () => {
    const hive = await topicHive({ inboxMaxMessages: 1, relayRetryMs: 2_000 })
    await subscribe(hive, 'bob')
    await publish(hive, [sampleMessage()])
    hive.wakes = []
    const message = toTopic({ ttl: 4 })
    await publish(hive, [message])
    await fanOut(hive, 'news')
    const { fan_out } = await messageStatus(hive, 'ann', message.message_id)
    await passes(hive, Date.parse(fan_out?.expires_at ?? '') - 2_100)
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
    const hive = await topicHive({ inboxMaxDead: 1, ...overrides })
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
