import * as z from 'zod'
import { parseIso } from '../convert/timestamp/parse-iso.ts'
import { Zone } from './zone.ts'

const Column = z.string().describe('The name of a source column.')

/** Text as it is; `otherwise` where the source has NULL or ''. `prefix` is put before it. */
export const CopyText = z.strictObject({
  rule: z.literal('copy'),
  from: Column,
  prefix: z.string().optional(),
  otherwise: z.string().optional(),
})

export const ConstantText = z.strictObject({ rule: z.literal('constant'), value: z.string() })

/** A number as it is; `otherwise` where the source has NULL or ''. */
export const CopyNumber = z.strictObject({
  rule: z.literal('copy'),
  from: Column,
  otherwise: z.number().optional(),
})

export const ConstantNumber = z.strictObject({ rule: z.literal('constant'), value: z.number() })

/** 1 for what means true, 0 for what means false; anything else is rejected. */
export const BooleanNumber = z.strictObject({ rule: z.literal('boolean'), from: Column })

/**
 * How a number or a text is a moment: seconds, milliseconds, microseconds or nanoseconds since 1970; a Julian day; a
 * date written as digits (20260131, 20260131120000); ISO 8601; or `mixed`, told value by value.
 */
export const TimeUnit = z.enum(['s', 'ms', 'us', 'ns', 'julian', 'packed', 'iso', 'mixed'])
export type TimeUnit = z.output<typeof TimeUnit>

/**
 * How texts of the source are written, so that the moment alone gives the text back: Python's isoformat(), SQLite's
 * CURRENT_TIMESTAMP, Python's str(), JavaScript's toISOString(). Values written otherwise keep their text beside them.
 */
export const TimeLayout = z.enum(['isoformat', 'sqlite', 'str', 'javascript'])
export type TimeLayout = z.output<typeof TimeLayout>

const Moment = z.iso
  .datetime({ offset: true, abort: true, error: 'must be ISO 8601 with a zone, such as 2026-01-31T12:00:00Z' })
  .refine((text) => parseIso(text, () => 0) !== undefined, 'must lie in the years 0001 to 9999')

/** A moment; the ISO 8601 moment `otherwise` where the source has NULL or ''. Without `zone` it is the plan's. */
export const TimestampRule = z.strictObject({
  rule: z.literal('timestamp'),
  from: Column,
  unit: TimeUnit,
  zone: Zone.optional(),
  layout: TimeLayout.optional(),
  otherwise: Moment.optional(),
})
export type TimestampRule = z.output<typeof TimestampRule>

/** The UUIDv5 (RFC 9562) of a column; where it is NULL or '', of `prefix` and the column `from` of `otherwise`. */
export const Uuid5Rule = z.strictObject({
  rule: z.literal('uuid5'),
  from: Column,
  namespace: z.uuid(),
  otherwise: z.strictObject({ prefix: z.string(), from: Column }).optional(),
})
export type Uuid5Rule = z.output<typeof Uuid5Rule>

/** low, medium, high or critical, by the built-in spellings and those of `map`, in any case. */
export const SeverityRule = z.strictObject({
  rule: z.literal('severity'),
  from: Column,
  map: z.record(z.string(), z.string()).optional(),
  otherwise: z.string().optional(),
})
export type SeverityRule = z.output<typeof SeverityRule>

/** 1 to 4, by the names of priorities and those of `map`, in any case. Numbers need the map too: old scales differ. */
export const PriorityRule = z.strictObject({
  rule: z.literal('priority'),
  from: Column,
  map: z.record(z.string(), z.literal([1, 2, 3, 4])).optional(),
  otherwise: z.literal([1, 2, 3, 4]).optional(),
})
export type PriorityRule = z.output<typeof PriorityRule>

/** The body of a message: a JSON object whose members are columns; NULL is left out. */
export const BodyRule = z.strictObject({
  rule: z.literal('body'),
  members: z.record(z.string(), Column).refine((members) => Object.keys(members).length > 0, 'must name a column'),
})
export type BodyRule = z.output<typeof BodyRule>

/** Every column that has no other place, under its own name; NULL is left out. */
export const RestRule = z.strictObject({
  rule: z.literal('rest'),
  /** Columns whose text is JSON: arrays and objects become JSON, any other text stays text and is marked unparsed. */
  json: z.array(Column).optional(),
  /** Columns that mean true or false. */
  boolean: z.array(Column).optional(),
})
export type RestRule = z.output<typeof RestRule>

export const TextRule = z.discriminatedUnion('rule', [CopyText, ConstantText])
export type TextRule = z.output<typeof TextRule>
export const NumberRule = z.discriminatedUnion('rule', [CopyNumber, ConstantNumber, BooleanNumber])
export type NumberRule = z.output<typeof NumberRule>
export const IntegerRule = z.discriminatedUnion('rule', [CopyNumber, ConstantNumber])
export type IntegerRule = z.output<typeof IntegerRule>

/** Every rule that a column of a target can have. */
export type ColumnRule =
  | TextRule
  | NumberRule
  | TimestampRule
  | Uuid5Rule
  | SeverityRule
  | PriorityRule
  | BodyRule
  | RestRule
