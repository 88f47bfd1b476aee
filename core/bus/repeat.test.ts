import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import type { Hive } from '../hive.ts'
import type { BusScript } from './bus.ts'
import { discard, listDeadLetters, redrive } from './dead-letters.ts'
import { shardOf } from './keys.ts'
import { commitOutbox, readOutbox } from './outbox.ts'
import { publish } from './publish.ts'
import { claimDelivery, type Leased } from './receive.ts'
import { handOver } from './relay/hand-over.ts'
import { projectSubscription } from './relay/project-subscription.ts'
import { clearWakeScript } from './scripts/clear-wake.ts'
import { commitOutboxScript } from './scripts/commit-outbox.ts'
import { discardScript, redriveScript } from './scripts/dead-letters.ts'
import { handOverScript } from './scripts/hand-over.ts'
import { projectScript } from './scripts/project.ts'
import { publishScript } from './scripts/publish.ts'
import { receiveScript } from './scripts/receive.ts'
import { settleScript } from './scripts/settle.ts'
import { tendScript } from './scripts/tend.ts'
import { type Settled, settleActions } from './settle.ts'
import { releaseShared, sharedToken } from './shared-bodies.ts'
import { tend } from './tend.ts'

/** While set, every request has this id: the client that sends a request again keeps its id. */
let requestId: string | undefined
let hive: TestHive
let agent: string
let inbox: ReturnType<typeof inboxOf>
let agents = 0
beforeAll(async () => {
  const ids = { messageId: () => randomUUID(), requestId: () => requestId ?? randomUUID(), random: () => 0.3 }
  // the test sends again by itself, so that it can look in between
  hive = await testHive({ redisRetries: 0 }, { ids })
})
afterAll(() => hive.dispose())
beforeEach(async () => {
  requestId = undefined
  agent = `agent ${++agents}`
  inbox = inboxOf(hive, agent)
  await register(hive, agent)
  hive.wakes.length = 0
})

const message = (text: string, overrides: Parameters<typeof sampleMessage>[0] = {}) =>
  sampleMessage({ to_agent: agent, body: { text }, ...overrides })
const onlyOnce = { delivery_options: { max_attempts: 1 } }
const push = () => register(hive, agent, { endpoint: 'https://agent.example/hook', version: 2 })

/** Loses the answer of a call's script, sees that nothing changes when it is sent again, and gives that answer. */
async function again<T>(script: BusScript, call: () => Promise<T>): Promise<T> {
  requestId = randomUUID()
  hive.upstash.faults.next('drop-after', 1, { script: script.source })
  expect((await refusal(call())).code).toBe('redis.unavailable')
  expect(hive.upstash.faults.pending).toBe(0)
  const applied = await scriptsState()
  const answer = await call()
  expect(await scriptsState()).toEqual(applied)
  requestId = undefined
  return answer
}

/** Everything but the notes for senders of dead letters, which no script writes: the call that was cut off had not yet. */
async function scriptsState() {
  const dump = await dumpKeys(hive)
  return Object.fromEntries(Object.entries(dump).filter(([key]) => !key.includes(':sent:d')))
}

async function dead(): Promise<string> {
  await publish(hive, [message('dead', onlyOnce)])
  await inbox.nack(await inbox.takeOne())
  return (await listDeadLetters(hive, agent, { limit: 1 })).items[0]?.dead_letter_id ?? ''
}

