import * as z from 'zod/mini'
import { type FieldError, HiveError } from '../errors.ts'
import { isoTime } from '../iso-time.ts'
import { once } from '../once.ts'
import { Address, AgentName } from './agent-name.ts'
import { boundedObject } from './bounded-object.ts'
import { isDueBeforeEnd } from './delay.ts'
import { DeliveryOptions, unsaidDelivery } from './delivery-options.ts'
import { fieldErrors, mostFaults } from './field-errors.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'
import { largestBodyBytes, largestMetadataBytes } from './message-limits.ts'
import { parse } from './parse.ts'
import { readPlainMessage } from './plain-message.ts'
import { Printable } from './printable.ts'
import { Priority, unsaidPriority } from './priority.ts'
import { Timestamp } from './timestamp.ts'
import { Ttl, unsaidTtlSeconds } from './ttl.ts'
import { upcast } from './versions.ts'

/** The fields of version 1. */
export const messageFields = once(() => ({
  version: z._default(z.literal(1), 1),
  message_id: Printable().check(
    z.describe("The sender's own id of it: sent again with the same content it is a duplicate."),
  ),
  from_agent: AgentName(),
  to_agent: Address(),
  message_type: Printable().check(z.describe('What it is, in words that sender and recipient agree on.')),
  priority: z._default(Priority(), unsaidPriority),
  timestamp: Timestamp().check(z.describe('When its sender made it.')),
  ttl: z._default(Ttl(), unsaidTtlSeconds),
  body: boundedObject(largestBodyBytes),
  delivery_options: z._default(z.lazy(DeliveryOptions), () => unsaidDelivery),
  metadata: z.exactOptional(boundedObject(largestMetadataBytes)),
  conversation_id: z.exactOptional(
    z.guid('must be a UUID').check(z.toLowerCase(), z.describe('History is read by it.')),
  ),
  correlation_id: z.exactOptional(
    Printable().check(z.describe('What a request and its answers have in common; receive can filter by it.')),
  ),
  reply_to: z.exactOptional(Printable().check(z.describe('Where an answer is expected.'))),
  causation_id: z.exactOptional(Printable().check(z.describe('The id of the message that this one answers.'))),
}))

/**
 * A message between agents, version 1. What it accepts can be written as JSON, read back equal, digested and stored:
 * no accepted text outside of `body` and `metadata` holds a control character.
 */
export const AgentMessage = once(() =>
  z.strictObject(messageFields()).check(
    z.refine(endsBeforeTtl, {
      path: ['delivery_options', 'delay_seconds'],
      error: 'must be less than ttl: the message would expire before it is due',
      params: { code: 'request.unprocessable' },
      // Every fault is named at once, so this one is looked for although others were found.
      when: () => true,
    }),
    z.refine(waitsForCapability, {
      path: ['delivery_options', 'wait_for_recipient'],
      error: 'is only for messages to a capability',
      params: { code: 'request.unprocessable' },
      when: () => true,
    }),
    z.describe('A message between agents, version 1, with the defaults filled in.'),
  ),
)
export type AgentMessage = z.output<ReturnType<typeof AgentMessage>>

export type ParseMessageOptions = {
  /** Milliseconds since the epoch: the timestamp of a message that has none. */
  now: number
  /** A new id, a UUIDv7, for a message that has none. */
  newId: () => string
  /** Put in front of every field named in an error: `messages[3]`. */
  path?: string
}

/**
 * Reads one message of any version as v1 with the defaults filled in. `input` is what `parseJson` gave; it is not
 * changed, and the result shares its body. Reading a result again gives an equal one.
 *
 * Throws HiveError, all faults at once in `errors`, by the sender's own names: `version.unknown`, `request.invalid`,
 * `request.too_large` when nothing but sizes is at fault, `request.unprocessable` when nothing but options that
 * contradict the rest are.
 */
