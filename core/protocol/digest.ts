import { hash } from 'node:crypto'
import { canonicalJson, sortKeys } from './canonical-json.ts'
import { unsaidDelivery } from './delivery-options.ts'
import type { AgentMessage } from './message.ts'

const sortedUnsaid = sortKeys(unsaidDelivery)

/** All but what another try may change, sorted. Not asked of the schema, which is not made for most messages. */
function contentOf(message: AgentMessage, deliveryOptions: unknown) {
  return {
    body: message.body,
    causation_id: message.causation_id,
    conversation_id: message.conversation_id,
    correlation_id: message.correlation_id,
    delivery_options: deliveryOptions,
    from_agent: message.from_agent,
    message_id: message.message_id,
    message_type: message.message_type,
    metadata: message.metadata,
    priority: message.priority,
    reply_to: message.reply_to,
    to_agent: message.to_agent,
    ttl: message.ttl,
  } satisfies Record<Exclude<keyof AgentMessage, 'timestamp' | 'version'>, unknown>
}

/**
 * What tells whether two messages with one id have the same content: SHA-256 in base64url over the canonical JSON
 * (RFC 8785) of the message without `timestamp` and `version`. A sender that tries again has another clock, and may
 * have been upgraded in between.
 */
export function contentDigest(message: AgentMessage): string {
  const given = message.delivery_options
  const content = contentOf(message, given === unsaidDelivery ? sortedUnsaid : given)
  return hash('sha256', canonicalJson(content), 'base64url')
}
