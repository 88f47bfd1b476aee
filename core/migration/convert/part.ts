import type { SqliteValue } from '../value.ts'
import type { Kind } from './equal-rows.ts'
import type { Rule, Written } from './rule.ts'

/** One column of the target: how a source row makes it, and which source columns it gives back. */
export type Part = {
  column: string
  kind: Kind
  write(row: readonly SqliteValue[]): Written
  /** The place in the row of the value that a refusal is about, unless it says another one. */
  blame: number
  /** Places in the row that `recover` fills. */
  indexes: readonly number[]
  /** Puts source values back into their places; not always those that were written. */
  recover(text: string | null, into: SqliteValue[]): void
  /** True only where `recover` is known to give back this row's values. */
  surelyExact(row: readonly SqliteValue[]): boolean
}

/** A column that is made of one source column by a rule, and gives it back. */
export function rulePart(column: string, kind: Kind, index: number, rule: Rule): Part {
  return {
    column,
    kind,
    write: (row) => rule.write(row[index] ?? null),
    blame: index,
    indexes: [index],
    recover: (text, into) => {
      into[index] = rule.read(text)
    },
    surelyExact: (row) => rule.surelyExact?.(row[index] ?? null) === true,
  }
}

/** A column that gives nothing back: a constant, or something derived whose source has its place elsewhere. */
export function derivedPart(column: string, kind: Kind, blame: number, write: Part['write']): Part {
  return { column, kind, write, blame, indexes: [], recover: () => {}, surelyExact: () => true }
}

/** The same part where its source columns have their place elsewhere. */
export const withoutHome = ({ column, kind, blame, write }: Part): Part => derivedPart(column, kind, blame, write)
