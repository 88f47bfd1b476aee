import { expect, onTestFinished } from 'vitest'
import { projectSubscription } from '../core/bus/relay/project-subscription.ts'
import { type TestHive, testHive } from './hive.ts'
import { inboxOf } from './inbox.ts'
import { register } from './register.ts'
import { sampleMessage } from './sample-message.ts'

/** A hive of four agents, of which `ann` sends. */
export async function topicHive(overrides: Parameters<typeof testHive>[0] = {}): Promise<TestHive> {
  const hive = await testHive(overrides)
  onTestFinished(() => hive.dispose())
  await register(hive, ['ann', 'bob', 'cy', 'dee'])
  return hive
}

let version = 0
export async function subscribe(hive: TestHive, agent: string, message_types: string[] | null = null, topic = 'news') {
  const subscription = { message_types }
  await projectSubscription(hive, { topic, agent, version: String(++version), subscription })
}
export async function unsubscribe(hive: TestHive, agent: string, topic = 'news') {
  await projectSubscription(hive, { topic, agent, version: String(++version), subscription: null })
}

export const toTopic = (overrides: Parameters<typeof sampleMessage>[0] = {}) =>
  sampleMessage({ to_agent: 'topic:news', ...overrides })

/** Leases all that an agent can have. */
export async function idsOf(hive: TestHive, agent: string): Promise<string[]> {
  return (await inboxOf(hive, agent).take()).map(({ message }) => message.message_id)
}

/** Waits for a moment of Redis's clock. */
export const passes = (hive: TestHive, moment: number) =>
  expect.poll(() => hive.bus.now(), { interval: 10, timeout: 10_000 }).toBeGreaterThanOrEqual(moment)
