import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { encodeCursor } from '../records/cursor.ts'
import { messageStatus } from './message-status.ts'
import { publish } from './publish.ts'
import { claimDelivery } from './receive.ts'
import { settleActions } from './settle.ts'

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

const send = async (overrides: Parameters<typeof sampleMessage>[0] = {}) => {
  const [published] = await publish(hive, [sampleMessage({ to_agent: agent, ...overrides })])
  return published?.message_id ?? ''
}
const statusOf = async (id: string, sender = 'ann') => {
  const status = await messageStatus(hive, sender, id)
  expect(status).toMatchObject({ message_id: id, from_agent: sender })
  expect(status.recipients).toHaveLength(1)
  return status.recipients[0]
}
const later = expect.stringMatching(/^\d{4}-.*Z$/)

describe('the status of a message', () => {
  it('is unknown for an id that was never used, and for one of another sender', async () => {
    const id = await send()
    expect((await refusal(messageStatus(hive, 'ann', 'never'))).code).toBe('message.unknown')
    const error = await refusal(messageStatus(hive, 'eve', id))
    expect(error.code).toBe('message.unknown')
    expect(error.status).toBe(404)
  })

  it('tells its times, attempts and last failure', async () => {
    const id = await send({ ttl: 100, delivery_options: { max_attempts: 7 } })
    await inbox.nack(await inbox.takeOne(), { delay_seconds: 0, reason: 'not now' })
    const status = await statusOf(id)
    expect(status).toMatchObject({
      agent,
      status: 'pending',
      state: 'ready',
      attempts: 1,
      max_attempts: 7,
      reason: 'not now',
    })
    expect(Date.parse(status?.expires_at ?? '') - Date.parse(status?.accepted_at ?? '')).toBe(100_000)
  })

  it('tells when it was settled and to what', async () => {
    const id = await send()
    await inbox.ack(await inbox.takeOne())
    const status = await statusOf(id)
    expect(status).toMatchObject({ status: 'delivered', state: 'settled', attempts: 1, settled_at: later })
    expect(status?.waiting).toBeUndefined()
  })

  it('of a dead letter is failed, with the reason', async () => {
    const id = await send({ delivery_options: { max_attempts: 1 } })
    await inbox.nack(await inbox.takeOne(), { reason: 'broken' })
    expect(await statusOf(id)).toMatchObject({ status: 'failed', state: 'dead', attempts: 1, reason: 'broken' })
  })

  it('belongs to the newest use of an id that was forgotten in between', async () => {
    const other = await testHive({ shortLifeMs: 100, dedupMarginMs: 50, statusRetentionMs: 3_000 })
    onTestFinished(() => other.dispose())
    await register(other, 'bob')
    const message = sampleMessage({ ttl: 0.05 })
    await publish(other, [message])
    // the second use lives in the ledger of long-lived messages
    const second = { ...message, ttl: 600 }
    let again = await publish(other, [second]).catch(() => undefined)
    while (!again) again = await publish(other, [second]).catch(() => undefined)
    const status = (await messageStatus(other, 'ann', message.message_id)).recipients[0]
    expect(status).toMatchObject({ status: 'pending', accepted_at: again[0]?.accepted_at })
  })

  it('has pages only where there may be many recipients', async () => {
    const id = await send()
    const page = { limit: 1, cursor: encodeCursor('recipients', 'bob') }
    await expect(messageStatus(hive, 'ann', id, page)).rejects.toMatchObject({
      code: 'cursor.invalid',
      errors: [{ field: 'cursor' }],
    })
  })
})

