import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { dumpKeys } from '../../test/dump-keys.ts'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf, textsOf } from '../../test/inbox.ts'
import { refusal } from '../../test/refusal.ts'
import { register } from '../../test/register.ts'
import { sampleMessage } from '../../test/sample-message.ts'
import { publish } from './publish.ts'

let hive: TestHive
let agent: string
let inbox: ReturnType<typeof inboxOf>
let agents = 0
/** What a waiting receive does meanwhile: called at each of its pauses. */
let meanwhile: (ms: number) => unknown = () => {}
/** Time that passes in pauses alone. */
let passed = 0
beforeAll(async () => {
  const clock = {
    now: () => Date.now() + passed,
    sleep: async (ms: number) => {
      passed += ms
      await meanwhile(ms)
    },
  }
  hive = await testHive({}, { clock })
})
afterAll(() => hive.dispose())
beforeEach(async () => {
  agent = `agent ${++agents}`
  inbox = inboxOf(hive, agent)
  meanwhile = () => {}
  passed = 0
  await register(hive, agent)
})

const send = (text: string, overrides: Parameters<typeof sampleMessage>[0] = {}) =>
  publish(hive, [sampleMessage({ to_agent: agent, body: { text }, ...overrides })])

/** Publishes at the pause with this number. */
function atPause(number: number, act: () => Promise<unknown>) {
  let pauses = 0
  meanwhile = async () => {
    if (++pauses === number) await act()
  }
}

/** Lets time pass by Redis's clock, which decides what is due. */
async function untilRedisIsLater(ms: number): Promise<void> {
  const moment = async () => {
    const [seconds, microseconds] = (await hive.bus.ask((redis) => redis.time())).map(Number)
    return (seconds ?? 0) * 1_000 + (microseconds ?? 0) / 1_000
  }
  const end = (await moment()) + ms
  await expect.poll(moment).toBeGreaterThan(end)
}

describe('a waiting receive', () => {
  it('answers at once when something is there', async () => {
    await send('a')
    meanwhile = () => {
      throw new Error('must not pause')
    }
    expect(textsOf(await inbox.take({ waitMs: 20_000 }))).toEqual(['a'])
  })

  it('gets a message that is published meanwhile', async () => {
    atPause(3, () => send('later'))
    const { messages, retry_after } = await inbox.receive({ waitMs: 20_000 })
    expect(textsOf(messages)).toEqual(['later'])
    expect(retry_after).toBeUndefined()
    expect(passed).toBe(250 + 500 + 1000)
  })

  it('gets a message whose delay ends meanwhile, also one published after it began to wait', async () => {
    atPause(1, async () => {
      await send('delayed', { delivery_options: { delay_seconds: 0.02 } })
      await untilRedisIsLater(20)
    })
    expect(textsOf(await inbox.take({ waitMs: 20_000 }))).toEqual(['delayed'])
  })

  it('gets a message whose lease elsewhere runs out meanwhile', async () => {
    await send('lost by another')
    await inbox.take({ leaseMs: 50 })
    atPause(2, () => untilRedisIsLater(50))
    expect(textsOf(await inbox.take({ waitMs: 20_000 }))).toEqual(['lost by another'])
  })

  it('ends with nothing after its time', async () => {
    const pauses: number[] = []
    meanwhile = (ms) => pauses.push(ms)
    expect(await inbox.take({ waitMs: 20_000 })).toEqual([])
    expect(pauses.slice(0, 5)).toEqual([250, 500, 1000, 2000, 2000])
    expect(passed).toBeGreaterThan(19_000)
    expect(passed).toBeLessThanOrEqual(20_000)
  })

  it('costs at most 30 commands in 20 s', async () => {
    hive.upstash.stats.reset()
    await inbox.take({ waitMs: 20_000 })
    console.info(`20 s of waiting: ${hive.upstash.stats.billed} commands`)
    expect(hive.upstash.stats.billed).toBeLessThanOrEqual(30)
  })

  it('costs no more while other messages come and go than the one that it waits for', async () => {
    await send('something else')
    meanwhile = () => send('and more')
    hive.upstash.stats.reset()
    await inbox.take({ waitMs: 20_000, correlationId: 'mine' })
    const { byCommand } = hive.upstash.stats
    expect(byCommand.get('ZLEXCOUNT')).toBeGreaterThan(8)
    expect(byCommand.get('ZLEXCOUNT')).toBeLessThan(14)
  })

  it('for a conversation gets its message and leaves others', async () => {
    await send('something else')
    atPause(2, () => send('the reply', { correlation_id: 'mine' }))
    expect(textsOf(await inbox.take({ waitMs: 20_000, correlationId: 'mine' }))).toEqual(['the reply'])
    expect(textsOf(await inbox.take())).toEqual(['something else'])
  })

  it('tells when its agent is disabled meanwhile', async () => {
    atPause(2, async () => {
      await send('a')
      await register(hive, agent, { disabled: true, version: 2 })
    })
    expect((await refusal(inbox.take({ waitMs: 20_000 }))).code).toBe('agent.disabled')
  })
})

describe('waiting receives', () => {
  it('are so many at a time; beyond it the answer is immediate and says when to ask again', async () => {
    const small = await testHive({ maxWaiters: 2 })
    onTestFinished(() => small.dispose())
    const names = ['w1', 'w2', 'w3']
    await register(small, names)
    const waiting = names.slice(0, 2).map((name) => inboxOf(small, name).receive({ waitMs: 10_000 }))
    await expect.poll(() => small.bus.ask((redis) => redis.zcard(small.bus.keys.waiters))).toBe(2)
    const answer = await inboxOf(small, 'w3').receive({ waitMs: 10_000 })
    expect(answer.messages).toEqual([])
    expect(answer.retry_after).toBeGreaterThan(0)
    for (const name of names.slice(0, 2)) await publish(small, [sampleMessage({ to_agent: name })])
    for (const { messages } of await Promise.all(waiting)) expect(messages).toHaveLength(1)
    expect(Object.keys(await dumpKeys(small))).not.toContain(small.bus.keys.waiters)
  })

  it('do not count twice when their answer is lost', async () => {
    const small = await testHive({ maxWaiters: 1 })
    onTestFinished(() => small.dispose())
    await register(small, 'w1')
    small.upstash.faults.next('drop-after', 1, { command: 'EVALSHA', script: 'ZPOPMIN' })
    const answer = inboxOf(small, 'w1').receive({ waitMs: 10_000 })
    await expect.poll(() => small.upstash.stats.byCommand.get('HMGET') ?? 0).toBeGreaterThan(2)
    await publish(small, [sampleMessage({ to_agent: 'w1' })])
    expect((await answer).messages).toHaveLength(1)
  })

  it('whose function died are forgotten after their time', async () => {
    const key = hive.bus.keys.waiters
    const clock = { now: () => Date.now(), sleep: () => new Promise<void>(() => {}) }
    void inboxOf({ ...hive, clock }, agent).receive({ waitMs: 20_000 })
    await expect.poll(() => hive.bus.ask((redis) => redis.zcard(key))).toBe(1)
    const left = await hive.bus.ask((redis) => redis.pttl(key))
    expect(left).toBeGreaterThan(20_000)
    expect(left).toBeLessThanOrEqual(60_000)
  })
})
