import type { Hive } from '../../hive.ts'
import { parseAddress } from '../../protocol/agent-name.ts'
import type { AgentMessage } from '../../protocol/message.ts'
import { findCapable } from './capable.ts'
import { countMembers } from './members.ts'
import { openRelay } from './open-relay.ts'
import { nobody, relayOf } from './relay-name.ts'

/** A message and the inbox that it is to go to. `forNobody`: to a topic without subscribers, so that it need not wait. */
export type RoutedMessage = { message: AgentMessage; inbox: string; forNobody?: boolean }

/**
 * Decides which inboxes a batch goes to: a topic's relay, the most proficient live agent for a capability, the relay where
 * messages wait for one. Messages to agents cost nothing here.
 */
export function createRouting<T extends RoutedMessage>(hive: Hive, batch: T[]) {
  /** Agents that did not take what was routed to them, by capability. */
  const passedOver = new Map<string, Set<string>>()
  /** Capabilities of which some agent had no room. */
  const crowded = new Set<string>()
  const byCapability = Map.groupBy(
    batch.filter(({ message }) => message.to_agent.startsWith('capability:')),
    ({ message }) => parseAddress(message.to_agent).name,
  )

  /** What nobody will get must not wait for its delay: anyone can name any number of topics. */
  async function mayBeForNobody(relay: string): Promise<void> {
    const topic = relayOf(relay)?.name ?? ''
    if (((await countMembers(hive, [topic])).get(topic) ?? 0) > 0) return
    for (const routed of batch) if (routed.inbox === relay) routed.forNobody = true
  }

  /** Anyone can name any number of capabilities: messages wait for so many at once and no more. */
  async function mayWait(more: number): Promise<boolean> {
    const { bus, config } = hive
    return (await bus.ask((redis) => redis.scard(bus.keys.waiting))) + more <= config.maxWaitingCapabilities
  }

  return {
    /** Says for each message where it goes. Raises redis.unavailable. */
    async place(): Promise<void> {
      if (byCapability.size === 0) return
      await Promise.all(
        [...byCapability].map(async ([capability, messages]) => {
          const { able, full } = await findCapable(hive, capability, passedOver.get(capability))
          if (full) crowded.add(capability)
          for (const routed of messages) {
            const [chosen] = able.sort((a, b) => a.waiting - b.waiting)
            if (chosen) chosen.waiting++
            const waits = routed.message.delivery_options.wait_for_recipient === true
            // nobody's: the ledger may still know it
            routed.inbox = chosen?.agent ?? (waits ? routed.message.to_agent : nobody)
          }
        }),
      )
    },

    /**
     * Looks after what can be mended before a batch that was refused is tried again: makes relays, passes over agents that
     * took nothing. Gives the faults that remain.
     */
    async mend<F extends { prepared: T; why: string }>(faults: F[]): Promise<F[]> {
      const left: F[] = []
      const relays = new Set<string>()
      for (const fault of faults) {
        const { message, inbox } = fault.prepared
        const { kind, name } = parseAddress(message.to_agent)
        if (inbox === nobody) left.push({ ...fault, why: crowded.has(name) ? 'full' : 'incapable' })
        else if (kind !== 'agent' && relayOf(inbox) && fault.why === 'unknown') relays.add(inbox)
        else if (kind === 'capability' && !relayOf(inbox) && notThere.has(fault.why)) {
          passedOver.set(name, (passedOver.get(name) ?? new Set()).add(inbox))
        } else left.push(fault)
      }
      const isTopic = (relay: string) => relayOf(relay)?.kind === 'topic'
      const toWait = [...relays].filter((relay) => !isTopic(relay))
      if (toWait.length > 0 && !(await mayWait(toWait.length))) {
        const refused = faults.filter(({ prepared }) => toWait.includes(prepared.inbox))
        left.push(...refused.map((fault) => ({ ...fault, why: 'crowded' })))
      }
      // the batch is refused, so that nothing would go by them
      if (left.length > 0) return left
      for (const relay of relays) {
        if (isTopic(relay)) await mayBeForNobody(relay)
        await openRelay(hive, relay, { running: isTopic(relay) })
      }
      return left
    },

    /**
     * Called after acceptance: an agent may have become able while a message was about to wait for one. The sweep looks
     * after the capabilities that are written down here.
     */
    async lookAgain(): Promise<void> {
      const { bus } = hive
      for (const [capability, messages] of byCapability) {
        const waiting = messages.find(({ inbox }) => relayOf(inbox) && inbox !== nobody)
        if (!waiting) continue
        await bus.ask((redis) => redis.sadd(bus.keys.waiting, capability))
        const { able, full } = await findCapable(hive, capability)
        if (able.length > 0 || full) await openRelay(hive, waiting.inbox, { running: true })
      }
    },
  }
}

const notThere = new Set(['unknown', 'disabled', 'full', 'dead'])
