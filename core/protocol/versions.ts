import { type FieldError, HiveError } from '../errors.ts'
import { deliveryLimits } from './delivery-options.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'
import { priorityByName } from './priority.ts'
import { normaliseTimestamp } from './timestamp.ts'
import { longestTtlSeconds } from './ttl.ts'

/** The version that is written, and the only number that `version` may have. */
export const currentVersion = 1

/**
 * What a message without a version is taken for. `payload` and `acknowledged` are the shapes that came before v1
 * (docs/protocol.md describes them as B and A); `current` is v1 itself.
 */
export type Shape = 'payload' | 'acknowledged' | 'current'

export type Upcast = {
  /** The message in the shape of v1, not yet validated. */
  message: JsonObject
  /** The sender's own name for a field of v1 that was called otherwise, so that faults are named as the sender wrote. */
  names: ReadonlyMap<string, string>
  /** What no rule could resolve, by the sender's own names. */
  faults: readonly FieldError[]
}

type Step = { message: JsonObject; names: Map<string, string>; faults: FieldError[] }

/**
 * Brings a message of any version to the shape of v1. The input is not changed.
 * Throws HiveError `version.unknown`, naming the versions understood.
 */
export function upcast(input: JsonObject): Upcast {
  const shape = detectShape(input)
  const step: Step = { message: { ...input }, names: new Map(), faults: [] }
  if (shape === 'payload') fromPayloadShape(step)
  if (shape === 'acknowledged') fromAcknowledgedShape(step)
  fromLooseV1(step)
  return step
}

/**
 * Tells the shape of a message. With a version it is that version's; without one it is told by the fields that only
 * one shape has. Throws HiveError `version.unknown`.
 */
export function detectShape(input: JsonObject): Shape {
  const version = own(input, 'version')
  if (version === currentVersion) return 'current'
  if (version !== undefined && version !== null) {
    const understood = `versions understood: ${currentVersion}, and messages without a version in the older shapes`
    throw new HiveError('version.unknown', `the message's version is not understood; ${understood}`, {
      errors: [{ field: 'version', message: `is not understood; ${understood}` }],
    })
  }
  if (['payload', 'source_agent', 'target_agent'].some((field) => Object.hasOwn(input, field))) return 'payload'
  const options = own(input, 'delivery_options')
  if (isJsonObject(options) && acknowledgedOptions.some((field) => Object.hasOwn(options, field))) return 'acknowledged'
  return Object.hasOwn(input, 'metadata') ? 'acknowledged' : 'current'
}

const acknowledgedOptions = ['require_ack', 'max_retries', 'retry_delay_seconds', 'ttl_seconds', 'persistent']

/**
 * Shape B, `type, payload, headers, priority, source_agent, target_agent, target_group, status`, to v1.
 * A target group becomes a topic, unless a target agent is named too. `headers` and `status` have no place in v1.
 */
function fromPayloadShape(step: Step): void {
  const legacy: JsonObject = {}
  rename(step, 'type', 'message_type')
  rename(step, 'payload', 'body')
  rename(step, 'source_agent', 'from_agent')
  rename(step, 'target_agent', 'to_agent')
  const group = take(step.message, 'target_group')
  if (group !== undefined && (step.message.to_agent ?? undefined) === undefined) {
    step.message.to_agent = typeof group === 'string' ? `topic:${group}` : group
    step.names.set('to_agent', 'target_group')
  } else {
    keep(legacy, 'target_group', group)
  }
  keep(legacy, 'headers', take(step.message, 'headers'))
  keep(legacy, 'status', take(step.message, 'status'))
  readPriority(step, legacy, { numbers: { 4: 3, 5: 4 }, names: { NORMAL: 2, URGENT: 3 } })
  wrapBody(step, legacy)
  addLegacy(step.message, legacy)
}

/**
 * Shape A, v1's names with `delivery_options {require_ack, max_retries, retry_delay_seconds, ttl_seconds, persistent}`,
 * to v1. Retries do not count the first attempt, attempts do. A number that v1 does not allow is moved to the nearest
 * that it does, a ttl or delay that is not positive counts as not given; the original is kept.
 */
function fromAcknowledgedShape(step: Step): void {
  const legacy: JsonObject = {}
  if (isJsonObject(step.message.delivery_options)) {
    const options = { ...step.message.delivery_options }
    const kept: JsonObject = {}
    keep(kept, 'require_ack', take(options, 'require_ack'))
    keep(kept, 'persistent', take(options, 'persistent'))
    readRetries(step, options, kept)
    readRetryDelay(step, options, kept)
    readTtl(step, options, kept)
    step.message.delivery_options = options
    if (Object.keys(kept).length > 0) legacy.delivery_options = kept
  }
  readPriority(step, legacy, { numbers: { 5: 4 }, names: { URGENT: 4, EMERGENCY: 4 } })
  wrapBody(step, legacy)
  addLegacy(step.message, legacy)
}

/** v1 as it was first sent, to v1: moments without a zone are UTC, and null stands for an optional field left out. */
function fromLooseV1(step: Step): void {
  dropNulls(step.message)
  const { timestamp, delivery_options: options } = step.message
  if (typeof timestamp === 'string') step.message.timestamp = normaliseTimestamp(timestamp)
  if (isJsonObject(options)) {
    const given = dropNulls({ ...options })
    if (isJsonObject(given.backoff)) given.backoff = dropNulls({ ...given.backoff })
    step.message.delivery_options = given
  }
}

