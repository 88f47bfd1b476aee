import type { AgentMessage } from '../../../core/protocol/message.ts'

/** What a recipient does with a message: take it, take it the second time, or never. */
export type Fate = 'take' | 'later' | 'never'

export type Letter = Pick<AgentMessage, 'message_id' | 'to_agent'> & { body: { fate: Fate; [field: string]: unknown } }

/** What the users of the hive have seen of it themselves. A message is named by its recipient and its id. */
export type Seen = {
  /** Accepted by the hive, one name a recipient. */
  accepted: Set<string>
  /** Acknowledged by a recipient, and the hive said so. */
  delivered: Set<string>
  /** Messages of which a recipient has not taken the first attempt, until it takes a later one. */
  refused: Set<string>
  /** Points of metrics that were accepted. */
  points: number
  /** Requests that had to be sent again, and why. */
  repeated: string[]
}

export const nothingSeen = (): Seen => ({
  accepted: new Set(),
  delivered: new Set(),
  refused: new Set(),
  points: 0,
  repeated: [],
})

export const nameOf = (agent: string, messageId: string) => `${agent} ${messageId}`

/** Whether a recipient takes a message this time. */
export function takes(seen: Seen, agent: string, { message_id, body }: Letter): boolean {
  if (body.fate === 'take') return true
  const name = nameOf(agent, message_id)
  if (body.fate === 'never' || !seen.refused.has(name)) {
    seen.refused.add(name)
    return false
  }
  return true
}
