import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TestHive, testHive } from '../../test/hive.ts'
import { inboxOf } from '../../test/inbox.ts'
import { sampleMessages } from '../../test/sample-message.ts'
import { registerAgent } from '../access/agents.ts'
import { publish } from '../bus/publish.ts'
import { auditInboxes, turnOf } from './audit-inboxes.ts'

const day = Date.parse('2026-03-01T00:30:00Z')
const logged: { message: string; extra: object | undefined }[] = []
let hour = 0
let hive: TestHive

beforeAll(async () => {
  const note = (message: string, extra?: object) => void logged.push({ message, extra })
  const clock = { now: () => day + hour * 3_600_000, sleep: async () => {} }
  hive = await testHive({}, { clock, log: { info: note, warn: note, error: note } })
  for (const name of ['sound', 'robbed']) {
    await registerAgent(hive, name, { endpoint: null, disabled: false })
    await publish(hive, sampleMessages(3, { from_agent: 'sound', to_agent: name }))
    await inboxOf(hive, name).ack(...(await inboxOf(hive, name).take({ max: 1 })))
  }
})
afterAll(() => hive.dispose())

/** All 24 audits of a day. */
async function auditDay() {
  const total = { audited: 0, violated: 0 }
  for (hour = 0; hour < 24; hour++) {
    const { audited, violated } = await auditInboxes(hive)
    total.audited += audited
    total.violated += violated
  }
  return total
}

it('every inbox is audited once a day, and one that adds up is passed', async () => {
  expect(await auditDay()).toEqual({ audited: 2, violated: 0 })
  hour = turnOf('sound')
  expect((await auditInboxes(hive)).audited).toBeGreaterThan(0)
})

it('an inbox that has lost a message is named, counted and measured', async () => {
  await hive.bus.ask(async (redis) => redis.zremrangebyrank(hive.bus.keys.ready('robbed'), 0, 0))
  logged.length = 0
  expect(await auditDay()).toEqual({ audited: 2, violated: 1 })
  const found = logged.filter(({ message }) => message === 'an inbox does not add up')
  expect(found.map(({ extra }) => extra)).toEqual([expect.objectContaining({ agent: 'robbed' })])
  expect(logged.map(({ extra }) => extra)).toContainEqual(expect.objectContaining({ ConservationViolated: 1 }))
})

it('an agent that Redis has lost is named too', async () => {
  await hive.bus.ask((redis) => redis.del(hive.bus.keys.inbox('robbed')))
  expect(await auditDay()).toEqual({ audited: 2, violated: 1 })
})
