import type { AgentMessage } from '../../protocol/message.ts'
import { agents, type MessageSpec } from './operations.ts'
import { type Session, seconds } from './session.ts'

/** Makes a message of what was drawn; the messages that were sent before may be sent again. */
export function composeMessage(session: Session, spec: MessageSpec): AgentMessage {
  const { identity } = spec
  const known = identity.kind === 'new' ? undefined : session.sent.at(-1 - (identity.of % (session.sent.length || 1)))
  const serial = ++session.serial
  const timestamp = new Date(1_700_000_000_000 + serial).toISOString()
  // a sender that tries again has another clock
  if (known && identity.kind === 'again') return { ...known, timestamp }
  if (known && identity.kind === 'conflict') return { ...known, timestamp, body: { other: serial } }
  const from = agents[spec.from] as string
  const causes = session.sent.filter((message) => message.to_agent === from)
  const { backoff } = spec
  return {
    version: 1,
    message_id: known ? known.message_id : `message ${serial}`,
    from_agent: from,
    to_agent: agents[spec.to] ?? 'nobody',
    message_type: 'test',
    priority: spec.priority,
    timestamp,
    ttl: seconds(spec.ttl),
    body: { serial, ...(spec.large ? { text: 'x'.repeat(20_000) } : {}) },
    delivery_options: {
      delay_seconds: spec.delay === 'none' ? 0 : seconds(spec.delay),
      max_attempts: spec.maxAttempts,
      backoff: {
        type: backoff === 'exponential' ? 'exponential' : 'fixed',
        base_seconds: backoff === 'none' ? 0 : backoff === 'exponential' ? 0.002 : seconds(backoff),
        cap_seconds: backoff === 'exponential' ? 0.003 : 7200,
      },
      lease_seconds: seconds(spec.lease),
      ...(spec.orderingKey === undefined ? {} : { ordering_key: `key ${spec.orderingKey}` }),
    },
    ...(spec.correlation === undefined ? {} : { correlation_id: `correlation ${spec.correlation}` }),
    ...(spec.cause === undefined
      ? {}
      : { causation_id: causes.at(-1 - (spec.cause % (causes.length || 1)))?.message_id ?? 'unknown cause' }),
  }
}
