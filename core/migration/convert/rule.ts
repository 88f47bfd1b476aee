import type { SqliteValue } from '../value.ts'

/** Why a value cannot be in its target; the row it is in is rejected. */
export class Refusal {
  readonly reason: string
  /** The place in the row of the value at fault, where it is not the one that was given. */
  readonly index: number | undefined

  constructor(reason: string, index?: number) {
    this.reason = reason
    this.index = index
  }
}

/** What a rule makes of a source value: text as COPY takes it before escaping, and NULL. */
export type Written = string | null | Refusal

/** How a value of one source column becomes a value of one target column, and back. */
export type Rule = {
  write(value: SqliteValue): Written
  /**
   * The source value that the target's text stands for, be it as `write` gave it or as Postgres writes it. Where this is
   * not the value that was written, the original is kept beside the row.
   */
  read(text: string | null): SqliteValue
  /** True only where `read` is known to give the value back; spares trying. */
  surelyExact?(value: SqliteValue): boolean
}

export const isNull = new Refusal('is NULL, and its target takes none')
