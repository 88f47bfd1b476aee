import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import { publish } from './publish.ts'
import { receive } from './receive.ts'
import { settle } from './settle.ts'

let hive: TestHive
beforeAll(async () => {
  hive = await testHive()
  await register(hive, ['bob', 'cyd'])
})
afterAll(() => hive.dispose())

const take = (agent: string, max = 100) => receive(hive, agent, { max, requestId: hive.ids.requestId() })

describe('publish', () => {
  it('answers what was accepted, by Redis time', async () => {
    const message = sampleMessage()
    const before = Date.now()
    const [published] = await publish(hive, [message])
    expect(published).toMatchObject({
      message_id: message.message_id,
      from_agent: 'ann',
      to_agent: 'bob',
      status: 'pending',
      duplicate: false,
    })
    expect(Math.abs(Date.parse(published?.accepted_at ?? '') - before)).toBeLessThan(2_000)
  })

  it('hands over every message of a batch as it was sent', async () => {
    const batch = [...sampleMessages(3, { to_agent: 'cyd' }), sampleMessage({ to_agent: 'cyd', from_agent: 'dan' })]
    await publish(hive, batch)
    const { messages } = await take('cyd')
    expect(messages.map(({ message }) => message)).toEqual(batch)
  })

  it('is known by sender and id: the same content again answers the first result and delivers once', async () => {
    const agent = 'once'
    await register(hive, agent)
    const message = sampleMessage({ to_agent: agent })
    const [first] = await publish(hive, [message])
    const [second] = await publish(hive, [{ ...message, timestamp: '2027-01-01T00:00:00Z' }])
    expect(second).toEqual({ ...first, duplicate: true })
    expect((await take(agent)).messages).toHaveLength(1)
  })

  it('accepts once what many callers publish at the same time', async () => {
    const agent = 'crowded'
    await register(hive, agent)
    const message = sampleMessage({ to_agent: agent })
    const results = await Promise.all(Array.from({ length: 20 }, () => publish(hive, [message])))
    expect(results.filter(([result]) => result?.duplicate === false)).toHaveLength(1)
    expect(new Set(results.map(([result]) => result?.accepted_at)).size).toBe(1)
    expect((await take(agent)).messages).toHaveLength(1)
  })

  it('writes nothing for a duplicate', async () => {
    const message = sampleMessage()
    await publish(hive, [message])
    const before = await dumpKeys(hive)
    await publish(hive, [message])
    expect(await dumpKeys(hive)).toEqual(before)
  })

  it('answers a duplicate with the status that the first has now', async () => {
    const agent = 'settled'
    await register(hive, agent)
    const [delivered, failed, leased] = sampleMessages(3, { to_agent: agent, delivery_options: { max_attempts: 1 } })
    if (!delivered || !failed || !leased) throw new Error('three messages')
    await publish(hive, [delivered, failed, leased])
    const { messages } = await take(agent)
    const receipts = messages.map(({ receipt }) => receipt)
    await settle(hive, agent, {
      acks: [receipts[0] ?? ''],
      nacks: [{ receipt: receipts[1] ?? '' }],
      extensions: [],
    })
    const again = await publish(hive, [delivered, failed, leased])
    expect(again.map(({ status, duplicate }) => [status, duplicate])).toEqual([
      ['delivered', true],
      ['failed', true],
      ['pending', true],
    ])
  })

  it('refuses an id that was used for other content and writes nothing', async () => {
    const message = sampleMessage()
    await publish(hive, [message])
    const before = await dumpKeys(hive)
    const error = await refusal(
      publish(hive, [sampleMessage(), { ...message, body: { text: 'something else' } }], {
        fieldOf: (i, field) => `messages[${i}].${field}`,
      }),
    )
    expect(error.code).toBe('message.conflict')
    expect(error.status).toBe(409)
    expect(error.errors.map(({ field }) => field)).toEqual(['messages[1].message_id'])
    expect(await dumpKeys(hive)).toEqual(before)
  })

  it('takes another recipient or priority for other content', async () => {
    const message = sampleMessage()
    await publish(hive, [message])
    expect((await refusal(publish(hive, [{ ...message, to_agent: 'cyd' }]))).code).toBe('message.conflict')
    expect((await refusal(publish(hive, [{ ...message, priority: 4 }]))).code).toBe('message.conflict')
  })

  it('keeps the ids of each sender apart', async () => {
    const message = sampleMessage()
    const results = await publish(hive, [message, { ...message, from_agent: 'dan' }])
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, false])
    const [other] = await publish(hive, [{ ...message, from_agent: 'eve', body: { text: 'quite different' } }])
    expect(other?.duplicate).toBe(false)
  })

  it('takes a message that stands twice in a batch once', async () => {
    const agent = 'twice'
    await register(hive, agent)
    const [a, b] = sampleMessages(2, { to_agent: agent })
    if (!a || !b) throw new Error('two messages')
    const results = await publish(hive, [a, b, a])
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, false, true])
    expect(results[2]).toEqual({ ...results[0], duplicate: true })
    expect((await take(agent)).messages.map(({ message }) => message.message_id)).toEqual([a.message_id, b.message_id])
  })

  it('refuses a batch in which one id has two contents', async () => {
    const message = sampleMessage()
    const before = await dumpKeys(hive)
    const error = await refusal(
      publish(hive, [message, { ...message, body: {} }], { fieldOf: (i, field) => `messages[${i}].${field}` }),
    )
    expect(error.code).toBe('message.conflict')
    expect(error.errors.map(({ field }) => field)).toEqual(['messages[1].message_id'])
    expect(await dumpKeys(hive)).toEqual(before)
  })

  it('takes duplicates and new messages in one batch', async () => {
    const [a, b] = sampleMessages(2)
    if (!a || !b) throw new Error('two messages')
    await publish(hive, [a])
    const results = await publish(hive, [b, a])
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, true])
  })

  it('accepts a batch to many recipients and from many senders', async () => {
    const agents = Array.from({ length: 20 }, (_, i) => `many ${i}`)
    await register(hive, agents)
    const batch = agents.flatMap((to_agent, i) => sampleMessages(2, { to_agent, from_agent: `sender-${i % 7}` }))
    const results = await publish(hive, batch)
    expect(results.map(({ message_id }) => message_id)).toEqual(batch.map(({ message_id }) => message_id))
    for (const agent of agents) {
      const { messages } = await take(agent)
      const sent = batch.filter(({ to_agent }) => to_agent === agent)
      expect(messages.map(({ message }) => message)).toEqual(sent)
    }
  })
})
