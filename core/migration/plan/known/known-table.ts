import type { Draft, Drafted } from '../draft.ts'

/** A table whose meaning is known. Another program's table of the same name lacks some of its columns. */
export type KnownTable = {
  name: string
  /** Columns that must be there; further ones go to the rest. */
  columns: string[]
  because: string
  /** None for a table that is kept as it is. */
  draft?: (draft: Draft) => Drafted
}
