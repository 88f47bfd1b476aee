import * as z from 'zod'
import { Status } from '../../protocol/status.ts'
import { largestValue } from '../value.ts'
import {
  BodyRule,
  ConstantNumber,
  ConstantText,
  IntegerRule,
  NumberRule,
  PriorityRule,
  RestRule,
  SeverityRule,
  TextRule,
  TimestampRule,
  Uuid5Rule,
} from './rules.ts'
import { Zone } from './zone.ts'

const because = z.string().optional().describe('Why this is so; for people.')
const keep = z
  .array(z.string())
  .optional()
  .describe('Columns that have no place in the target: their values stay beside the row, for rebuild alone.')
const mapped = { name: z.string(), because, keep }

const Severity = z.discriminatedUnion('rule', [SeverityRule, ConstantText])
const PriorityNumber = z.discriminatedUnion('rule', [PriorityRule, ConstantNumber])

export const MetricsTable = z.strictObject({
  ...mapped,
  target: z.literal('agent_metrics'),
  columns: z.strictObject({
    agent_name: TextRule,
    metric_type: TextRule.optional(),
    value: NumberRule.optional(),
    timestamp: TimestampRule,
    metadata: RestRule.optional(),
    source_database: TextRule.optional(),
  }),
  pivot: z
    .record(z.string(), z.string())
    .optional()
    .describe('Columns that are a metric each, with its metric_type: one source row becomes a row for each of them.'),
})
export type MetricsTable = z.output<typeof MetricsTable>

export const CapabilitiesTable = z.strictObject({
  ...mapped,
  target: z.literal('agent_capabilities'),
  columns: z.strictObject({
    agent_name: TextRule,
    capability: TextRule,
    proficiency_level: IntegerRule,
    description: TextRule.optional(),
    last_updated: TimestampRule,
  }),
})

export const SecurityEventsTable = z.strictObject({
  ...mapped,
  target: z.literal('security_events'),
  columns: z.strictObject({
    event_type: TextRule,
    severity: Severity,
    description: TextRule,
    metadata: RestRule.optional(),
    timestamp: TimestampRule,
    event_id: Uuid5Rule.optional(),
  }),
})

const StatusConstant = z.strictObject({ rule: z.literal('constant'), value: Status })

export const ConversationsTable = z.strictObject({
  ...mapped,
  target: z.literal('agent_conversations'),
  columns: z.strictObject({
    conversation_id: Uuid5Rule,
    from_agent: TextRule,
    to_agent: TextRule,
    message_type: TextRule,
    content: BodyRule,
    timestamp: TimestampRule,
    message_id: TextRule,
    priority: PriorityNumber,
    status: StatusConstant,
    status_at: TimestampRule,
    attempts: IntegerRule,
    metadata: RestRule.optional(),
  }),
})

export const AuditTable = z.strictObject({
  ...mapped,
  target: z.literal('audit_logs'),
  columns: z.strictObject({
    action: TextRule,
    actor: TextRule,
    target: TextRule.optional(),
    details: RestRule.optional(),
    timestamp: TimestampRule,
    event_id: Uuid5Rule.optional(),
  }),
})

/** What becomes of a table whose rows become rows of one of the hive's own. */
export const mappedTables = [
  MetricsTable,
  CapabilitiesTable,
  SecurityEventsTable,
  ConversationsTable,
  AuditTable,
] as const

/** Every row as it is, as JSON in which each value has its exact form. */
export const LegacyTable = z.strictObject({ name: z.string(), target: z.literal('legacy'), because })

/** Not read at all: what holds no rows of its own, such as views and the shadow tables of virtual ones. */
export const SkippedTable = z.strictObject({
  name: z.string(),
  target: z.literal('skip'),
  because: z.string().min(1, 'must say why no row of it is moved'),
})

export const TablePlan = z.discriminatedUnion('target', [
  MetricsTable,
  CapabilitiesTable,
  SecurityEventsTable,
  ConversationsTable,
  AuditTable,
  LegacyTable,
  SkippedTable,
])
export type TablePlan = z.output<typeof TablePlan>
/** A table whose rows become rows of the hive's own tables. */
export type MappedTable = Exclude<TablePlan, { target: 'legacy' | 'skip' }>

export const FilePlan = z.strictObject({
  path: z.string().min(1).describe('Relative to the folder, with / between its parts.'),
  unreadable: z.string().optional().describe('What is wrong with the file; nothing of it can be moved.'),
  tables: z.array(TablePlan),
})
export type FilePlan = z.output<typeof FilePlan>

/** What becomes of each table of each file of a folder. Made by `hive migrate plan`, and meant to be edited. */
export const Plan = z.strictObject({
  version: z.literal(1),
  zone: Zone.describe('The zone of moments that name none, where their rule has no zone of its own.'),
  largest_value_mib: z
    .int()
    .min(1)
    .max(511)
    .optional()
    .describe('Rows with a larger value are rejected (default 256): each such value takes twice its size of memory.'),
  files: z.array(FilePlan),
})
export type Plan = z.output<typeof Plan>

/** The bytes of the largest value that a plan allows. */
export const largestOf = ({ largest_value_mib }: Plan): number =>
  largest_value_mib === undefined ? largestValue : largest_value_mib * 1_048_576

export const isMapped = (table: TablePlan): table is MappedTable => table.target !== 'legacy' && table.target !== 'skip'
