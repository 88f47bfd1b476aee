import { expect } from 'vitest'
import type { UpstashServer } from '../../../scripts/local/upstash/start-upstash.ts'
import { HiveError } from '../../errors.ts'
import type { Hive } from '../../hive.ts'
import type { AgentMessage } from '../../protocol/message.ts'
import { auditInboxDeeply } from '../audit.ts'
import { discard, listDeadLetters, redrive } from '../dead-letters.ts'
import { messageStatus, type RecipientStatus, recipientStatuses } from '../message-status.ts'
import { projectAgent } from '../projection.ts'
import { publish } from '../publish.ts'
import { receive } from '../receive.ts'
import { settle } from '../settle.ts'
import { tend } from '../tend.ts'
import { checkStructure } from './check-structure.ts'
import * as model from './hive-model.ts'
import { agents, type Length, type MessageSpec, type Operation, type SettlementSpec } from './operations.ts'
import { letRedisPass } from './redis-clock.ts'
import { replayOutbox } from './replay-outbox.ts'

/** What is kept beside the model to choose from and to compare with. */
type Test = {
  hive: Hive
  faults: UpstashServer['faults']
  model: model.HiveModel
  /** Every message that a publish sent and that was accepted, in order. */
  sent: AgentMessage[]
  /** Receipts by inbox as the hive gave them, in order; the same text twice when a request was repeated. */
  receipts: Map<string, { text: string; receipt: model.ModelReceipt }[]>
  requests: Map<string, { id: string; operation: Extract<Operation, { kind: 'receive' }> }[]>
  outbox: ReturnType<typeof replayOutbox>
  serial: number
  /** What the hive's source of chance gives next. */
  random: number
}

const lengthMs: Record<Length, number> = { short: 1, long: 3_600_000 }
const seconds = (length: Length) => lengthMs[length] / 1000

/** How many operations lie between two looks at everything. */
const auditEvery = 75

/**
 * Runs operations against a hive of their own and against the model, and compares every answer; every now and then, and
 * at the end, also the counts, the keys, the statuses and the outbox. Returns how many operations there were.
 */
export async function runOperations(
  hive: Hive,
  faults: UpstashServer['faults'],
  operations: Operation[],
  retention: model.Period,
): Promise<number> {
  const { config } = hive
  const limits = {
    maxMessages: config.inboxMaxMessages,
    maxBytes: config.inboxMaxBytes,
    maxRecord: config.recordMaxBytes,
    maxDead: config.inboxMaxDead,
    hopLimit: config.hopLimit,
    retention,
    shortMs: 4,
  }
  const test: Test = {
    hive,
    faults,
    model: model.createModel(limits, agents),
    sent: [],
    receipts: new Map(agents.map((agent) => [agent, []])),
    requests: new Map(agents.map((agent) => [agent, []])),
    outbox: replayOutbox(hive, agents),
    serial: 0,
    random: 0,
  }
  hive.ids.random = () => test.random
  for (const agent of agents) await project(test, agent, 1, { disabled: false, push: false })
  let count = 0
  for (const operation of operations) {
    await run(test, operation)
    count++
    if (count % auditEvery === 0) await audit(test)
  }
  count += await finish(test)
  await audit(test)
  await compareStatuses(test)
  return count
}

async function run(test: Test, operation: Operation): Promise<void> {
  // more due events than one script applies: their order would count, which the model does not know
  for (const inbox of test.model.inboxes.values()) {
    if (model.dueCount(inbox) > 60) await tended(test, inbox.agent, false)
  }
  switch (operation.kind) {
    case 'publish':
      await published(test, operation)
      break
    case 'receive':
      await received(test, operation)
      break
    case 'settle':
      await settled(test, operation)
      break
    case 'redrive':
    case 'discard':
      await selected(test, operation)
      break
    case 'tend':
      await tended(test, agents[operation.agent] as string, operation.lost)
      break
    case 'project':
      await projected(test, operation)
      break
    case 'drain outbox':
      await test.outbox.drain()
      expect(test.outbox.violations).toEqual([])
  }
  await pass(test)
}

