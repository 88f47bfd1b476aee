import type { ColumnReport, TableReport } from '../analyze/report.ts'
import { foldCase } from '../convert/source.ts'
import type { MappedTable } from './plan.ts'
import type { RestRule, TimestampRule } from './rules.ts'

/** What a plan for a table is drafted from. */
export type Draft = {
  /** The file's path in the plan. */
  path: string
  table: TableReport
  /** The agent of metrics that name none. */
  agent: string
}

/** The part of a plan that a rule book gives for a table. */
export type Drafted = MappedTable extends infer Table
  ? Table extends MappedTable
    ? Omit<Table, 'name' | 'because'>
    : never
  : never

/** Derived event ids: the same source row has the same id in every run. */
export const eventNamespace = '0f6c9f52-4d0e-5c53-9a0c-5d2f5f4f7f3e'

/** The file as `source_database` takes it. */
export const sourceName = (path: string): string => path.slice(-1024).toWellFormed()

export function columnOf(table: TableReport, name: string): ColumnReport | undefined {
  const folded = foldCase(name)
  return table.columns.find((column) => foldCase(column.name) === folded)
}

/** A prefix that tells the rows of a table from those of every other one. */
export const rowPrefix = ({ path, table }: Draft) => `${path.slice(-256)}:${table.name.slice(0, 128)}:`.toWellFormed()

/** A moment, as the column's values are; ISO 8601 as Python writes it where there are none to tell. */
export function moment(table: TableReport, from: string, otherwise?: string): TimestampRule {
  const column = columnOf(table, from)
  const found = column?.time
  const unit = found?.unit ?? 'iso'
  const isText = unit === 'iso' || unit === 'mixed'
  // Python's sqlite3 writes datetimes into columns declared TIMESTAMP with a space
  const layout = found?.layout ?? (/TIMESTAMP/i.test(column?.declared_type ?? '') ? 'str' : 'isoformat')
  return { rule: 'timestamp', from, unit, ...(isText && { layout }), ...(otherwise && { otherwise }) }
}

/** Every other column, read as JSON or booleans where they are. */
export function rest(table: TableReport, placed: readonly string[], json: readonly string[] = []): RestRule {
  const elsewhere = new Set(placed.map(foldCase))
  const known = new Set(json.map(foldCase))
  const left = table.columns.filter(({ name }) => !elsewhere.has(foldCase(name)))
  const documents = left.filter((column) => known.has(foldCase(column.name)) || isMostlyJson(column))
  const booleans = left.filter((column) => !documents.includes(column) && isBoolean(column))
  return {
    rule: 'rest',
    ...(documents.length > 0 && { json: documents.map(({ name }) => name) }),
    ...(booleans.length > 0 && { boolean: booleans.map(({ name }) => name) }),
  }
}

const isMostlyJson = ({ json_documents = 0, storage }: ColumnReport) =>
  json_documents > 0 && json_documents * 2 > storage.text

/** Booleans by what they are called and what they hold: a value that is neither would be rejected. */
function isBoolean({ declared_type, boolean, storage }: ColumnReport): boolean {
  const values = storage.integer + storage.real + storage.text + storage.invalid_text + storage.blob
  return /BOOL/i.test(declared_type) && (boolean === true || values === 0)
}