function readRetries(step: Step, options: JsonObject, kept: JsonObject): void {
  const retries = takeAs(step, options, 'max_retries', 'max_attempts')
  if (retries === undefined) return
  if (typeof retries !== 'number') options.max_attempts = retries
  else {
    if (retries >= 0) options.max_attempts = Math.min(Math.floor(retries) + 1, deliveryLimits.maxAttempts)
    if (options.max_attempts !== retries + 1) kept.max_retries = retries
  }
}

function readRetryDelay(step: Step, options: JsonObject, kept: JsonObject): void {
  const delay = takeAs(step, options, 'retry_delay_seconds', 'backoff')
  if (delay === undefined) return
  step.names.set('delivery_options.backoff.base_seconds', 'delivery_options.retry_delay_seconds')
  const seconds = typeof delay === 'number' ? Math.min(delay, deliveryLimits.backoffSeconds) : delay
  if (typeof seconds !== 'number' || seconds >= 0) options.backoff = { type: 'fixed', base_seconds: seconds }
  if (typeof seconds === 'number' && (seconds !== delay || seconds < 0)) kept.retry_delay_seconds = delay
}

function readTtl(step: Step, options: JsonObject, kept: JsonObject): void {
  const ttl = take(options, 'ttl_seconds')
  if (ttl === undefined) return
  if (step.message.ttl !== undefined && step.message.ttl !== null) {
    step.faults.push({ field: 'delivery_options.ttl_seconds', message: 'means the same as ttl: give one of them' })
    return
  }
  step.names.set('ttl', 'delivery_options.ttl_seconds')
  if (typeof ttl !== 'number') step.message.ttl = ttl
  else {
    if (ttl > 0) step.message.ttl = Math.min(Math.ceil(ttl), longestTtlSeconds)
    if (step.message.ttl !== ttl) kept.ttl_seconds = ttl
  }
}

type OlderPriorities = { numbers: Record<number, number>; names: Record<string, number> }

/** A name is taken at its word, whatever number the older shape gave it; what v1 does not have is kept. */
function readPriority(step: Step, legacy: JsonObject, older: OlderPriorities): void {
  const given = step.message.priority
  let read: number | undefined
  if (typeof given === 'string' && priorityByName(given) === undefined) {
    const name = given.toUpperCase()
    read = Object.hasOwn(older.names, name) ? older.names[name] : undefined
  }
  if (typeof given === 'number' && Object.hasOwn(older.numbers, given)) read = older.numbers[given]
  if (read === undefined) return
  step.message.priority = read
  legacy.priority = given
}

/** A body that is no JSON object is put into one; `legacy.wrapped` names the member that holds the original. */
function wrapBody(step: Step, legacy: JsonObject): void {
  const { body } = step.message
  if (body === undefined || isJsonObject(body)) return
  const member = typeof body === 'string' ? 'text' : 'value'
  step.message.body = { [member]: body }
  legacy.wrapped = member
}

/** A sender's own `metadata.legacy` gives way to ours and is kept inside it, at the path where it was. */
function addLegacy(message: JsonObject, legacy: JsonObject): void {
  if (Object.keys(legacy).length === 0) return
  const metadata = message.metadata ?? {}
  // Metadata of another type is refused later; nothing is added to it.
  if (!isJsonObject(metadata)) return
  if (Object.hasOwn(metadata, 'legacy')) legacy.metadata = { legacy: metadata.legacy }
  message.metadata = { ...metadata, legacy }
}

function rename(step: Step, from: string, to: string): void {
  const { message } = step
  if (own(message, to) === undefined || own(message, to) === null) step.names.set(to, from)
  if (!Object.hasOwn(message, from)) return
  // A null payload is a payload; every other null is a field left out.
  const value = from === 'payload' ? message[from] : (message[from] ?? undefined)
  delete message[from]
  if (value === undefined) return
  if (own(message, to) !== undefined && own(message, to) !== null) {
    step.faults.push({ field: from, message: `means the same as ${to}: give one of them` })
  } else {
    message[to] = value
  }
}

function takeAs(step: Step, options: JsonObject, from: string, to: string): unknown {
  const value = take(options, from)
  if (value === undefined) return undefined
  if (options[to] !== undefined && options[to] !== null) {
    step.faults.push({ field: `delivery_options.${from}`, message: `means the same as ${to}: give one of them` })
    return undefined
  }
  step.names.set(`delivery_options.${to}`, `delivery_options.${from}`)
  delete options[to]
  return value
}

/** Removes a field and returns its value; undefined for one that is absent or null. */
function take(from: JsonObject, field: string): unknown {
  const value = own(from, field)
  delete from[field]
  return value ?? undefined
}

function keep(legacy: JsonObject, field: string, value: unknown): void {
  if (value !== undefined) legacy[field] = value
}

function dropNulls(object: JsonObject): JsonObject {
  for (const field of Object.keys(object)) {
    // A null body is a wrong body; every other null is a field left out.
    if (field !== 'body' && (object[field] === null || object[field] === undefined)) delete object[field]
  }
  return object
}

function own(object: JsonObject, field: string): unknown {
  return Object.hasOwn(object, field) ? object[field] : undefined
}
