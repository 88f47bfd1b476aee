import { type FieldError, HiveError } from '../core/errors.ts'
import type { Hive } from '../core/hive.ts'
import { type AgentMessage, parseMessage } from '../core/protocol/message.ts'

/**
 * Reads messages of any version; `path` gives the prefix of a message's fields in errors.
 * Throws the first message's fault, with the fields of all messages that are at fault.
 */
export function readMessages(hive: Hive, inputs: unknown[], path: (index: number) => string): AgentMessage[] {
  const options = { now: hive.clock.now(), newId: hive.ids.messageId }
  const messages: AgentMessage[] = []
  const faults: HiveError[] = []
  const errors: FieldError[] = []
  for (const [index, input] of inputs.entries()) {
    try {
      messages.push(parseMessage(input, options))
    } catch (error) {
      if (!(error instanceof HiveError)) throw error
      faults.push(error)
      errors.push(...error.errors.map((fault) => ({ ...fault, code: error.code, field: path(index) + fault.field })))
    }
  }
  const [first] = faults
  if (first) throw new HiveError(first.code, first.message, { errors, cause: first })
  return messages
}
