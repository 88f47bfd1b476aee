import type { ColumnReport, TableReport } from '../../analyze/report.ts'
import { foldCase } from '../../convert/source.ts'
import { textLimits } from '../target-limits.ts'

/** The first column with one of these names, in whatever case and with _ between its words or without. */
export function named(table: Pick<TableReport, 'columns'>, ...names: string[]): ColumnReport | undefined {
  for (const name of names) {
    const found = table.columns.find((column) => plain(column.name) === plain(name))
    if (found) return found
  }
  return undefined
}

const plain = (name: string) => foldCase(name).replaceAll('_', '')

/** Names of agents and types are longer nowhere. What is counted here are bytes, of which a text has as many as characters or more. */
const longestName = textLimits.agent_metrics.agent_name.most

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

/** Why a column does not give every row a value; undefined where it does. */
export function whyNotThere({ name, storage, empty_texts = 0 }: ColumnReport): string | undefined {
  if (storage.null > 0) return `${name} is NULL in ${rowsOf(storage.null)}`
  return empty_texts > 0 ? `${name} is empty in ${rowsOf(empty_texts)}` : undefined
}

const rowsOf = (count: number) => (count === 1 ? 'one row' : `${count} rows`)

/** The first column with one of these names, each value of which may be a name where it is not NULL or empty. */
export function namedLabel(table: Pick<TableReport, 'columns'>, ...names: string[]): ColumnReport | undefined {
  const fitting = table.columns.filter(
    ({ storage, longest_bytes = 0 }) => storage.blob === 0 && longest_bytes <= longestName,
  )
  return named({ columns: fitting }, ...names)
}

/** Why a column holds something else than texts of so many bytes at most; undefined where it does not. */
export function whyNoText(column: ColumnReport, most: number): string | undefined {
  const { name, longest_bytes = 0 } = column
  if (!isText(column)) return `${name} does not hold texts alone`
  return longest_bytes > most ? `${name} has texts of up to ${longest_bytes} bytes` : undefined
}

/** Why a column does not give every row a name; undefined where it does. */
export function whyNoName(column: ColumnReport): string | undefined {
  return whyNoText(column, longestName) ?? whyNotThere(column)
}

const valuesOf = (storage: ColumnReport['storage']) =>
  storage.integer + storage.real + storage.text + storage.invalid_text + storage.blob
