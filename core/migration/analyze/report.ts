import type { Affinity } from '../convert/affinity.ts'
import type { TimeReport } from './time-evidence.ts'

/** How many values of each storage class there are. */
export type StorageCounts = Record<'null' | 'integer' | 'real' | 'text' | 'invalid_text' | 'blob', number>

/** Something that other migrations have lost data over, with how often it is there. */
export type Oddity = { what: string; count: number; examples?: string[] }

export type ColumnReport = {
  name: string
  declared_type: string
  affinity: Affinity
  not_null: boolean
  /** Its place in the primary key, from 1. */
  primary_key?: number
  generated?: true
  storage: StorageCounts
  /** The least and largest number, in digits. */
  minimum?: string
  maximum?: string
  /** Of text and BLOBs. */
  longest_bytes?: number
  /** Texts without a character. */
  empty_texts?: number
  time?: TimeReport
  /** Texts that are JSON arrays or objects. */
  json_documents?: number
  /** All values say true or false, and both occur or the declared type says so. */
  boolean?: true
  /** All values, shortened, where there are few. */
  values?: string[]
  odd: Oddity[]
}

export type ForeignKeyReport = {
  columns: string[]
  table: string
  to: string[]
  /** Rows whose key is nowhere in the other table; or why that cannot be told. */
  orphans: number | string
}

export type TableReport = {
  name: string
  kind: 'table' | 'virtual' | 'internal'
  /** Rows that could be read. */
  rows: number
  primary_key: string[]
  /** Columns of which no two rows have the same values, but for NULL, besides the primary key. */
  unique: string[][]
  without_rowid: boolean
  columns: ColumnReport[]
  foreign_keys: ForeignKeyReport[]
  odd: Oddity[]
  /** Why not every row could be read, and where. */
  gaps: string[]
}

/** What holds no rows of its own. */
export type NotData = { name: string; kind: 'view' | 'shadow' | 'internal' }

export type FileReport = {
  /** Relative to the folder, with / between its parts. */
  path: string
  bytes: number
  /** `readable`, or what is wrong with the file. */
  state: string
  detail?: string
  encoding?: string
  journal_mode?: string
  page_size?: number
  warnings: string[]
  tables: TableReport[]
  not_data: NotData[]
}

export type FolderReport = {
  folder: string
  files: FileReport[]
  /** What seems to be a database, or to belong to one, and is passed over. */
  left_out: { path: string; why: string }[]
  totals: { files: number; unreadable: number; tables: number; rows: number }
}
