import type { SqliteValue } from '../value.ts'

/** A database of a folder as analysis reads it: one consistent state, never the file itself. */
export type AnalysedDatabase = {
  encoding: string
  journalMode: string
  pageSize: number
  /** What to beware of in its tables. */
  warnings: string[]
  tables: AnalysedTable[]
}

export type AnalysedTable = {
  name: string
  kind: 'table' | 'view' | 'virtual' | 'shadow' | 'internal'
  /** What a virtual table is whose rows are those of others, so that its kind is `view`. */
  elsewhere?: 'derived' | 'index' | 'in parts'
  columns: AnalysedColumn[]
  primaryKey: string[]
  withoutRowid: boolean
  foreignKeys: { columns: string[]; table: string; to: string[] }[]
  /**
   * Every row that can be read, in key order. What cannot is told to `gap`, and reading goes on behind it. BLOBs of more than
   * 8 MiB are there until the next row is asked for.
   */
  rows(gap: (what: string) => void): Iterable<AnalysedRow>
  /** How many rows it says it has; undefined where that cannot be told. */
  count(): number | undefined
  /** The columns of each unique key but the primary one, as far as that can be told. */
  uniqueKeys(): string[][]
  /** How many rows of each foreign key point nowhere, in the order of `foreignKeys`; or why that cannot be told. */
  orphans(): number[] | string
}

/** One row of a table; its rowid where it has one. Bytes that the file has become values when those are asked for. */
export type AnalysedRow = { readonly rowid: bigint | undefined; readonly values: readonly SqliteValue[] }

export type AnalysedColumn = {
  name: string
  declaredType: string
  notNull: boolean
  /** Its place in the primary key from 1; 0 for none. */
  primaryKey: number
  generated: boolean
}

/** A file of a folder: a database, or what is wrong with it. */
export type AnalysedFile = {
  path: string
  bytes: number
  /** `readable`, or what is wrong. */
  state: string
  detail?: string
  warnings: string[]
  database?: AnalysedDatabase
}
