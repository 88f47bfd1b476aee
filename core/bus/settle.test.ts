import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { auditInboxDeeply } from './audit.ts'
import { messageStatus } from './message-status.ts'
import { publish } from './publish.ts'
import { type Action, settleActions } from './settle.ts'

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

const send = (text: string, overrides: Parameters<typeof sampleMessage>[0] = {}) =>
  publish(hive, [sampleMessage({ to_agent: agent, body: { text }, ...overrides })])

describe('settle', () => {
  it('ends acknowledged messages for good', async () => {
    const [a] = await send('a')
    await send('b')
    const taken = await inbox.take()
    const { results, counts } = await inbox.ack(...taken)
    expect(results).toEqual(taken.map(({ receipt }) => ({ receipt, outcome: 'delivered', duplicate: false })))
    expect(counts).toEqual({ ready: 0, held: 0, delayed: 0, leased: 0, dead: 0 })
    const status = await messageStatus(hive, 'ann', a?.message_id ?? '')
    expect(status.recipients).toMatchObject([{ status: 'delivered', state: 'settled', attempts: 1 }])
  })

  it('answers the same receipt with the same action again as at first, and changes nothing', async () => {
    for (const text of ['ack', 'retry', 'fail']) {
      await send(text, { delivery_options: { max_attempts: text === 'fail' ? 1 : 5 } })
    }
    const [ack, retry, fail] = await inbox.take()
    if (!ack || !retry || !fail) throw new Error('three leases')
    const input = {
      acks: [ack.receipt],
      nacks: [{ receipt: retry.receipt, delay_seconds: 60 }, { receipt: fail.receipt }],
    }
    const first = await inbox.settle(input)
    const before = await dumpKeys(hive)
    const second = await inbox.settle(input)
    expect(second.results).toEqual(first.results.map((result) => ({ ...result, duplicate: true })))
    expect(first.results).toMatchObject([{ outcome: 'delivered' }, { outcome: 'retrying' }, { outcome: 'failed' }])
    expect(await dumpKeys(hive)).toEqual(before)
  })

  it('refuses another action on a receipt that was settled', async () => {
    await send('a')
    const a = await inbox.takeOne()
    await inbox.ack(a)
    expect((await refusal(inbox.nack(a))).code).toBe('receipt.stale')
    await send('b')
    const b = await inbox.takeOne()
    await inbox.nack(b, { delay_seconds: 60 })
    expect((await refusal(inbox.ack(b))).code).toBe('receipt.stale')
    expect((await refusal(inbox.extend(b, 60))).code).toBe('receipt.stale')
  })

  it('names every receipt when all of a call are old or never were receipts', async () => {
    const error = await refusal(
      inbox.settle({
        acks: ['never', '1.1'],
        nacks: [{ receipt: '99999999999999999999.1' }],
        extensions: [{ receipt: '', lease_seconds: 1 }],
      }),
    )
    expect(error.errors.map(({ field }) => field)).toEqual([
      'acks[0]',
      'acks[1]',
      'nacks[0].receipt',
      'extensions[0].receipt',
    ])
  })

  it('counts a message once though its receipt is spelt in two ways', async () => {
    await send('a')
    await send('b')
    const [a, b] = await inbox.take()
    if (!a || !b) throw new Error('two leases')
    const forged = `${a.receipt}.some-body`
    const zero = b.receipt.replace(/\.(\d+)$/, '.0$1')
    const { results } = await inbox.settle({ acks: [a.receipt, forged], nacks: [b, { receipt: zero }] })
    expect(results.map((result) => ('error' in result ? 'stale' : result.outcome))).toEqual([
      'delivered',
      'delivered',
      'retrying',
      'retrying',
    ])
    const audit = await auditInboxDeeply(hive, agent)
    expect(audit.violations).toEqual([])
    expect(audit.counters).toMatchObject({ accepted: 2, delivered: 1 })
  })

  it('extends to the last of two times for one message in a call', async () => {
    await send('a')
    const a = await inbox.takeOne()
    const zero = a.receipt.replace(/\.(\d+)$/, '.0$1')
    const { results } = await inbox.settle({
      extensions: [
        { receipt: a.receipt, lease_seconds: 0.001 },
        { receipt: zero, lease_seconds: 600 },
      ],
    })
    const until = results.map((result) => Date.parse(('leased_until' in result && result.leased_until) || ''))
    expect((until[1] ?? 0) - (until[0] ?? 0)).toBeGreaterThan(500_000)
    expect((await inbox.ack(a)).results).toMatchObject([{ outcome: 'delivered' }])
  })

  it('raises an error for an unknown agent, and settles for a disabled one', async () => {
    const nobody = inboxOf(hive, 'nobody')
    expect((await refusal(nobody.settle({ acks: ['1730000000000000.1'] }))).code).toBe('agent.unknown')
    await send('a')
    const a = await inbox.takeOne()
    await register(hive, agent, { disabled: true, version: 2 })
    expect((await inbox.ack(a)).results).toMatchObject([{ outcome: 'delivered' }])
  })

  it('keeps the reason of a failure as one line', async () => {
    const [published] = await send('a')
    await inbox.nack(await inbox.takeOne(), {
      reason: `  broke\n\tin\u2028two \u0000 ${'é'.repeat(600)}`,
      delay_seconds: 0,
    })
    const status = await messageStatus(hive, 'ann', published?.message_id ?? '')
    expect(status.recipients[0]?.reason).toMatch(/^broke in two é+$/)
    expect(status.recipients[0]?.reason?.length).toBeLessThanOrEqual(500)
  })
})

