import { describe, expect, it, onTestFinished } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { testHive } from '../../test/hive.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage, sampleMessages } from '../../test/sample-message.ts'
import type { AgentMessage } from '../protocol/message.ts'
import { discard } from './dead-letters.ts'
import { publish } from './publish.ts'
import { receive } from './receive.ts'
import { settle } from './settle.ts'

async function limitedHive(overrides: Parameters<typeof testHive>[0] = {}) {
  const hive = await testHive(overrides)
  onTestFinished(() => hive.dispose())
  await register(hive, ['ann', 'bob', 'cyd'])
  /** What a batch is refused with; it must leave no trace. */
  const refused = async (batch: AgentMessage[]) => {
    const before = await dumpKeys(hive)
    const error = await refusal(publish(hive, batch, { fieldOf: (i, field) => `messages[${i}].${field}` }))
    expect(await dumpKeys(hive)).toEqual(before)
    return { error, faults: error.errors.map(({ field, code }) => `${field} ${code}`) }
  }
  const take = async (agent: string, max = 100) =>
    (await receive(hive, agent, { max, requestId: hive.ids.requestId() })).messages
  return { hive, refused, take }
}

describe('a batch is all or nothing', () => {
  it('names every message whose recipient is unknown or disabled', async () => {
    const { hive, refused } = await limitedHive()
    await register(hive, 'off', { disabled: true })
    const { error, faults } = await refused([
      sampleMessage(),
      sampleMessage({ to_agent: 'nobody' }),
      sampleMessage({ to_agent: 'off' }),
      sampleMessage({ to_agent: 'cyd' }),
      sampleMessage({ to_agent: 'nobody' }),
    ])
    expect(faults.sort()).toEqual([
      'messages[1].to_agent agent.unknown',
      'messages[2].to_agent agent.disabled',
      'messages[4].to_agent agent.unknown',
    ])
    expect(error.status).toBeGreaterThanOrEqual(404)
  })

  it('refuses what an inbox cannot hold by count, with a time to try again', async () => {
    const { hive, refused, take } = await limitedHive({ inboxMaxMessages: 5 })
    await publish(hive, sampleMessages(3))
    const { error, faults } = await refused([...sampleMessages(3), sampleMessage({ to_agent: 'cyd' })])
    expect(error.code).toBe('inbox.full')
    expect(error.status).toBe(429)
    expect(error.retryAfter).toBeGreaterThan(0)
    expect(faults).toEqual(['messages[2].to_agent inbox.full'])
    // exactly as many as there is room for
    await publish(hive, sampleMessages(2))
    const messages = await take('bob', 1)
    await refused([sampleMessage()])
    await settle(hive, 'bob', { acks: messages.map(({ receipt }) => receipt), nacks: [], extensions: [] })
    await publish(hive, [sampleMessage()])
  })

  it('refuses what an inbox cannot hold by bytes', async () => {
    const { hive, refused } = await limitedHive({ inboxMaxBytes: 10_000 })
    await publish(hive, [sampleMessage({ body: { text: 'x'.repeat(6_000) } })])
    const { error, faults } = await refused([sampleMessage(), sampleMessage({ body: { text: 'x'.repeat(4_000) } })])
    expect(error.code).toBe('inbox.full')
    expect(faults).toEqual(['messages[1].to_agent inbox.full'])
    await publish(hive, [sampleMessage()])
  })

  it('refuses an inbox with too many dead letters until one is seen to', async () => {
    const { hive, refused, take } = await limitedHive({ inboxMaxDead: 2 })
    await publish(hive, sampleMessages(2, { delivery_options: { max_attempts: 1 } }))
    const nacks = (await take('bob')).map(({ receipt }) => ({ receipt }))
    await settle(hive, 'bob', { acks: [], nacks, extensions: [] })
    const { error } = await refused([sampleMessage({ to_agent: 'cyd' }), sampleMessage()])
    expect(error.code).toBe('inbox.full')
    expect(error.errors[0]?.message).toContain('dead letters')
    await discard(hive, 'bob', { all: true })
    await publish(hive, [sampleMessage()])
  })

  it('stops agents that answer each other without end', async () => {
    const { hive, refused, take } = await limitedHive({ hopLimit: 3 })
    const agents = ['ann', 'bob']
    let cause: string | undefined
    for (let hop = 0; ; hop++) {
      const message = sampleMessage({
        from_agent: agents[hop % 2] ?? '',
        to_agent: agents[(hop + 1) % 2] ?? '',
        ...(cause === undefined ? {} : { causation_id: cause }),
      })
      // the first has no cause and no hop; three answers are allowed after it
      if (hop === 4) {
        const { error, faults } = await refused([sampleMessage({ to_agent: 'cyd' }), message])
        expect(error.code).toBe('loop.detected')
        expect(faults).toEqual(['messages[1].causation_id loop.detected'])
        return
      }
      await publish(hive, [message])
      const [received] = await take(message.to_agent)
      cause = received?.message.message_id
    }
  })

  it('lets nobody lengthen the chain of another by using its message id', async () => {
    const { hive } = await limitedHive({ hopLimit: 2 })
    await register(hive, ['ann', 'bob', 'eve'])
    const send = (from_agent: string, to_agent: string, message_id: string, causation_id?: string) =>
      publish(hive, [sampleMessage({ from_agent, to_agent, message_id, ...(causation_id ? { causation_id } : {}) })])
    await send('ann', 'bob', 'm1', 'unknown')
    await send('bob', 'eve', 'e1', 'unknown')
    // a longer chain under the id of ann's message, and in one batch with one of another id
    await send('eve', 'bob', 'm1', 'e1')
    await send('bob', 'ann', 'm2', 'm1')
    await expect(send('ann', 'bob', 'm3', 'm2')).rejects.toMatchObject({ code: 'loop.detected' })
  })

  it('takes an unknown cause for a first hop', async () => {
    const { hive } = await limitedHive({ hopLimit: 1 })
    await publish(hive, [sampleMessage({ causation_id: 'never seen' })])
  })

  it('names faults of different kinds together', async () => {
    const { hive, refused } = await limitedHive({ inboxMaxMessages: 1 })
    const used = sampleMessage({ to_agent: 'cyd' })
    await publish(hive, [used])
    const { faults } = await refused([
      { ...used, body: { text: 'other' } },
      sampleMessage({ to_agent: 'nobody' }),
      sampleMessage({ to_agent: 'cyd' }),
      sampleMessage(),
    ])
    expect(faults.sort()).toEqual([
      'messages[0].message_id message.conflict',
      'messages[1].to_agent agent.unknown',
      'messages[2].to_agent inbox.full',
    ])
  })
})
