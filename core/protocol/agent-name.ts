import * as z from 'zod/mini'
import { once } from '../once.ts'

// No colon (`topic:` and `capability:` are prefixes), no slash (a name is one segment of a URL path), no braces
// (a name is a Redis hash tag), no control characters (records are joined by newlines), and ASCII alone, so that two
// names which look the same are the same.
const name = '[A-Za-z0-9_](?:[A-Za-z0-9 ._@+-]{0,126}[A-Za-z0-9._@+-])?'

export const agentNamePattern = new RegExp(`^${name}$`)
export const addressPattern = new RegExp(`^(?:topic:|capability:)?${name}$`)

/**
 * The name of an agent: 1 to 128 ASCII letters, digits and `. _ @ + -`, with spaces inside; it begins with a letter,
 * a digit or `_`. Names are compared exactly, upper and lower case apart.
 */
export const AgentName = once(() =>
  z
    .string()
    .check(
      z.regex(
        agentNamePattern,
        'must be a name: 1 to 128 letters, digits, spaces and . _ @ + -, beginning with a letter, a digit or _ and not ending with a space',
      ),
      z.describe('The name of an agent. Upper and lower case differ.'),
    ),
)

/** Where a message may go: an agent's name, `topic:<name>` or `capability:<name>`; each name follows `AgentName`. */
export const Address = once(() =>
  z
    .string()
    .check(
      z.regex(
        addressPattern,
        'must be an agent name, topic:<name> or capability:<name>; a name is 1 to 128 letters, digits, spaces and . _ @ + -, beginning with a letter, a digit or _ and not ending with a space',
      ),
      z.describe("Where a message goes: an agent's name, `topic:<name>` or `capability:<name>`."),
    ),
)

export type ParsedAddress = { kind: 'agent' | 'topic' | 'capability'; name: string }

/** Tells what an accepted `to_agent` addresses: one agent, a topic's subscribers, or whoever has a capability. */
export function parseAddress(address: string): ParsedAddress {
  if (address.startsWith('topic:')) return { kind: 'topic', name: address.slice('topic:'.length) }
  if (address.startsWith('capability:')) return { kind: 'capability', name: address.slice('capability:'.length) }
  return { kind: 'agent', name: address }
}
