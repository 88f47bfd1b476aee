import { HiveError } from '../errors.ts'
import { isJsonObject } from './json-value.ts'
import { AgentMessage } from './message.ts'
import { currentVersion, upcast } from './versions.ts'

/** The text under which a message is stored and handed over: v1 as JSON. */
export function encodeEnvelope(message: AgentMessage): string {
  return JSON.stringify(message)
}

/**
 * Reads a stored message. One of this version was validated before it was written and is taken as it is; an older one
 * is brought up to it. Throws HiveError `internal` when the text is no message.
 */
export function decodeEnvelope(text: string): AgentMessage {
  try {
    const stored: unknown = JSON.parse(text)
    if (isJsonObject(stored)) {
      if (stored.version === currentVersion) return stored as AgentMessage
      return AgentMessage.parse(upcast(stored).message)
    }
  } catch {
    // What was wrong may quote the message; the caller logs which one it was.
  }
  throw new HiveError('internal', 'a stored message cannot be read')
}
