import { parseAddress } from '../../protocol/agent-name.ts'

/**
 * A relay is an inbox that no agent reads: `topic:<name>` holds what was published to a topic until its subscribers have
 * it, `capability:<name>` what waits until an agent can do it. No agent's name has a colon.
 */
export type Relay = { kind: 'topic' | 'capability'; name: string }

/** What a relay's inbox is for; undefined for the inbox of an agent. */
export function relayOf(inbox: string): Relay | undefined {
  const { kind, name } = parseAddress(inbox)
  return kind === 'agent' ? undefined : { kind, name }
}

/** An address at which there never is an inbox: what is published to it is a duplicate, or nobody's. */
export const nobody = 'capability:'
