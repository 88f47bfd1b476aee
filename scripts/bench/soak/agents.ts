import type { Fleet } from '../fleet.ts'

const some = (name: string, count: number) => Array.from({ length: count }, (_, i) => `soak-${name}-${i}`)

/** Who takes part: agents that pull, that are pushed to, that subscribe to the topic, and one that never looks into its inbox. */
export const sender = 'soak-sender'
export const pulling = some('pulling', 8)
export const pushed = some('pushed', 2)
export const subscribers = some('subscriber', 6)
export const absent = 'soak-absent'
export const topic = 'soak-news'
export const metricType = 'soak'

/** All that messages are sent to, by name or by topic. */
export const recipients = [...pulling, ...pushed, ...subscribers, absent]

/** Registers all of them, the pushed ones with an endpoint of their own. */
export async function registerAgents(fleet: Fleet, endpoint: string): Promise<void> {
  for (const name of [sender, ...recipients]) {
    await fleet.call('PUT', `/v1/agents/${name}`, pushed.includes(name) ? { endpoint: `${endpoint}/${name}` } : {})
  }
  for (const name of subscribers) await fleet.call('PUT', `/v1/topics/${topic}/subscribers/${name}`, {})
}
