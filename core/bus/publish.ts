import type { ErrorCode, FieldError } from '../errors.ts'
import { HiveError } from '../errors.ts'
import type { Hive } from '../hive.ts'
import { delayMs } from '../protocol/delay.ts'
import type { DeliveryOptions } from '../protocol/delivery-options.ts'
import { contentDigest } from '../protocol/digest.ts'
import { encodeEnvelope } from '../protocol/envelope.ts'
import type { AgentMessage } from '../protocol/message.ts'
import type { Status } from '../protocol/status.ts'
import { isLongerInUtf8 } from '../utf8-length.ts'
import type { Moment, ScriptCall } from './bus.ts'
import { describePublished, type ResultRow } from './describe-published.ts'
import { shardOf } from './keys.ts'
import { deliveryOf } from './relay/hand-over.ts'
import { relayOf } from './relay/relay-name.ts'
import { createRouting, type RoutedMessage } from './relay/routing.ts'
import { publishScript } from './scripts/publish.ts'
import { bodyKey, sharedToken } from './shared-bodies.ts'
import { sendWakes } from './wake.ts'

/** Envelopes over this many bytes live under a key of their own, outside the inbox hash. */
const inlineLimit = 16 * 1024

/** A relay tries when its worker says and under leases as long as it may take; what the sender asks for is what its recipients' deliveries go by. */
const relayDelivery = ({ max_attempts }: DeliveryOptions) => `${max_attempts} 1 f 0 0`

/** What a sender learns of a message. */
export type Published = {
  message_id: string
  from_agent: string
  to_agent: string
  status: Status
  /** When it was accepted, by Redis's clock. */
  accepted_at: string
  /** True when the same message was accepted before: the rest is what became of that one. */
  duplicate: boolean
  /** Of a message to a topic: how many subscribers the topic has now, whatever message types they want. */
  recipients?: number
  /** Of a message to a capability: the agent that it was routed to; absent while it waits for one. */
  routed_to?: string
}

/** What a field of the message at an index is called where it is at fault. */
type FieldOf = (index: number, field: string) => string

const refusals: Record<string, { code: ErrorCode; field: string; say(message: AgentMessage): string }> = {
  conflict: {
    code: 'message.conflict',
    field: 'message_id',
    say: () => 'was used before by this sender for a message with other content',
  },
  unknown: { code: 'agent.unknown', field: 'to_agent', say: (m) => `no agent is called ${JSON.stringify(m.to_agent)}` },
  incapable: {
    code: 'capability.unavailable',
    field: 'to_agent',
    say: (m) =>
      `no live agent can do ${JSON.stringify(m.to_agent.slice('capability:'.length))}; with delivery_options.wait_for_recipient it waits for one`,
  },
  crowded: {
    code: 'waiting.full',
    field: 'to_agent',
    say: (m) =>
      `no live agent can do ${JSON.stringify(m.to_agent.slice('capability:'.length))}, and messages wait for as many other capabilities as they may`,
  },
  disabled: { code: 'agent.disabled', field: 'to_agent', say: () => 'is disabled' },
  full: { code: 'inbox.full', field: 'to_agent', say: () => 'has a full inbox' },
  dead: { code: 'inbox.full', field: 'to_agent', say: () => 'has too many dead letters: redrive or discard them' },
  loop: {
    code: 'loop.detected',
    field: 'causation_id',
    say: (m) =>
      `the chain of messages that answer each other is too long, from ${JSON.stringify(m.from_agent)} to ${JSON.stringify(m.to_agent)}`,
  },
}

/** Seconds after which there may be room: in an inbox soon, for another capability when the sweep has looked at those that are waited for. */
const retryAfters: Partial<Record<ErrorCode, number>> = { 'inbox.full': 5, 'waiting.full': 60 }