async function pass(test: Test): Promise<void> {
  if (test.model.pendingMs > 0) await letRedisPass(test.hive, test.model.pendingMs)
  model.passTime(test.model)
}

/** Calls the hive; when the answer is to get lost, Redis applies the call's script twice, a while apart. */
async function call<T>(test: Test, lost: boolean, ask: () => Promise<T>): Promise<T | HiveError> {
  if (lost) test.faults.next('drop-after', 1, { command: 'EVALSHA' })
  try {
    return await ask()
  } catch (error) {
    if (error instanceof HiveError) return error
    throw error
  } finally {
    test.faults.clear()
  }
}

/** What the model says, after the first of two times when the answer is to get lost. */
function predict<T>(test: Test, lost: boolean, ask: () => T): T {
  if (!lost) return ask()
  ask()
  // the client waits longer than any short period before it sends again
  model.passTime(test.model)
  return ask()
}

async function published(test: Test, operation: Extract<Operation, { kind: 'publish' }>): Promise<void> {
  const batch = operation.batch.map((spec) => compose(test, spec))
  const answer = await call(test, operation.lost, () =>
    publish(test.hive, batch, { path: (index) => `messages[${index}].` }),
  )
  const wanted = predict(test, operation.lost, () => model.publish(test.model, batch))
  if ('refused' in wanted) {
    expect(answer).toBeInstanceOf(HiveError)
    const { errors, code } = answer as HiveError
    const field = (refusal: string) =>
      refusal === 'message.conflict' ? 'message_id' : refusal === 'loop.detected' ? 'causation_id' : 'to_agent'
    const named = wanted.refused.map((refusal) => `messages[${refusal.index}].${field(refusal.code)}`)
    expect(errors.map((error) => error.field).sort()).toEqual(named.sort())
    expect(wanted.refused.map((refusal) => refusal.code)).toContain(code)
    return
  }
  if (answer instanceof HiveError) throw answer
  for (const [index, { message, duplicate, status }] of wanted.entries()) {
    const told = answer[index]
    if (message.acceptedAt === undefined) test.sent.push(message.message)
    message.acceptedAt ??= told?.accepted_at ?? ''
    const { from_agent, to_agent, message_id } = message.message
    expect(told).toEqual({ message_id, from_agent, to_agent, status, accepted_at: message.acceptedAt, duplicate })
  }
}

