import { decodeReceipt } from '../bus/receipt.ts'
import type { Leased } from '../bus/receive.ts'
import { findCapable } from '../bus/relay/capable.ts'
import { handOver } from '../bus/relay/hand-over.ts'
import { readProgress } from '../bus/relay/handed.ts'
import { openRelay } from '../bus/relay/open-relay.ts'
import type { Hive } from '../hive.ts'
import { type RelayDecision, runRelay } from './run-relay.ts'

/**
 * Routes what waits for a capability to the most proficient live agents, each message to one. While there is no such
 * agent the relay rests: declaring the capability or the sweep sets it going again. Raises redis.unavailable.
 */
export async function routeWaiting(hive: Hive, capability: string): Promise<void> {
  const relay = `capability:${capability}`
  let nobody = false
  await runRelay(hive, relay, async (leased) => {
    const decision = await routeOne(hive, capability, relay, leased)
    nobody ||= decision === 'nobody'
    return decision === 'nobody' ? { kind: 'release' } : decision
  })
  if (!nobody) return
  await openRelay(hive, relay, { running: false })
  // someone may have become able in between
  if ((await findCapable(hive, capability)).able.length > 0) await openRelay(hive, relay, { running: true })
}

async function routeOne(
  hive: Hive,
  capability: string,
  relay: string,
  leased: Leased,
): Promise<RelayDecision | 'nobody'> {
  const sequence = decodeReceipt(leased.receipt)?.sequence ?? ''
  const { to } = await readProgress(hive, relay, sequence)
  if (to) return { kind: 'done' }
  const passedOver = new Set<string>()
  for (;;) {
    const { able, full } = await findCapable(hive, capability, passedOver)
    const [chosen] = able
    // what comes after it would find nobody either
    if (!chosen) return full ? { kind: 'hold' } : 'nobody'
    const results = await handOver(hive, relay, leased, [chosen.agent], { single: true })
    if (typeof results === 'string') return { kind: 'release' }
    if (results[0] === 'accepted' || results[0] === 'already') return { kind: 'done' }
    passedOver.add(chosen.agent)
  }
}
