import { describe, expect, it } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { inboxOf } from '../../test/inbox.ts'
import { runWakes } from '../../test/run-wakes.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { idsOf, subscribe, topicHive, toTopic, unsubscribe } from '../../test/topic.ts'
import { auditInboxDeeply } from '../bus/audit.ts'
import { redrive } from '../bus/dead-letters.ts'
import { messageStatus } from '../bus/message-status.ts'
import { publish } from '../bus/publish.ts'
import { openRelay } from '../bus/relay/open-relay.ts'
import type { AgentMessage } from '../protocol/message.ts'
import { fanOut } from './fan-out.ts'
import { sweep } from './sweep.ts'

describe('a message to a topic', () => {
  it('goes to each subscriber once, and to nobody else', async () => {
    const hive = await topicHive()
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

  it('is answered once more with what it is now: its status, and how many subscribers the topic has', async () => {
    const hive = await topicHive()
    await subscribe(hive, 'bob')
    const message = toTopic()
    const [first] = await publish(hive, [message])
    await runWakes(hive)
    await subscribe(hive, 'cy')
    const [again] = await publish(hive, [message])
    expect(again).toEqual({ ...first, duplicate: true, status: 'delivered', recipients: 2 })
    expect(await idsOf(hive, 'cy')).toEqual([])
  })

  it('tells what became of it at each subscriber', async () => {
    const hive = await topicHive()
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
    const hive = await topicHive()
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
    const hive = await topicHive({ wakeGraceMs: 50 })
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
    const hive = await topicHive()
    const message = toTopic({ delivery_options: { delay_seconds: 600 } })
    await publish(hive, [message])
    await runWakes(hive)
    expect((await messageStatus(hive, 'ann', message.message_id)).fan_out).toMatchObject({ status: 'delivered' })
    expect(Object.keys(await dumpKeys(hive))).not.toContain(hive.bus.keys.inbox('topic:news'))
  })

  it('waits for its delay when somebody subscribes while it is accepted for nobody', async () => {
    const hive = await topicHive()
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
    const hive = await topicHive()
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
    const hive = await topicHive()
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
    const hive = await topicHive()
    await subscribe(hive, 'bob')
    await subscribe(hive, 'cy')
    await unsubscribe(hive, 'bob')
    await publish(hive, [toTopic()])
    await runWakes(hive)
    expect(await idsOf(hive, 'bob')).toEqual([])
    expect(await idsOf(hive, 'cy')).toHaveLength(1)
  })

  it('is a duplicate when it is published again, before and after', async () => {
    const hive = await topicHive()
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
    const hive = await topicHive()
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
    const hive = await topicHive()
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
    const hive = await topicHive({ wakeGraceMs: 50 })
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
    const hive = await topicHive({ hopLimit: 3 })
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
    const hive = await topicHive()
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