describe('a nack', () => {
  it('makes a message wait for the delay that it asks for, and then return to its old place', async () => {
    await send('first')
    await send('second')
    const first = await inbox.takeOne()
    const { results, counts } = await inbox.nack(first, { delay_seconds: 0.05, reason: 'not yet' })
    expect(results).toMatchObject([{ outcome: 'retrying', next_attempt_at: expect.any(String) }])
    expect(counts).toMatchObject({ ready: 1, delayed: 1 })
    await expect.poll(() => hive.bus.now() > Date.parse(first.accepted_at) + 300).toBe(true)
    const taken = await inbox.take()
    expect(textsOf(taken)).toEqual(['first', 'second'])
    expect(taken.map(({ attempt }) => attempt)).toEqual([2, 1])
  })

  it('without a delay of its own waits for the backoff of the message', async () => {
    await send('fixed', { delivery_options: { backoff: { type: 'fixed', base_seconds: 40 } } })
    const [result] = (await inbox.nack(await inbox.takeOne())).results
    expect(waitOf(result)).toBeGreaterThan(39_000)
    expect(waitOf(result)).toBeLessThanOrEqual(40_000)
  })

  it('on the last attempt makes a dead letter with its reason', async () => {
    await send('a', { delivery_options: { max_attempts: 2 } })
    await inbox.nack(await inbox.takeOne(), { delay_seconds: 0 })
    const { results, counts } = await inbox.nack(await inbox.takeOne(), { reason: 'broken for good' })
    expect(results).toMatchObject([{ outcome: 'failed', duplicate: false }])
    expect(counts).toMatchObject({ ready: 0, delayed: 0, dead: 1 })
    expect(await inbox.take()).toEqual([])
  })
})

describe('actions of a push delivery', () => {
  const act = async (action: Action['action'], receipt: string) =>
    (await settleActions(hive, agent, [{ action, receipt, ms: 0, reason: 'why', field: '' }])).results[0]

  it('release gives a message back without counting the attempt', async () => {
    await send('a', { delivery_options: { max_attempts: 1 } })
    for (let i = 0; i < 3; i++) {
      const taken = await inbox.takeOne()
      expect(taken.attempt).toBe(1)
      expect(await act('r', taken.receipt)).toMatchObject({ outcome: 'released', duplicate: false })
      expect(await act('r', taken.receipt)).toMatchObject({ outcome: 'released', duplicate: true })
    }
  })

  it('fail makes a dead letter at once', async () => {
    await send('a')
    const taken = await inbox.takeOne()
    expect(await act('f', taken.receipt)).toMatchObject({ outcome: 'failed', duplicate: false })
    expect(await act('f', taken.receipt)).toMatchObject({ outcome: 'failed', duplicate: true })
    expect((await inbox.receive()).counts).toMatchObject({ dead: 1, leased: 0 })
  })
})

function waitOf(result: unknown): number {
  const at = (result as { next_attempt_at?: string }).next_attempt_at ?? ''
  return Date.parse(at) - hive.bus.now()
}
