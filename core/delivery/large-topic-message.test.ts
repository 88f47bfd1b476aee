import { describe, expect, it } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { inboxOf } from '../../test/inbox.ts'
import { register } from '../../test/register.ts'
import { runWakes } from '../../test/run-wakes.ts'
import { idsOf, subscribe, topicHive, toTopic } from '../../test/topic.ts'
import { redrive } from '../bus/dead-letters.ts'
import { messageStatus } from '../bus/message-status.ts'
import { publish } from '../bus/publish.ts'
import type { AgentMessage } from '../protocol/message.ts'

describe('a large message to a topic', () => {
  const body = { text: 'x'.repeat(40_000) }

  it('is stored once, as long as any of its recipients needs it', async () => {
    const hive = await topicHive()
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
    const hive = await topicHive()
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
    const hive = await topicHive()
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
    const hive = await topicHive()
    await publish(hive, [toTopic({ body })])
    await runWakes(hive)
    expect(Object.keys(await dumpKeys(hive)).filter((key) => key.includes(':shared:'))).toEqual([])
  })
})