describe('a script whose answer was lost and that is sent again', () => {
  it('publish: takes the messages for those that it has accepted', async () => {
    const cyd = `${agent} cyd`
    await register(hive, cyd)
    const delivery_options = { ordering_key: 'k' }
    const batch = [
      message('a', { delivery_options, correlation_id: 'c', causation_id: 'x' }),
      message('b', { delivery_options, ttl: 100_000 }),
      message('x'.repeat(20_000)),
      message('c', { to_agent: cyd, delivery_options: { delay_seconds: 5 } }),
    ]
    const published = await again(publishScript, () => publish(hive, batch))
    expect(published.map(({ message_id }) => message_id)).toEqual(batch.map(({ message_id }) => message_id))
    expect(published.every(({ status }) => status === 'pending')).toBe(true)
    expect(textsOf(await inbox.take())).toEqual(['a', 'x'.repeat(20_000)])
  })

  it('publish: asks for the same wake', async () => {
    await push()
    const one = message('a')
    await again(publishScript, () => publish(hive, [one]))
    expect(hive.wakes.filter((wake) => 'agent' in wake)).toEqual([{ agent, delayMs: expect.any(Number) }])
  })

  it('hand-over: each recipient has the message once, and is woken for it', async () => {
    const topic = `topic:news ${agents}`
    const [cyd, off] = [`${agent} cyd`, `${agent} off`]
    await push()
    await register(hive, cyd)
    await register(hive, off, { disabled: true })
    for (const [version, subscriber] of [agent, cyd, off].entries()) {
      const subscription = { message_types: null }
      await projectSubscription(hive, { topic: topic.slice(6), agent: subscriber, version: `${version}`, subscription })
    }
    const delivery_options = { ordering_key: 'k' }
    const body = { text: 'x'.repeat(20_000) }
    await publish(hive, [sampleMessage({ to_agent: topic, body, delivery_options, causation_id: 'x' })])
    hive.wakes.length = 0
    const claim = await claimDelivery(hive, topic, { max: 1, delivery: { id: 'one', leaseMs: 60_000 } })
    const [leased] = claim.messages
    if (!leased) throw new Error('one message')
    const hand = () => handOver(hive, topic, leased, [agent, cyd, off], { cursor: '1' })
    expect(await again(handOverScript, hand)).toEqual(['already', 'already', 'already'])
    expect(hive.wakes.filter((wake) => 'agent' in wake)).toEqual([{ agent, delayMs: expect.any(Number) }])
    expect(textsOf(await inboxOf(hive, cyd).take())).toEqual([body.text])
    expect(textsOf(await inbox.take())).toEqual([body.text])
  })

  it('release of a shared envelope: it stays for those that need it', async () => {
    const { keys } = hive.bus
    const token = sharedToken(`t${agents}`)
    await hive.bus.ask((redis) => redis.set(keys.sharedBody(token), 'envelope'))
    await hive.bus.ask((redis) => redis.sadd(keys.sharedHolders(token), 'a', 'b'))
    const there = () => hive.bus.ask((redis) => redis.exists(keys.sharedBody(token)))
    for (const holder of ['a', 'a', 'c']) await releaseShared(hive, holder, [token])
    expect(await there()).toBe(1)
    for (const holder of ['b', 'b']) await releaseShared(hive, holder, [token])
    expect(await there()).toBe(0)
  })

  it('projection of a membership: keeps its place', async () => {
    const input = { topic: `t${agents}`, agent, version: '5', subscription: { message_types: ['a'] } }
    const members = () =>
      hive.bus.ask((redis) => redis.zrange<string[]>(hive.bus.keys.topic(input.topic), 0, -1, { withScores: true }))
    await projectSubscription(hive, input)
    const first = await members()
    await projectSubscription(hive, input)
    expect(await members()).toEqual(first)
    const gone = { ...input, version: '6', subscription: null }
    for (let sent = 0; sent < 2; sent++) await projectSubscription(hive, gone)
    // an older version is not brought back
    await projectSubscription(hive, input)
    expect(await hive.bus.ask((redis) => redis.exists(hive.bus.keys.topic(input.topic)))).toBe(0)
  })

  it('receive: gives the leases that it has given', async () => {
    await publish(hive, [message('a'), message('b'), message('c')])
    const { messages, counts } = await again(receiveScript, () => inbox.receive({ max: 2, requestId: 'lost' }))
    expect(textsOf(messages)).toEqual(['a', 'b'])
    expect(messages.map(({ attempt }) => attempt)).toEqual([1, 1])
    expect(counts).toMatchObject({ ready: 1, leased: 2 })
    expect((await inbox.ack(...messages)).results).toMatchObject([{ outcome: 'delivered' }, { outcome: 'delivered' }])
  })

  it('receive for a push delivery: says again where it goes', async () => {
    await push()
    await publish(hive, [message('a')])
    const delivery = { id: 'one', leaseMs: 60_000 }
    const claim = await again(receiveScript, () => claimDelivery(hive, agent, { max: 10, delivery }))
    expect(textsOf(claim.messages)).toEqual(['a'])
    expect(claim.target.endpoint).toBe('https://agent.example/hook')
    expect(claim.blocked).toBeUndefined()
  })

  it('settle, ack: has delivered once', async () => {
    await publish(hive, [message('a'), message('x'.repeat(20_000))])
    const taken = await inbox.take()
    const { results } = await again(settleScript, () => inbox.ack(...taken))
    expect(results).toMatchObject([{ outcome: 'delivered' }, { outcome: 'delivered' }])
  })

  it('settle, nack: keeps the time of the next attempt', async () => {
    await publish(hive, [message('a'), message('b')])
    const [a, b] = await inbox.take()
    if (!a || !b) throw new Error('two leases')
    const before = hive.bus.now()
    const nacks = [{ receipt: a.receipt, delay_seconds: 60 }, { receipt: b.receipt }]
    const { results } = await again(settleScript, () => inbox.settle({ nacks }))
    expect(results).toMatchObject([{ outcome: 'retrying' }, { outcome: 'retrying' }])
    const [first] = results
    const at = Date.parse((first && 'next_attempt_at' in first && first.next_attempt_at) || '')
    expect(at - before).toBeLessThan(60_000 + 5_000)
  })

  it('settle, last nack and fail: has made one dead letter', async () => {
    await publish(hive, [message('a', onlyOnce), message('b')])
    const [a, b] = await inbox.take()
    if (!a || !b) throw new Error('two leases')
    expect((await again(settleScript, () => inbox.nack(a))).results).toMatchObject([{ outcome: 'failed' }])
    const fail = { action: 'f' as const, receipt: b.receipt, ms: 0, reason: 'gone', field: '' }
    const { results, counts } = await again(settleScript, () => settleActions(hive, agent, [fail]))
    expect(results).toMatchObject([{ outcome: 'failed' }])
    expect(counts).toMatchObject({ dead: 2, leased: 0 })
  })

  it('settle, extend: extends once and says until when', async () => {
    await publish(hive, [message('a')])
    const taken = await inbox.takeOne()
    const { results } = await again(settleScript, () => inbox.extend(taken, 600))
    expect(results).toMatchObject([{ outcome: 'extended', duplicate: false, leased_until: expect.any(String) }])
  })

  it('settle that ends a push delivery: asks for the same wake', async () => {
    await push()
    await publish(hive, [message('a'), message('b')])
    const delivery = { id: 'one', leaseMs: 60_000 }
    const { messages } = await claimDelivery(hive, agent, { max: 1, delivery })
    const acks = messages.map(({ receipt }) => ({ action: 'a' as const, receipt, ms: 0, reason: '', field: '' }))
    hive.wakes.length = 0
    const end = { id: delivery.id, last: true, breaker: { failures: 0, openUntilMs: 0 } }
    await again(settleScript, () => settleActions(hive, agent, acks, end))
    expect(hive.wakes).toContainEqual({ agent, delayMs: expect.any(Number) })
  })

  it('tend: has applied what was due once', async () => {
    await push()
    await publish(hive, [message('short', { ttl: 0.02 }), message('long')])
    const [, { accepted_at } = { accepted_at: '' }] = await publish(hive, [message('a'), message('b', { ttl: 0.02 })])
    await expect.poll(() => hive.bus.now() > Date.parse(accepted_at) + 100).toBe(true)
    expect(await again(tendScript, () => tend(hive, agent))).toEqual({ more: false })
    expect((await inbox.receive({ max: 1 })).counts).toMatchObject({ ready: 1, leased: 1 })
  })

  it('redrive: has reopened a message once', async () => {
    const id = await dead()
    await again(redriveScript, () => redrive(hive, agent, { ids: [id] }))
    expect((await inbox.receive()).counts).toMatchObject({ leased: 1, dead: 0 })
  })

  it('discard: counts what it has discarded', async () => {
    const id = await dead()
    expect(await again(discardScript, () => discard(hive, agent, { ids: [id] }))).toBe(1)
  })

  it('project: has written the agent', async () => {
    await publish(hive, [message('waits')])
    hive.wakes.length = 0
    await again(projectScript, push)
    expect(hive.wakes).toEqual([{ agent, delayMs: expect.any(Number) }])
  })

  it('commit-outbox: has deleted the entries, and says that the shard is empty', async () => {
    const shard = shardOf(agent)
    await publish(hive, [message('a')])
    const page = await readOutbox(hive, shard, 100)
    expect(await again(commitOutboxScript, () => commitOutbox(hive, shard, page))).toEqual({ empty: true })
  })

  it('commit-outbox: deletes nothing that came in between', async () => {
    const shard = shardOf(agent)
    await publish(hive, [message('a')])
    const page = await readOutbox(hive, shard, 100)
    await publish(hive, [message('b')])
    expect(await again(commitOutboxScript, () => commitOutbox(hive, shard, page))).toEqual({ empty: false })
    expect((await readOutbox(hive, shard, 100)).events).toMatchObject([{ message: { body: { text: 'b' } } }])
  })

  it('clear-wake: has made the inbox due for the sweep', async () => {
    await push()
    hive.queueDown = true
    onTestFinished(() => {
      hive.queueDown = false
    })
    // its failure is not the caller's
    requestId = randomUUID()
    await publish(hive, [message('a')])
    const cleared = await dumpKeys(hive)
    const { bus } = hive
    await bus.run(clearWakeScript, requestId, () => ({
      keys: [bus.keys.inbox(agent), bus.keys.due(shardOf(agent))],
      args: [agent],
    }))
    expect(await dumpKeys(hive)).toEqual(cleared)
  })
})

