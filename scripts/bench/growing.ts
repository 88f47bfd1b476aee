import { handler as inbox } from '../../functions/inbox.ts'
import { handler as publish } from '../../functions/publish.ts'
import { createRandom } from '../../test/random.ts'
import { invoke } from './invoke.ts'
import { benchMessage } from './messages.ts'
import type { SizedHive } from './sized-hives.ts'

/** Something that there is more and more of, and what is timed while there is. */
export type Growing = {
  what: string
  sizes: number[]
  /** Puts so many into an empty hive. */
  fill(hive: SizedHive, size: number): Promise<void>
  /** One batch of 100 messages; `turn` counts them. */
  pass(size: number, turn: number): Promise<void>
}

const agent = 'agent-0'

/** Messages that have gone through an inbox: its ledger, its outcomes and its outbox have grown. */
export const messagesGoneThrough: Growing = {
  what: 'messages gone through an inbox',
  sizes: [12_500, 25_000, 50_000, 100_000],
  async fill(hive, size) {
    await hive.register([agent])
    for (let done = 0; done < size; done += 100) await passThrough()
  },
  pass: passThrough,
}

/**
 * Agents. A batch goes to a hundred of them whatever their number, each of whom has had a message before, all in turn in an
 * order that is shuffled: how many inboxes a batch touches and how deep they are is not what doubles.
 */
export const agents: Growing = {
  what: 'agents',
  sizes: [1_250, 2_500, 5_000, 10_000],
  async fill(hive, size) {
    const names = Array.from({ length: size }, (_, i) => `agent-${i}`)
    await hive.register(names)
    for (let at = 0; at < size; at += 100) await publishTo(names.slice(at, at + 100))
  },
  async pass(size, turn) {
    const order = shuffled(size)
    const at = (turn * 100) % size
    await publishTo(
      [...order.slice(at, at + 100), ...order.slice(0, Math.max(0, at + 100 - size))].map((i) => `agent-${i}`),
    )
  },
}

/** Messages that wait in an inbox while others go through it. */
export const messagesWaiting: Growing = {
  what: 'messages waiting in an inbox',
  sizes: [12_500, 25_000, 50_000, 100_000],
  async fill(hive, size) {
    await hive.register([agent])
    for (let there = 0; there < size; there += 100) await publishTo(hundred)
  },
  pass: passThrough,
}

const hundred = Array.from({ length: 100 }, () => agent)
let index = 0

/** Small messages, as an inbox that holds 100,000 must fit into one record. */
async function publishTo(names: string[]): Promise<void> {
  const messages = names.map((to) => ({ ...benchMessage(to, index), body: { index: index++ } }))
  await invoke(publish, 'POST /v1/messages/batch', { body: { messages } })
}

async function passThrough(): Promise<void> {
  const path = { agent }
  await publishTo(hundred)
  const received = await invoke(inbox, 'POST /v1/agents/{agent}/inbox/receive', { path, body: { max: 100 } })
  const acks = (received.messages as { receipt: string }[]).map(({ receipt }) => receipt)
  if (acks.length !== 100) throw new Error(`${acks.length} of 100 messages were received`)
  await invoke(inbox, 'POST /v1/agents/{agent}/inbox/settle', { path, body: { acks } })
}

const orders = new Map<number, number[]>()

function shuffled(size: number): number[] {
  const known = orders.get(size)
  if (known) return known
  const random = createRandom(size)
  const order = Array.from({ length: size }, (_, i) => ({ i, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ i }) => i)
  orders.set(size, order)
  return order
}
