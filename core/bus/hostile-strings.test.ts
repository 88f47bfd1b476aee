import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import type { AgentMessage } from '../protocol/message.ts'
import { auditInboxDeeply } from './audit.ts'
import { listDeadLetters, redrive } from './dead-letters.ts'
import { shardOf } from './keys.ts'
import { messageStatus } from './message-status.ts'
import { commitOutbox, readOutbox } from './outbox.ts'
import { publish } from './publish.ts'

let hive: TestHive
beforeAll(async () => {
  hive = await testHive()
})
afterAll(() => hive.dispose())

const hostile = [
  ' ',
  ' leading and trailing ',
  '-',
  '- -',
  '%s %d %% %1 %z',
  '^$()%.[]*+-?',
  '(%S+) (.*)',
  '1730000000000000',
  'm:1730000000000000',
  'k:k',
  'ready',
  'older',
  '0',
  '-0',
  '1e309',
  'null',
  'true',
  '{}',
  '"quoted" \\ back\\slash',
  "it's; DROP TABLE --",
  '{tag}{other}',
  'a:b:c',
  '../../etc',
  'naïve café',
  '日本語の識別子',
  '🙂🙃👩‍👩‍👧'.replaceAll('\u200d', ''),
  'é'.normalize('NFD'),
  '\u00a0',
  'x'.repeat(128),
  '🙂'.repeat(128),
  '__proto__',
  'constructor',
]

const bodies: Record<string, unknown>[] = [
  { text: 'line\nbreak\r\n\ttab' },
  { text: '\u0001\u0002\u001f\u007f\u0085\u2028\u2029' },
  { text: '\\u0000 is an escape that was escaped' },
  { text: '🙂 👩‍👩‍👧 \ufeff' },
  { text: '' },
  {},
  { '': { '': [[], {}, null, false, 0, -1.5e-7, 1e21] } },
  { 'a\nb': 'c\nd', '"': '"', '\\': '\\' },
  JSON.parse('{"__proto__":{"x":1},"constructor":{"y":2}}'),
  { text: '%s%d (%S+)\n- - 0 0 0 0' },
]

describe('strings that a sender chooses', () => {
  it.each(hostile)('%j serves as id, correlation id, ordering key, type and reason', async (text) => {
    const agent = `hostile ${hostile.indexOf(text)}`
    await register(hive, agent)
    const inbox = inboxOf(hive, agent)
    const of = (n: number) =>
      sampleMessage({
        to_agent: agent,
        message_id: n === 0 ? text : `second to ${agent}`,
        message_type: text,
        correlation_id: text,
        reply_to: text,
        causation_id: text,
        body: { text: n },
        delivery_options: { ordering_key: text, max_attempts: 2 },
      })
    const batch = [of(0), of(1)]
    await publish(hive, batch)
    expect((await publish(hive, batch)).every(({ duplicate }) => duplicate)).toBe(true)

    const first = await inbox.take({ correlationId: text })
    expect(first.map(({ message }) => message)).toEqual([batch[0]])
    expect((await messageStatus(hive, 'ann', `second to ${agent}`)).recipients[0]).toMatchObject({ state: 'held' })
    if (first[0]) await inbox.nack(first[0], { delay_seconds: 0, reason: text })
    const [second] = await inbox.take({ correlationId: text })
    if (second) await inbox.nack(second, { reason: text })
    const { items } = await listDeadLetters(hive, agent, { limit: 10 })
    expect(items).toMatchObject([{ message: batch[0] }])
    expect(items[0]?.reason).toBe(text.replace(/\s+/g, ' ').trim())

    await redrive(hive, agent, { all: true })
    for (const wanted of [1, 0]) {
      const taken = await inbox.take()
      expect(textsOf(taken)).toEqual([wanted])
      await inbox.ack(...taken)
    }
    expect((await messageStatus(hive, 'ann', text)).recipients[0]).toMatchObject({ status: 'delivered' })
    expect((await auditInboxDeeply(hive, agent)).violations).toEqual([])

    const shard = shardOf(agent)
    const page = await readOutbox(hive, shard, 1_000)
    const ids = page.events.map((event) => (event.kind === 'accepted' ? event.message.message_id : event.message_id))
    expect(ids).toContain(text)
    expect(await commitOutbox(hive, shard, page)).toEqual({ empty: true })
  })

  it.each(bodies)('a body comes back as it was sent: %j', async (body) => {
    const agent = `body ${bodies.indexOf(body)}`
    await register(hive, agent)
    const message = sampleMessage({ to_agent: agent, body, metadata: body })
    const large = sampleMessage({ to_agent: agent, body: { ...body, filler: 'ß\n'.repeat(9_000) } })
    await publish(hive, [message, large])
    const taken = (await inboxOf(hive, agent).take()).map((leased) => leased.message)
    expect(taken).toEqual([message, large])
    // the keys of an object in their order too
    const texts = (messages: AgentMessage[]) => messages.map((sent) => JSON.stringify([sent.body, sent.metadata]))
    expect(texts(taken)).toEqual(texts([message, large]))
  })

  it('agents may have names with spaces and signs', async () => {
    const names = ['a b', 'a.b', 'a-b', 'a+b', 'A B', 'a@b', 'x'.repeat(128), '_']
    await register(hive, names)
    await publish(
      hive,
      names.map((name) => sampleMessage({ to_agent: name, from_agent: name, body: { text: name } })),
    )
    for (const name of names) {
      expect(textsOf(await inboxOf(hive, name).take())).toEqual([name])
    }
  })
})
