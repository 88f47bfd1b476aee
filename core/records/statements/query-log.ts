import { columns } from '../columns.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import { toIso } from '../moment.ts'
import type { Page } from '../page.ts'
import { type NewestQuery, newestFilter, newestFirst } from './filter.ts'
import { type Paged, pagedSelect, pageOf } from './page-of.ts'
import { encodePosition } from './position.ts'

type Log = 'security_events' | 'audit_logs'

/** What a page is measured by: the parts of a row that can be large. */
const content: Record<Log, string> = {
  security_events: 'description || metadata::text',
  audit_logs: 'details::text',
}

/** Reads a log newest first; `wanted` is what its columns must be, `read` takes what belongs to an item from its row. */
export async function queryLog<Row extends { id: string; timestamp: string }>(
  run: RunStatement,
  table: Log,
  query: NewestQuery,
  wanted: { [column: string]: string | undefined },
  read: (row: Row) => Row,
): Promise<Page<Row>> {
  const { limit } = query
  const filter = newestFilter(table, query)
  filter.equal(wanted)
  const names = columns[table].map((name) => `"${name}"`).join(', ')
  const select = `SELECT ${names} FROM ${table} ${filter.where()}
    ORDER BY ${newestFirst} LIMIT ${filter.bind(limit + 1)}::int`
  const rows = await run<Row & Paged>(pagedSelect(select, newestFirst, content[table]), filter.values)
  return pageOf(
    rows,
    limit,
    (row) => ({ ...read(row), timestamp: toIso(row.timestamp) ?? row.timestamp }),
    (row) => encodePosition(table, row),
  )
}