describe('a settlement that is sent again too late', () => {
  /** Settles a message and loses the answer; then another one takes the message and acknowledges it. */
  async function overtaken(settle: (taken: Leased) => Promise<Settled>): Promise<() => Promise<Settled>> {
    await publish(hive, [message('a')])
    const taken = await inbox.takeOne()
    const id = randomUUID()
    const call = () => {
      requestId = id
      return settle(taken).finally(() => {
        requestId = undefined
      })
    }
    hive.upstash.faults.next('drop-after', 1, { script: settleScript.source })
    expect((await refusal(call())).code).toBe('redis.unavailable')
    const others: Leased[] = []
    await expect.poll(async () => others.push(...(await inbox.take()))).toBe(1)
    await inbox.ack(...others)
    return call
  }

  it('is stale, although it gave the message back: it is no longer the caller’s affair', async () => {
    const call = await overtaken((taken) => inbox.nack(taken, { delay_seconds: 0 }))
    expect((await refusal(call())).code).toBe('receipt.stale')
  })

  it('is stale, although it made the lease shorter', async () => {
    const call = await overtaken((taken) => inbox.extend(taken, 0.02))
    expect((await refusal(call())).code).toBe('receipt.stale')
  })
})

describe('the client that loses an answer', () => {
  it('sends the script again by itself, so that its caller never knows', async () => {
    const patient = await testHive()
    onTestFinished(() => patient.dispose())
    await register(patient, 'bob')
    const lose = (hive: TestHive) => hive.upstash.faults.next('drop-after', 1, { command: 'EVALSHA' })
    const warm = async (hive: Hive) => {
      await publish(hive, [sampleMessage({ body: { text: 'warm' } })])
      await inboxOf(hive, 'bob').ack(await inboxOf(hive, 'bob').takeOne())
    }
    await warm(patient)

    lose(patient)
    const [published] = await publish(patient, [sampleMessage({ body: { text: 'a' } })])
    expect(published?.status).toBe('pending')
    lose(patient)
    const taken = await inboxOf(patient, 'bob').take()
    expect(textsOf(taken)).toEqual(['a'])
    lose(patient)
    expect((await inboxOf(patient, 'bob').ack(...taken)).results).toMatchObject([{ outcome: 'delivered' }])

    await publish(patient, [sampleMessage(onlyOnce), sampleMessage(onlyOnce)])
    const doomed = await inboxOf(patient, 'bob').take()
    await inboxOf(patient, 'bob').settle({ nacks: doomed.map(({ receipt }) => ({ receipt })) })
    const lostScript = (script: BusScript) => patient.upstash.faults.next('drop-after', 1, { script: script.source })
    lostScript(redriveScript)
    const { items } = await listDeadLetters(patient, 'bob', { limit: 1 })
    expect(await redrive(patient, 'bob', { ids: items.map(({ dead_letter_id }) => dead_letter_id) })).toBe(1)
    lostScript(discardScript)
    expect(await discard(patient, 'bob', { all: true })).toBe(1)
    await inboxOf(patient, 'bob').ack(await inboxOf(patient, 'bob').takeOne())

    expect(patient.upstash.faults.pending).toBe(0)
    const { counts } = await inboxOf(patient, 'bob').receive()
    expect(counts).toEqual({ ready: 0, held: 0, delayed: 0, leased: 0, dead: 0 })
  })
})