/**
 * Accepts 1 to 100 messages, all or nothing, each exactly once: a message is known by its sender and id, and one that
 * was accepted before answers its first result. A message to a topic goes to its subscribers later, by way of a relay; one
 * to a capability goes to the most proficient live agent. `fieldOf` names a field of a message in errors (`messages[3].to_agent`).
 *
 * Raises message.conflict, agent.unknown, agent.disabled, capability.unavailable, waiting.full, inbox.full, loop.detected (each
 * naming every message at fault), history.backlog, redis.unavailable.
 */
export async function publish(
  hive: Hive,
  messages: AgentMessage[],
  options: { fieldOf?: FieldOf } = {},
): Promise<Published[]> {
  const fieldOf = options.fieldOf ?? ((_index, field) => field)
  const requestId = hive.ids.requestId()
  const batch = distinct(messages, fieldOf)
  const routing = createRouting(hive, batch.unique)
  let recipients: string[] = []
  let answer: unknown[] = []
  for (let attempt = 1; ; attempt++) {
    await routing.place()
    recipients = [...new Set(batch.unique.map(({ inbox }) => inbox))]
    answer = await hive.bus.run(publishScript, requestId, (moment) =>
      publishCall(hive, batch.unique, recipients, moment),
    )
    if (answer[0] !== 'errors') break
    const found = faultsOf(batch.unique, answer.slice(2))
    const faults = await routing.mend(found)
    if (faults.length > 0) throw refusal(faults, fieldOf)
    if (attempt === mostAttempts) throw refusal(found, fieldOf)
  }
  if (answer[0] === 'backlog') {
    throw new HiveError('history.backlog', 'History is too far behind to accept more messages.', { retryAfter: 10 })
  }
  const [, accepted, first, wakes, results] = answer as PublishAnswer
  const shards = first.length === 0 ? [] : distinctOf(recipients.map(shardOf))
  const history = first.map((index) => shards[Number(index)] as number)

  const deliver = []
  for (let i = 0; i < wakes.length; i += 2) {
    deliver.push({ agent: recipients[Number(wakes[i])] as string, delayMs: Number(wakes[i + 1]) })
  }
  if (deliver.length > 0 || history.length > 0) await sendWakes(hive, { requestId, deliver, history })
  await routing.lookAgain()
  const published = await describePublished(hive, batch.unique, rowsOf(batch.unique, accepted, results))
  return batch.places.map(({ at, repeated }) => {
    const first = published[at] as Published
    return repeated ? { ...first, duplicate: true } : first
  })
}

type PublishAnswer = [
  'ok',
  now: string,
  history: number[],
  wakes: (number | string)[],
  results: (string | [accepted: string, sequence: string, recipient: string])[],
]

function rowsOf(batch: Prepared[], now: string, results: PublishAnswer[4]): ResultRow[] {
  return results.map((result, at) =>
    typeof result === 'string' ? [0, now, result, (batch[at] as Prepared).inbox] : [1, ...result],
  )
}

/** Inboxes of relays may have to be made first, and full ones passed over. */
const mostAttempts = 10

type Prepared = RoutedMessage & { digest: string; index: number }
type Fault = { prepared: Prepared; why: string }

/** Finds messages that stand twice in one batch: the second is a duplicate of the first, or a conflict. */
function distinct(messages: AgentMessage[], fieldOf: FieldOf) {
  const unique: Prepared[] = []
  const places: { at: number; repeated: boolean }[] = []
  const seen = new Map<string, number>()
  const errors: FieldError[] = []
  for (const [index, message] of messages.entries()) {
    const identity = `${message.from_agent}\n${message.message_id}`
    const digest = contentDigest(message)
    const before = seen.get(identity)
    if (before === undefined) {
      seen.set(identity, unique.length)
      places.push({ at: unique.length, repeated: false })
      unique.push({ message, digest, index, inbox: message.to_agent })
    } else {
      if (unique[before]?.digest !== digest) {
        errors.push({
          field: fieldOf(index, 'message_id'),
          message: 'stands twice in the batch with different content',
        })
      }
      places.push({ at: before, repeated: true })
    }
  }
  if (errors.length > 0) throw new HiveError('message.conflict', 'Nothing was published.', { errors })
  return { unique, places }
}

