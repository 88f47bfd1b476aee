import fc from 'fast-check'

/** Durations of a generated message or call: over before the next operation, or never within the test. */
export type Length = 'short' | 'long'

/** Which message a publish sends: a new one, or one that a former publish sent already. */
export type Identity =
  | { kind: 'new' }
  | { kind: 'again'; of: number }
  | { kind: 'conflict'; of: number }
  | { kind: 'id of another sender'; of: number }

export type MessageSpec = {
  identity: Identity
  from: number
  to: number
  priority: 1 | 2 | 3 | 4
  ttl: Length
  delay: 'none' | Length
  lease: Length
  maxAttempts: number
  backoff: 'none' | 'exponential' | Length
  orderingKey: number | undefined
  correlation: number | undefined
  cause: number | undefined
  large: boolean
}

export type SettlementSpec = {
  /** Counts back from the newest receipt of the inbox. */
  receipt: number
  /** Other texts of the same receipt, and texts that never were one. */
  text: 'as given' | 'with a zero' | 'garbage'
  action: 'ack' | 'extend short' | 'extend long' | 'nack' | 'nack now' | 'nack short' | 'nack long'
}

type Selection = 'all' | number[]

/**
 * One step of a test as data, so that a failure shrinks to a short list that can be read. `lost`: Redis applies it and
 * its answer gets lost, so that the client sends it again.
 */
export type Operation =
  | { kind: 'publish'; batch: MessageSpec[]; lost: boolean }
  | {
      kind: 'receive'
      agent: number
      max: number
      lease: Length | undefined
      correlation: number | undefined
      /** Repeats the request that many before. */
      repeats: number | undefined
      lost: boolean
    }
  | { kind: 'settle'; agent: number; settlements: SettlementSpec[]; random: number; lost: boolean }
  | { kind: 'redrive' | 'discard'; agent: number; selection: Selection; lost: boolean }
  | { kind: 'tend'; agent: number; lost: boolean }
  | { kind: 'project'; agent: number; disabled: boolean; push: boolean; stale: boolean }
  | { kind: 'drain outbox' }

export const agents = ['ann', 'bob', 'cyd']
/** One more than there are: an agent that nobody registered. */
const anyAgent = fc.oneof(
  { weight: 30, arbitrary: fc.nat(agents.length - 1) },
  { weight: 1, arbitrary: fc.constant(agents.length) },
)
const knownAgent = fc.nat(agents.length - 1)
const length = fc.constantFrom<Length>('short', 'long')
const mostlyLong = fc.oneof({ weight: 6, arbitrary: fc.constant<Length>('long') }, { weight: 1, arbitrary: length })
const rarely = fc.integer({ min: 0, max: 7 }).map((n) => n === 7)
const optional = <T>(arbitrary: fc.Arbitrary<T>, weight: number) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight, arbitrary })

const messageSpec: fc.Arbitrary<MessageSpec> = fc.record({
  identity: fc.oneof(
    { weight: 16, arbitrary: fc.constant<Identity>({ kind: 'new' }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), of: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('id of another sender' as const), of: fc.nat(30) }) },
  ),
  from: knownAgent,
  to: knownAgent,
  priority: fc.constantFrom(1, 2, 3, 4),
  ttl: mostlyLong,
  delay: fc.oneof({ weight: 6, arbitrary: fc.constant('none' as const) }, { weight: 1, arbitrary: length }),
  lease: mostlyLong,
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  backoff: fc.constantFrom('none', 'exponential', 'short', 'long'),
  orderingKey: optional(fc.nat(2), 4),
  correlation: optional(fc.nat(2), 2),
  cause: optional(fc.nat(20), 1),
  large: fc.integer({ min: 0, max: 30 }).map((n) => n === 30),
})

/** One of these refuses the whole batch, so they are rare. */
const refusedSpec: fc.Arbitrary<MessageSpec> = fc
  .tuple(messageSpec, fc.nat(30), fc.boolean())
  .map(([spec, of, conflict]) =>
    conflict ? { ...spec, identity: { kind: 'conflict', of } } : { ...spec, to: agents.length },
  )

const batch = (spec: fc.Arbitrary<MessageSpec>) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.array(spec, { minLength: 1, maxLength: 1 }) },
    { weight: 2, arbitrary: fc.array(spec, { minLength: 1, maxLength: 8, size: 'max' }) },
  )

const settlement: fc.Arbitrary<SettlementSpec> = fc.record({
  receipt: fc.oneof({ weight: 3, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(60) }),
  text: fc.oneof(
    { weight: 20, arbitrary: fc.constant('as given' as const) },
    { weight: 1, arbitrary: fc.constantFrom('with a zero', 'garbage') },
  ),
  action: fc.oneof(
    { weight: 4, arbitrary: fc.constant('ack' as const) },
    { weight: 5, arbitrary: fc.constantFrom('nack', 'nack now', 'nack short', 'nack long') },
    { weight: 1, arbitrary: fc.constantFrom('extend short', 'extend long') },
  ),
})

const selection: fc.Arbitrary<Selection> = fc.oneof(
  fc.constant('all' as const),
  fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
)

/** Any operation, the frequent ones of real life most often. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ kind: fc.constant('publish' as const), batch: batch(messageSpec), lost: rarely }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      batch: fc.tuple(batch(messageSpec), refusedSpec).map(([specs, refused]) => [...specs, refused]),
      lost: rarely,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('receive' as const),
      agent: anyAgent,
      max: fc.integer({ min: 1, max: 8 }),
      lease: optional(length, 2),
      correlation: optional(fc.nat(2), 1),
      repeats: optional(fc.nat(4), 1),
      lost: rarely,
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      agent: knownAgent,
      settlements: fc.array(settlement, { minLength: 1, maxLength: 6 }),
      random: fc.nat(9999).map((n) => n / 10_000),
      lost: rarely,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('redrive' as const, 'discard' as const),
      agent: knownAgent,
      selection,
      lost: rarely,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tend' as const), agent: knownAgent, lost: rarely }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('project' as const),
      agent: knownAgent,
      disabled: rarely,
      push: fc.boolean(),
      stale: rarely,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain outbox' as const) }) },
)

const plain: MessageSpec = {
  identity: { kind: 'new' },
  from: 0,
  to: 0,
  priority: 2,
  ttl: 'long',
  delay: 'none',
  lease: 'long',
  maxAttempts: 1,
  backoff: 'none',
  orderingKey: undefined,
  correlation: undefined,
  cause: undefined,
  large: false,
}
export const receiveOne: Extract<Operation, { kind: 'receive' }> = {
  kind: 'receive',
  agent: 0,
  max: 1,
  lease: undefined,
  correlation: undefined,
  repeats: undefined,
  lost: false,
}
const refuseOne: Operation = {
  kind: 'settle',
  agent: 0,
  settlements: [{ receipt: 0, text: 'as given', action: 'nack' }],
  random: 0,
  lost: false,
}

/** Runs every script once, so that Redis has them all: lost answers are those of scripts and not of loading one. */
export const everyScript: Operation[] = [
  { kind: 'publish', batch: [plain], lost: false },
  receiveOne,
  refuseOne,
  { kind: 'redrive', agent: 0, selection: 'all', lost: false },
  receiveOne,
  refuseOne,
  { kind: 'discard', agent: 0, selection: 'all', lost: false },
  { kind: 'tend', agent: 0, lost: false },
]
