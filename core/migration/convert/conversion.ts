import type { SqliteValue } from '../value.ts'
import type { Affinity } from './affinity.ts'
import type { Kind } from './equal-rows.ts'

/** Values of one target row, in the order of the table's `columns`: text as COPY takes it before escaping, or NULL. */
export type TargetRow = (string | null)[]

/**
 * Source values that the target rows do not give back exactly, by source column, as `encodeValue` has them. A column
 * that has no place in the target and is not here was NULL.
 */
export type Kept = Record<string, unknown>

/** What becomes of one source row. `migrated` may be several rows, and never none. */
export type Conversion =
  | { outcome: 'migrated'; rows: TargetRow[]; kept: Kept | null }
  | { outcome: 'legacy' }
  | { outcome: 'rejected'; column: string; value: SqliteValue; reason: string }

/** A table of a plan, ready to convert the rows of its source. */
export type CompiledTable = {
  target: 'agent_metrics' | 'agent_capabilities' | 'security_events' | 'agent_conversations' | 'audit_logs' | 'legacy'
  /** The target's columns that are written, in COPY order. */
  columns: string[]
  /** How the texts of each of them are compared. */
  kinds: readonly Kind[]
  /** Places of the source's columns that go into a JSON object under their own names. */
  rest: readonly number[]
  /** Of the source's columns, in the order of a row's values. */
  affinities: readonly Affinity[]
  /** The most target rows that one source row becomes. */
  width: number
  convert(row: readonly SqliteValue[]): Conversion
  /** The source row that these target rows were made of. Raises Difference when they are not what convert makes. */
  invert(rows: readonly TargetRow[], kept: Kept | null): SqliteValue[]
  /**
   * True when two target rows say the same. Postgres writes numbers and JSON in its own way, so that what is read back
   * is not the text that was written.
   */
  equal(one: TargetRow, other: TargetRow): boolean
}

/** Target rows are not those that the source row made. */
export class Difference extends Error {
  override readonly name = 'Difference'
}