/** The outbox shards among those of recipients, in the order in which the script knows them. */
const distinctOf = (shards: number[]) => [...new Set(shards)]

/** Lays out keys and arguments as `publishScript` documents them. */
function publishCall(hive: Hive, batch: Prepared[], recipients: string[], moment: Moment): ScriptCall {
  const { keys, segments } = hive.bus
  const senders = [...new Set(batch.map(({ message }) => message.from_agent))]
  const shardOfEach = recipients.map(shardOf)
  const shards = distinctOf(shardOfEach)
  const senderAt = new Map(senders.map((name, index) => [name, index + 1]))
  const recipientAt = new Map(recipients.map((name, index) => [name, index + 1]))
  const declared: string[] = []
  const ledgers: string[] = []
  for (const sender of senders) {
    const buckets = [
      segments.all(keys.sentShort(sender, moment.short), true),
      segments.all(keys.sentShort(sender, moment.short - 1)),
      segments.all(keys.sentLong(sender, moment.long), true),
      segments.all(keys.sentLong(sender, moment.long - 1)),
      segments.all(keys.sentLong(sender, moment.long - 2)),
    ]
    for (const bucket of buckets) declared.push(...bucket)
    ledgers.push(buckets.map(({ length }) => length).join(' '))
    declared.push(keys.hops(sender, moment.short), keys.hops(sender, moment.short - 1))
  }
  for (const recipient of recipients) {
    declared.push(
      keys.inbox(recipient),
      keys.ready(recipient),
      keys.timers(recipient),
      keys.correlated(recipient),
      keys.hops(recipient, moment.short),
    )
  }
  for (const shard of shards) declared.push(keys.outbox(shard), keys.outboxBytes(shard), keys.due(shard))

  const rows: string[] = []
  let bodies = 0
  for (const { message, digest, inbox, forNobody } of batch) {
    const relayed = relayOf(inbox) !== undefined
    const envelope = encodeEnvelope(message)
    const options = message.delivery_options
    let token = '-'
    let body = 0
    if (isLongerInUtf8(envelope, inlineLimit)) {
      token = relayed ? sharedToken(hive.ids.requestId()) : hive.ids.requestId()
      body = ++bodies
      declared.push(bodyKey(keys, inbox, token))
    }
    const places = `${senderAt.get(message.from_agent)} ${recipientAt.get(inbox)}`
    const delay = forNobody ? 0 : delayMs(options.delay_seconds)
    const delivery = relayed ? relayDelivery(options) : deliveryOf(options)
    const head = `${places} ${message.priority} ${delay} ${delivery} ${message.ttl * 1000} ${token} ${body}`
    rows.push(
      head,
      options.ordering_key ?? '',
      message.message_id,
      message.correlation_id ?? '',
      digest,
      message.causation_id ?? '',
      envelope,
    )
  }
  return {
    keys: declared,
    args: [
      String(senders.length),
      String(recipients.length),
      String(shards.length),
      String(bodies),
      String(batch.length),
      ...senders,
      ...ledgers,
      ...recipients,
      ...shardOfEach.map((shard) => String(shards.indexOf(shard) + 1)),
      ...rows,
    ],
  }
}

function faultsOf(batch: Prepared[], faults: unknown[]): Fault[] {
  return Array.from({ length: faults.length / 2 }, (_, i) => ({
    prepared: batch[Number(faults[2 * i])] as Prepared,
    why: String(faults[2 * i + 1]),
  }))
}

function refusal(faults: Fault[], fieldOf: FieldOf): HiveError {
  const errors = faults.map(({ prepared, why }): FieldError => {
    const { code, field, say } = refusals[why] as (typeof refusals)[string]
    return { field: fieldOf(prepared.index, field), message: say(prepared.message), code }
  })
  const code = errors[0]?.code ?? 'internal'
  const first = errors[0] as FieldError
  const retryAfter = retryAfters[code]
  return new HiveError(code, `Nothing was published: ${first.field} ${first.message}.`, {
    errors,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}
