import { isoTime } from '../iso-time.ts'
import { addressPattern, agentNamePattern } from './agent-name.ts'
import { isBoundedObject } from './bounded-object.ts'
import { isDueBeforeEnd } from './delay.ts'
import { DeliveryOptions, unsaidDelivery } from './delivery-options.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'
import type { AgentMessage, ParseMessageOptions } from './message.ts'
import { largestBodyBytes, largestMetadataBytes } from './message-limits.ts'
import { parse } from './parse.ts'
import { printablePattern } from './printable.ts'
import { priorities, unsaidPriority } from './priority.ts'
import { Timestamp } from './timestamp.ts'
import { longestTtlSeconds, unsaidTtlSeconds } from './ttl.ts'

/**
 * Reads a message that is plainly right in the way that most are, five times as fast as its schema does: of this version, which
 * it says where it says anything of its delivery or metadata, each field given under its own name and none as null. Gives what
 * the schema would give, in the same order of fields; undefined where that is not plain, for the schema to tell.
 */
export function readPlainMessage(input: unknown, { now, newId }: ParseMessageOptions): AgentMessage | undefined {
  if (!isJsonObject(input) || !isPlain(input)) return undefined
  const given = input as Partial<Omit<AgentMessage, 'priority'>> & { priority?: unknown }
  const priority = readPriority(given.priority)
  const delivery = readDelivery(input)
  if (priority === undefined || delivery === undefined) return undefined
  const ttl = given.ttl ?? unsaidTtlSeconds
  if (!isDueBeforeEnd(delivery.delay_seconds, ttl)) return undefined
  const message = {
    version: 1,
    message_id: given.message_id ?? newId(),
    from_agent: given.from_agent,
    to_agent: given.to_agent,
    message_type: given.message_type,
    priority,
    timestamp: given.timestamp ?? isoTime(now),
    ttl,
    body: given.body,
    delivery_options: delivery,
  } as AgentMessage
  if (given.metadata) message.metadata = given.metadata
  if (given.conversation_id) message.conversation_id = given.conversation_id
  if (given.correlation_id) message.correlation_id = given.correlation_id
  if (given.reply_to) message.reply_to = given.reply_to
  if (given.causation_id) message.causation_id = given.causation_id
  return message
}

/** Looks at every field that there is, so that one which no version knows is never passed over. */
function isPlain(input: JsonObject): boolean {
  for (const field in input) {
    const value = input[field]
    switch (field) {
      case 'version':
        if (value !== 1) return false
        break
      case 'from_agent':
        if (!isText(value, agentNamePattern)) return false
        break
      case 'to_agent':
        if (!isText(value, addressPattern)) return false
        break
      case 'body':
        if (!isBoundedObject(value, largestBodyBytes)) return false
        break
      case 'message_type':
      case 'message_id':
      case 'correlation_id':
      case 'reply_to':
      case 'causation_id':
        if (!isText(value, printablePattern)) return false
        break
      case 'conversation_id':
        if (!isText(value, lowerCaseUuid)) return false
        break
      case 'timestamp':
        if (typeof value !== 'string' || !Timestamp().safeParse(value).success) return false
        break
      case 'ttl':
        if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > longestTtlSeconds) return false
        break
      case 'metadata':
        if (!isBoundedObject(value, largestMetadataBytes)) return false
        break
      case 'priority':
      case 'delivery_options':
        break
      default:
        return false
    }
  }
  // without a version, these two may be those of an older shape
  const isCurrent = 'version' in input || !('metadata' in input || 'delivery_options' in input)
  const isWhole = 'from_agent' in input && 'to_agent' in input && 'message_type' in input && 'body' in input
  return isWhole && isCurrent
}

const isText = (value: unknown, pattern: RegExp) => typeof value === 'string' && pattern.test(value)

/** Any UUID as it is written back. */
const lowerCaseUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

type PriorityName = keyof typeof priorities

function readPriority(given: unknown): AgentMessage['priority'] | undefined {
  if (given === undefined) return unsaidPriority
  if (typeof given === 'string') return Object.hasOwn(priorities, given) ? priorities[given as PriorityName] : undefined
  return given === 1 || given === 2 || given === 3 || given === 4 ? given : undefined
}

function readDelivery(input: JsonObject): DeliveryOptions | undefined {
  const given = input.delivery_options
  if (given === undefined) return unsaidDelivery
  const read = parse(DeliveryOptions(), given)
  // waiting is for capabilities alone
  return read.success && read.data.wait_for_recipient !== true ? read.data : undefined
}
