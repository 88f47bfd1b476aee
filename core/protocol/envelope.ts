import { HiveError } from '../errors.ts'
import { unsaidDelivery } from './delivery-options.ts'
import { isJsonObject } from './json-value.ts'
import { AgentMessage } from './message.ts'
import { currentVersion, upcast } from './versions.ts'

/**
 * The text under which a message is stored: v1 as JSON, without the delivery options where they are those of version 1 for a
 * sender who says nothing, as those of most messages are. They would be a quarter of all that is sent to Redis and kept there.
 */
export function encodeEnvelope(message: AgentMessage): string {
  const isUnsaid = message.delivery_options === unsaidDelivery
  return JSON.stringify(isUnsaid ? { ...message, delivery_options: undefined } : message)
}

/**
 * Reads a stored message. One of this version was validated before it was written and is taken as it is; an older one
 * is brought up to it. Throws HiveError `internal` when the text is no message.
 */
export function decodeEnvelope(text: string): AgentMessage {
  try {
    const stored: unknown = JSON.parse(text)
    if (isJsonObject(stored)) {
      if (stored.version !== currentVersion) return AgentMessage().parse(upcast(stored).message)
      stored.delivery_options ??= unsaidDelivery
      return stored as AgentMessage
    }
  } catch {
    // What was wrong may quote the message; the caller logs which one it was.
  }
  throw new HiveError('internal', 'a stored message cannot be read')
}