describe('why a message waits', () => {
  it('its recipient has not asked for it; so many go first', async () => {
    await send()
    await send({ priority: 4 })
    const id = await send()
    expect((await statusOf(id))?.waiting).toEqual({ because: 'its recipient has not asked for it yet', ahead: 2 })
  })

  it('its recipient is disabled', async () => {
    const id = await send()
    await register(hive, agent, { disabled: true, version: 2 })
    expect((await statusOf(id))?.waiting).toEqual({ because: 'its recipient is disabled', ahead: 0 })
  })

  it('it was published with a delay', async () => {
    const id = await send({ delivery_options: { delay_seconds: 60 } })
    const status = await statusOf(id)
    expect(status?.state).toBe('delayed')
    expect(status?.waiting).toEqual({ because: 'it was published with a delay', until: later })
    expect(Date.parse(status?.waiting?.until ?? '') - Date.parse(status?.accepted_at ?? '')).toBe(60_000)
  })

  it('it waits for its next attempt', async () => {
    const id = await send()
    await inbox.nack(await inbox.takeOne(), { delay_seconds: 60 })
    expect((await statusOf(id))?.waiting).toEqual({ because: 'it waits for its next attempt', until: later })
  })

  it('a receiver holds it; its lease ran out; its last lease ran out', async () => {
    const id = await send({ delivery_options: { max_attempts: 2 } })
    const held = await inbox.takeOne({ leaseMs: 400 })
    expect((await statusOf(id))?.waiting).toEqual({
      because: 'a receiver holds it under a lease',
      until: held.leased_until,
    })
    const reason = async () => (await statusOf(id))?.waiting?.because
    await expect.poll(reason).toBe('its lease ran out; it is handed over again at the next receive')
    await inbox.takeOne({ leaseMs: 1 })
    await expect.poll(reason).toBe('its last lease ran out; it becomes a dead letter at the next receive or sweep')
  })

  it('its ordering key is held, by which of its sender’s own messages and until when', async () => {
    const delivery_options = { ordering_key: 'k "1"' }
    const head = await send({ delivery_options })
    const id = await send({ delivery_options })
    expect(await statusOf(id)).toMatchObject({
      state: 'held',
      waiting: { because: `its ordering key "k \\"1\\"" is held by ${head}, which is ready` },
    })
    const lease = await inbox.takeOne()
    expect((await statusOf(id))?.waiting).toEqual({
      because: `its ordering key "k \\"1\\"" is held by ${head}, which is leased`,
      until: lease.leased_until,
    })
    await inbox.nack(lease, { delay_seconds: 60 })
    expect((await statusOf(id))?.waiting).toEqual({
      because: `its ordering key "k \\"1\\"" is held by ${head}, which is delayed`,
      until: later,
    })
  })

  it('its ordering key is held by another sender’s message, whose id stays hidden', async () => {
    const delivery_options = { ordering_key: 'k' }
    const secret = await send({ delivery_options, from_agent: 'eve', message_id: 'the secret of eve' })
    const id = await send({ delivery_options })
    const because = (await statusOf(id))?.waiting?.because ?? ''
    expect(because).toBe('its ordering key "k" is held by an earlier message, which is ready')
    expect(because).not.toContain(secret)
  })
})

describe('why a message to a push agent waits', () => {
  beforeEach(() => register(hive, agent, { endpoint: 'https://agent.example/hook', version: 2 }))
  const delivery = { id: 'a delivery', leaseMs: 60_000 }

  it('it is about to be pushed', async () => {
    const id = await send()
    expect((await statusOf(id))?.waiting).toEqual({ because: 'it is about to be pushed to its recipient', ahead: 0 })
  })

  it('a delivery is under way', async () => {
    await send()
    const id = await send()
    await claimDelivery(hive, agent, { max: 1, delivery })
    expect((await statusOf(id))?.waiting).toEqual({ because: 'a delivery to its recipient is under way', ahead: 0 })
  })

  it('the circuit breaker is open', async () => {
    await send()
    const id = await send()
    const { messages } = await claimDelivery(hive, agent, { max: 1, delivery })
    const actions = messages.map(({ receipt }) => ({
      action: 'n' as const,
      receipt,
      ms: 1_000,
      reason: '503',
      field: '',
    }))
    const openUntilMs = Math.round(hive.bus.now()) + 60_000
    await settleActions(hive, agent, actions, { id: delivery.id, last: true, breaker: { failures: 5, openUntilMs } })
    expect((await statusOf(id))?.waiting).toEqual({
      because: "the circuit breaker of its recipient's endpoint is open",
      ahead: 0,
      until: new Date(openUntilMs).toISOString(),
    })
  })
})
