import type { ColumnReport, TableReport } from '../../analyze/report.ts'
import { isCalledTime } from '../../analyze/time-evidence.ts'
import { columnOf } from '../draft.ts'

/** The first column with one of these names. */
export function named(table: TableReport, ...names: string[]): ColumnReport | undefined {
  for (const name of names) {
    const found = columnOf(table, name)
    if (found) return found
  }
  return undefined
}

/** True for a column all of whose values are texts, or that is declared so where it has none. */
export function isText({ storage, affinity }: ColumnReport): boolean {
  if (valuesOf(storage) === 0) return affinity === 'TEXT' || affinity === 'BLOB'
  return storage.integer + storage.real + storage.blob === 0
}

/** True for a column all of whose values are numbers, or that is declared so where it has none. */
export function isNumber({ storage, affinity }: ColumnReport): boolean {
  if (valuesOf(storage) === 0) return affinity === 'REAL' || affinity === 'INTEGER' || affinity === 'NUMERIC'
  return storage.text + storage.invalid_text + storage.blob === 0
}

/** True where every row has a value. */
export const isAlwaysThere = ({ storage }: ColumnReport): boolean => storage.null === 0

/** The column that says when: one that always holds moments, or is called so where there are no rows. */
export function timeColumn(table: TableReport): ColumnReport | undefined {
  const candidates = table.columns.filter((column) => {
    if (table.rows === 0) return isCalledTime(column.name, column.declared_type)
    return column.time !== undefined && column.time.unclear === 0 && isAlwaysThere(column)
  })
  return named({ ...table, columns: candidates }, 'timestamp', 'ts', 'time', 'created_at', 'created') ?? candidates[0]
}

const valuesOf = (storage: ColumnReport['storage']) =>
  storage.integer + storage.real + storage.text + storage.invalid_text + storage.blob