export function parseMessage(input: unknown, options: ParseMessageOptions): AgentMessage {
  const path = options.path ?? ''
  const plain = readPlainMessage(input, options)
  if (plain) return plain
  if (!isJsonObject(input)) throw refusal([{ field: path === '' ? '$' : path, message: 'must be a JSON object' }])
  const { message, names, faults } = upcastAt(input, path)
  if (message.message_id === undefined) message.message_id = options.newId()
  if (message.timestamp === undefined) message.timestamp = isoTime(options.now)
  const parsed = parse(AgentMessage(), message)
  if (parsed.success && faults.length === 0) return parsed.data
  const found = parsed.success ? [] : fieldErrors(parsed.error).map((fault) => asSent(fault, names))
  throw refusal([...faults, ...found].map((fault) => ({ ...fault, field: under(path, fault.field) })))
}

/**
 * Reads many messages, all or none: the faults of all of them are named at once, each message's under its `path`.
 * Throws HiveError as `parseMessage` does.
 */
export function parseMessages(
  inputs: readonly unknown[],
  options: Omit<ParseMessageOptions, 'path'> & { path: (index: number) => string },
): AgentMessage[] {
  const messages: AgentMessage[] = []
  const refused: HiveError[] = []
  for (const [index, input] of inputs.entries()) {
    try {
      messages.push(parseMessage(input, { ...options, path: options.path(index) }))
    } catch (error) {
      if (!(error instanceof HiveError)) throw error
      refused.push(error)
    }
  }
  if (refused.length === 1 && refused[0] !== undefined) throw refused[0]
  if (refused.length > 1) throw refusal(refused.flatMap(codedFaults))
  return messages
}

function codedFaults({ code, errors }: HiveError): FieldError[] {
  return code === 'request.invalid' ? errors : errors.map((fault) => ({ code, ...fault }))
}

function upcastAt(input: JsonObject, path: string): ReturnType<typeof upcast> {
  try {
    return upcast(input)
  } catch (error) {
    if (!(error instanceof HiveError) || path === '') throw error
    const errors = error.errors.map((fault) => ({ ...fault, field: under(path, fault.field) }))
    throw new HiveError(error.code, error.message, { errors, cause: error })
  }
}

function endsBeforeTtl(message: unknown): boolean {
  const { ttl, delivery_options: options } = message as {
    ttl?: unknown
    delivery_options?: { delay_seconds?: unknown }
  }
  const delay = options?.delay_seconds
  // A ttl that is itself at fault is no measure for the delay.
  return typeof ttl !== 'number' || ttl < 1 || typeof delay !== 'number' || isDueBeforeEnd(delay, ttl)
}

function waitsForCapability(message: unknown): boolean {
  const { to_agent: to, delivery_options: options } = message as {
    to_agent?: unknown
    delivery_options?: { wait_for_recipient?: unknown }
  }
  return options?.wait_for_recipient !== true || typeof to !== 'string' || to.startsWith('capability:')
}

/** A fault of a field that the sender calls otherwise, under the sender's name. */
function asSent(fault: FieldError, names: ReadonlyMap<string, string>): FieldError {
  const exact = names.get(fault.field)
  if (exact !== undefined) return { ...fault, field: exact }
  for (const [name, sent] of names) {
    if (fault.field.startsWith(`${name}.`)) return { ...fault, field: sent + fault.field.slice(name.length) }
  }
  return fault
}

function under(path: string, field: string): string {
  if (path === '') return field
  return field.startsWith('[') ? path + field : `${path}.${field}`
}

function refusal(faults: FieldError[]): HiveError {
  const errors = faults.slice(0, mostFaults)
  const codes = new Set(errors.map((fault) => fault.code ?? 'request.invalid'))
  const [only] = codes
  const code = codes.size === 1 && only !== undefined ? only : 'request.invalid'
  const [first] = errors
  return new HiveError(code, `the message cannot be taken: ${first?.field} ${first?.message}`, { errors })
}
