import { columns } from '../columns.ts'
import type { RunStatement } from '../drivers/run-statement.ts'
import type { MetricQuery, MetricRow } from '../metrics-repository.ts'
import { toIso } from '../moment.ts'
import type { Page } from '../page.ts'
import { newestFilter, newestFirst } from './filter.ts'
import { type Paged, pagedSelect, pageOf } from './page-of.ts'
import { encodePosition } from './position.ts'

type Row = MetricRow & Paged

const names = columns.agent_metrics.map((name) => `m."${name}"`).join(', ')

/** Reads points newest first. */
export async function queryMetrics(run: RunStatement, query: MetricQuery): Promise<Page<MetricRow>> {
  const { agent_name, metric_type, limit } = query
  const { values, bind, where } = newestFilter('metrics', query)
  const most = `${bind(limit + 1)}::int`
  const select = (own: string[]) =>
    `SELECT ${names} FROM agent_metrics m ${where(...own)} ORDER BY ${newestFirst} LIMIT ${most}`
  const rows = await run<Row>(pagedSelect(selection(), newestFirst, 'metadata::text'), values)
  return pageOf(
    rows,
    limit,
    ({ id, agent_name, metric_type, value, timestamp, metadata, source_database }) => {
      const iso = toIso(timestamp) ?? timestamp
      return { id, agent_name, metric_type, value, timestamp: iso, metadata, source_database }
    },
    (row) => encodePosition('metrics', row),
  )

  function selection(): string {
    const ofType = metric_type === undefined ? [] : [`m.metric_type = ${bind(metric_type)}`]
    if (agent_name === undefined) return select(ofType)
    const agent = bind(agent_name)
    const ofAgent = `m.agent_name = ${agent}`
    if (metric_type !== undefined) return select([ofAgent, ...ofType])
    // The index has an agent's points by type first: take the newest of each type, then the newest of those. An agent
    // has few types; without this, one that has been silent costs a scan of everything newer.
    const nextType = (after: string) =>
      `SELECT metric_type FROM agent_metrics WHERE agent_name = ${agent} ${after} ORDER BY metric_type LIMIT 1`
    return `
      WITH RECURSIVE series AS (
        (${nextType('')})
        UNION ALL
        SELECT (${nextType('AND metric_type > series.metric_type')}) FROM series WHERE metric_type IS NOT NULL
      )
      SELECT newest.* FROM series CROSS JOIN LATERAL (
        ${select([ofAgent, 'm.metric_type = series.metric_type'])}
      ) newest ORDER BY ${newestFirst} LIMIT ${most}`
  }
}