function compose(test: Test, spec: MessageSpec): AgentMessage {
  const { identity } = spec
  const known = identity.kind === 'new' ? undefined : test.sent.at(-1 - (identity.of % (test.sent.length || 1)))
  const serial = ++test.serial
  const timestamp = new Date(1_700_000_000_000 + serial).toISOString()
  // a sender that tries again has another clock
  if (known && identity.kind === 'again') return { ...known, timestamp }
  if (known && identity.kind === 'conflict') return { ...known, timestamp, body: { other: serial } }
  const from = agents[spec.from] as string
  const causes = test.sent.filter((message) => message.to_agent === from)
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

async function received(test: Test, operation: Extract<Operation, { kind: 'receive' }>): Promise<void> {
  const agent = agents[operation.agent] ?? 'nobody'
  const requests = test.requests.get(agent) ?? []
  const repeated = operation.repeats === undefined ? undefined : requests.at(-1 - operation.repeats)
  const { max, lease, correlation } = repeated?.operation ?? operation
  const request = repeated ?? { id: `request-${++test.serial}`, operation }
  if (!repeated) requests.push(request)
  const input = {
    max,
    requestId: request.id,
    ...(lease === undefined ? {} : { leaseMs: lengthMs[lease] }),
    ...(correlation === undefined ? {} : { correlationId: `correlation ${correlation}` }),
  }
  const answer = await call(test, operation.lost, () => receive(test.hive, agent, input))
  const wanted = predict(test, operation.lost, () => model.receive(test.model, agent, input))
  if ('refused' in wanted) {
    expect(answer).toMatchObject({ code: wanted.refused })
    return
  }
  if (answer instanceof HiveError) throw answer
  const inbox = test.model.inboxes.get(agent) as model.ModelInbox
  expect(answer.messages.map(({ message, attempt, max_attempts }) => ({ message, attempt, max_attempts }))).toEqual(
    wanted.map(({ message: { message, attempts } }) => ({
      message,
      attempt: attempts,
      max_attempts: message.delivery_options.max_attempts,
    })),
  )
  expect(answer.counts).toEqual(model.countsOf(inbox))
  for (const [index, receipt] of wanted.entries()) {
    const told = answer.messages[index]
    expect(told?.accepted_at).toBe(receipt.message.acceptedAt)
    test.receipts.get(agent)?.push({ text: told?.receipt ?? '', receipt })
  }
}

async function settled(test: Test, operation: Extract<Operation, { kind: 'settle' }>): Promise<void> {
  const agent = agents[operation.agent] as string
  const chosen = operation.settlements.map((spec) => choose(test, agent, spec))
  // the hive takes them in this order
  const ordered = [
    ...chosen.filter(({ spec }) => spec.action === 'ack'),
    ...chosen.filter(({ spec }) => spec.action.startsWith('nack')),
    ...chosen.filter(({ spec }) => spec.action.startsWith('extend')),
  ]
  const input: Parameters<typeof settle>[2] = { acks: [], nacks: [], extensions: [] }
  const fields: string[] = []
  const actions = ordered.map(({ spec, text, receipt }): model.ModelAction => {
    const [action = '', how = ''] = spec.action.split(' ') as ['ack' | 'nack' | 'extend', string]
    const reason = action === 'nack' ? `${how || 'some'} reason` : ''
    if (action === 'ack') {
      fields.push(`acks[${input.acks.length}]`)
      input.acks.push(text)
      return { action, receipt, ms: 0, reason }
    }
    if (action === 'extend') {
      fields.push(`extensions[${input.extensions.length}].receipt`)
      input.extensions.push({ receipt: text, lease_seconds: seconds(how as Length) })
      return { action, receipt, ms: lengthMs[how as Length], reason }
    }
    fields.push(`nacks[${input.nacks.length}].receipt`)
    const delay = how === '' ? undefined : how === 'now' ? 0 : seconds(how as Length)
    input.nacks.push({ receipt: text, reason, delay_seconds: delay })
    return { action: 'nack', receipt, ms: delay === undefined ? -1 : delay * 1000, reason }
  })

  test.random = operation.random
  const answer = await call(test, operation.lost, () => settle(test.hive, agent, input))
  const chance = { requestId: `settle-${++test.serial}`, random: operation.random }
  const wanted = predict(test, operation.lost, () => model.settle(test.model, agent, actions, chance))
  if (wanted.every((result) => result === 'stale')) {
    expect(answer).toMatchObject({ code: 'receipt.stale' })
    expect((answer as HiveError).errors.map(({ field }) => field)).toEqual(fields)
    return
  }
  if (answer instanceof HiveError) throw answer
  expect(answer.results.map(plainResult)).toEqual(wanted.map(plainWanted))
  expect(answer.counts).toEqual(model.countsOf(test.model.inboxes.get(agent) as model.ModelInbox))
  for (const [index, result] of answer.results.entries()) {
    const { receipt, action } = actions[index] as model.ModelAction
    const expected = wanted[index] as model.ModelResult
    if ('error' in result || expected === 'stale' || !receipt) continue
    const at = result.next_attempt_at
    // a repeated settlement answers the time that the first did, if that was not lost
    if (expected.duplicate && expected.at !== undefined) expect(at).toBe(expected.at)
    if (action === 'nack' && receipt.message.done?.lease === receipt.lease) receipt.message.done.at = at
  }
}

function plainResult(result: Awaited<ReturnType<typeof settle>>['results'][number]): string {
  return 'error' in result ? 'stale' : `${result.outcome}${result.duplicate ? ' again' : ''}`
}

function plainWanted(result: model.ModelResult): string {
  return result === 'stale' ? 'stale' : `${result.outcome}${result.duplicate ? ' again' : ''}`
}

function choose(test: Test, agent: string, spec: SettlementSpec) {
  const all = test.receipts.get(agent) ?? []
  const found = all.at(-1 - (spec.receipt % (all.length || 1)))
  if (!found || spec.text === 'garbage') return { spec, text: `none-${spec.receipt}`, receipt: undefined }
  const text = spec.text === 'with a zero' ? found.text.replace('.', '.0') : found.text
  return { spec, text, receipt: found.receipt }
}

async function selected(test: Test, operation: Extract<Operation, { kind: 'redrive' | 'discard' }>): Promise<void> {
  const agent = agents[operation.agent] as string
  const inbox = test.model.inboxes.get(agent) as model.ModelInbox
  const dead = await deadLetters(test, inbox)
  const receipts = test.receipts.get(agent) ?? []
  // one in three is an id of a message that is not dead, or not any more
  const picked =
    operation.selection === 'all'
      ? dead
      : operation.selection.map((pick) => {
          const other = receipts.at(-1 - (pick % (receipts.length || 1)))
          const letter = dead.at(-1 - (pick % (dead.length || 1)))
          if (pick % 3 !== 0 || !other) return letter ?? { id: '1', message: undefined }
          return { id: other.text.split('.')[0] ?? '', message: other.receipt.message }
        })
  const selection = operation.selection === 'all' ? { all: true as const } : { ids: picked.map(({ id }) => id) }
  const act = operation.kind === 'redrive' ? redrive : discard
  const answer = await call(test, operation.lost, () => act(test.hive, agent, selection))
  const messages = picked.flatMap(({ message }) => (message ? [message] : []))
  // sent again, it tells what it came to the first time
  const wanted = (operation.kind === 'redrive' ? model.redrive : model.discard)(test.model, agent, messages)
  expect(answer).toBe(wanted)
}

/** Dead letters as the hive lists them, each with its message of the model. */
async function deadLetters(test: Test, inbox: model.ModelInbox) {
  const { items } = await listDeadLetters(test.hive, inbox.agent, { limit: 500 })
  const wanted = inbox.messages.filter(({ state }) => state === 'dead')
  const letters = items.map((letter) => {
    const message = wanted.find(({ message }) => sameIdentity(message, letter.message))
    expect(letter).toMatchObject({
      message: message?.message,
      attempts: message?.attempts,
      reason: message?.reason,
    })
    return { id: letter.dead_letter_id, message }
  })
  expect(letters).toHaveLength(wanted.length)
  return letters
}

function sameIdentity(a: AgentMessage, b: AgentMessage): boolean {
  return a.from_agent === b.from_agent && a.message_id === b.message_id
}

async function tended(test: Test, agent: string, lost: boolean): Promise<void> {
  const answer = await call(test, lost, () => tend(test.hive, agent))
  predict(test, lost, () => model.settleDue(test.model, test.model.inboxes.get(agent) as model.ModelInbox))
  expect(answer).toEqual({ more: false })
}

async function projected(test: Test, operation: Extract<Operation, { kind: 'project' }>): Promise<void> {
  const agent = agents[operation.agent] as string
  const inbox = test.model.inboxes.get(agent) as model.ModelInbox
  // an older version, which came late, changes nothing
  const stale = operation.stale && inbox.version > 1
  if (!stale) {
    inbox.version++
    inbox.enabled = !operation.disabled
  }
  const version = stale ? inbox.version - 1 : inbox.version
  await project(test, agent, version, { disabled: stale ? inbox.enabled : operation.disabled, push: operation.push })
}

async function project(test: Test, name: string, version: number, state: { disabled: boolean; push: boolean }) {
  await projectAgent(test.hive, {
    name,
    endpoint: state.push ? 'https://agent.example' : null,
    endpoint_disabled_at: null,
    sealed_secrets: [],
    disabled: state.disabled,
    version,
    created_at: '',
    updated_at: '',
  })
}

/** Delivers whatever can be delivered still. */
async function finish(test: Test): Promise<number> {
  let count = 0
  const step = async (operation: Operation) => {
    await run(test, operation)
    count++
  }
  for (const agent of agents.keys()) {
    await step({ kind: 'project', agent, disabled: false, push: false, stale: false })
    const inbox = test.model.inboxes.get(agents[agent] as string) as model.ModelInbox
    do {
      const before = test.receipts.get(inbox.agent)?.length ?? 0
      const one = {
        kind: 'receive',
        agent,
        max: 90,
        lease: 'long',
        correlation: undefined,
        repeats: undefined,
      } as const
      await step({ ...one, lost: false })
      const given = (test.receipts.get(inbox.agent)?.length ?? 0) - before
      const acks = Array.from({ length: given }, (_, receipt): SettlementSpec => {
        return { receipt, text: 'as given', action: 'ack' }
      })
      if (given > 0) await step({ kind: 'settle', agent, settlements: acks, random: 0, lost: false })
    } while (model.countsOf(inbox).ready > 0)
  }
  return count
}

/** Counters, keys and outbox agree with the model and with each other. */
async function audit(test: Test): Promise<void> {
  await test.outbox.drain()
  expect(test.outbox.violations).toEqual([])
  for (const inbox of test.model.inboxes.values()) {
    const { counts, counters, violations } = await auditInboxDeeply(test.hive, inbox.agent)
    expect(violations).toEqual([])
    expect(counts).toEqual(model.countsOf(inbox))
    expect(counters).toEqual(inbox.counters)
    expect(await checkStructure(test.hive, inbox.agent)).toEqual([])
    await deadLetters(test, inbox)
    for (const known of inbox.messages) {
      const { message, status, attempts, state, reason } = known
      const told = replayed(test, inbox, known)
      const ended = state === 'settled'
      expect(told?.status, message.message_id).toBe(status)
      expect(told?.ends, message.message_id).toEqual(ended ? [status] : [])
      if (ended || state === 'dead') expect(told).toMatchObject({ attempts, reason })
    }
  }
  const accepted = [...test.model.inboxes.values()].reduce((sum, inbox) => sum + inbox.messages.length, 0)
  expect(test.outbox.messages.size).toBe(accepted)
}

/** Every message ever accepted says where it is, and it is in one place. */
async function compareStatuses(test: Test): Promise<void> {
  for (const inbox of test.model.inboxes.values()) {
    // the outbox tells the sequence under which a message was accepted
    const sequences = inbox.messages.map((known) => String(replayed(test, inbox, known)?.sequence))
    const statuses = await recipientStatuses(test.hive, inbox.agent, sequences)
    for (const [index, known] of inbox.messages.entries()) {
      const { message, state, attempts, acceptedAt } = known
      expect(statuses[index], message.message_id).toMatchObject({
        agent: inbox.agent,
        status: model.visibleStatus(known),
        state,
        attempts,
        max_attempts: message.delivery_options.max_attempts,
        accepted_at: acceptedAt,
      })
      expect(statuses[index]?.reason ?? '', message.message_id).toBe(known.reason)
      // the same, found by sender and id: two requests each, so not for all
      if (index % 4 > 0) continue
      const told = await messageStatus(test.hive, message.from_agent, message.message_id)
      const { message_id, from_agent } = message
      expect(told).toMatchObject({ message_id, from_agent, recipients: [withoutPlace(statuses[index])] })
    }
  }
}

/** What it waits for names its place in the inbox, which goes on changing with nothing but time. */
function withoutPlace(status: RecipientStatus | undefined) {
  const { waiting: _, ...rest } = status ?? {}
  return rest
}

function replayed(test: Test, inbox: model.ModelInbox, { message }: model.ModelMessage) {
  return test.outbox.messages.get(`${inbox.agent}\n${message.from_agent}\n${message.message_id}`)
}
