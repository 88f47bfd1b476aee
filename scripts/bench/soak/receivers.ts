import { setTimeout as delay } from 'node:timers/promises'
import type { Fleet } from '../fleet.ts'
import { pulling, subscribers } from './agents.ts'
import { type Letter, nameOf, type Seen, takes } from './seen.ts'

type Received = { messages: { receipt: string; message: Letter }[] }
type Settled = { results: { receipt: string; outcome?: string }[] }

/** A receiver for each agent that pulls: waits for messages, acknowledges most and gives back the others, until it is stopped. */
export function startReceivers(fleet: Fleet, seen: Seen): { stop(): Promise<void> } {
  let isOver = false
  async function receive(agent: string): Promise<void> {
    const inbox = `/v1/agents/${agent}/inbox`
    while (!isOver) {
      const { messages } = (await fleet.call('POST', `${inbox}/receive`, { max: 50, wait_seconds: 2 })) as Received
      if (messages.length === 0) continue
      const acks: string[] = []
      const nacks: { receipt: string; reason: string }[] = []
      const names = new Map<string, string>()
      for (const { receipt, message } of messages) {
        names.set(receipt, nameOf(agent, message.message_id))
        if (takes(seen, agent, message)) acks.push(receipt)
        else nacks.push({ receipt, reason: 'not now' })
      }
      const { results } = (await fleet.call('POST', `${inbox}/settle`, { acks, nacks })) as Settled
      for (const { receipt, outcome } of results) {
        if (outcome === 'delivered') seen.delivered.add(names.get(receipt) ?? '')
      }
    }
  }
  async function keepReceiving(agent: string): Promise<void> {
    while (!isOver) {
      await receive(agent).catch(async (error: unknown) => {
        seen.repeated.push(String(error))
        await delay(100)
      })
    }
  }
  const working = Promise.all([...pulling, ...subscribers].map(keepReceiving))
  return {
    async stop() {
      isOver = true
      await working
    },
  }
}
