import { basename } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { HiveClient } from '../client.ts'
import { HiveProblem } from '../problem.ts'
import { drain } from './drain.ts'
import { type OldestMessage, toOldestMessage } from './envelope.ts'
import { openPrivateCopy, SourceFault } from './private-copy.ts'
import { type Accepted, publishRows, type Rejection } from './publish-rows.ts'
import { checkColumns, chooseTables, countRows, readRows } from './read-rows.ts'
import { type KnownAgents, registerAgents } from './register-agents.ts'
import type { ReplayTable } from './tables.ts'

export type ReplayOptions = {
  table?: string
  source?: string
  ttlSeconds: number
  drain: boolean
  /** May old messages be sent to the endpoints of agents that have one? */
  push: boolean
  knownAgents: KnownAgents
}

export type TableReport = {
  table: string
  /** Rows counted in the table, before any was read. */
  rows: number
  published: number
  duplicates: number
  rejected: number
  /** Acknowledged by this replay; without draining 0. */
  acknowledged: number
  /** Found to be delivered when asked for, whoever received them; without draining 0. */
  delivered: number
  /** Why rows were rejected or not delivered; the first twenty. */
  problems: string[]
  fault?: string
}

export type FileReport = {
  file: string
  source: string
  tables: TableReport[]
  /** Tables of the file that hold no messages that replay knows. */
  not_replayed: string[]
  registered: string[]
  warnings: string[]
  fault?: string
  complete: boolean
}

const mostProblemsShown = 20
/** Rows between two drains: what is published and not yet acknowledged stays bounded, in the inbox and here. */
const rowsBetweenDrains = 1000

/**
 * Publishes every row of the tables of one SQLite file that hold messages, and with `drain` receives, acknowledges and
 * looks up each. What cannot be read or is refused by the hive is a `fault` of its table or file, beside the counts so far;
 * HiveUnreachable is thrown.
 */
export async function replayFile(client: HiveClient, file: string, options: ReplayOptions): Promise<FileReport> {
  const source = options.source ?? basename(file)
  const report: FileReport = {
    ...{ file, source, tables: [], not_replayed: [], registered: [], warnings: [], complete: false },
  }
  try {
    const copy = await openPrivateCopy(file)
    try {
      report.warnings.push(...copy.warnings)
      const { known, others } = chooseTables(copy.database, options.table)
      report.not_replayed = others
      for (const table of known) report.tables.push(await replayTable(client, copy.database, table, report, options))
    } finally {
      await copy.close()
    }
  } catch (error) {
    report.fault = faultOf(error)
  }
  report.complete = report.fault === undefined && report.tables.every((table) => addsUp(table, options.drain))
  return report
}

/** Does every row of the table have its outcome? */
function addsUp(table: TableReport, drained: boolean): boolean {
  const published = table.published + table.duplicates
  return table.fault === undefined && published === table.rows && (!drained || table.delivered === table.rows)
}

/** What stopped a table or a file, in words; nobody answering stops the whole command. */
function faultOf(error: unknown): string {
  if (error instanceof HiveProblem) return `${error.message} (${error.code})`
  const isSqlite = error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
  if (error instanceof SourceFault || isSqlite) return error.message
  throw error
}

async function replayTable(
  client: HiveClient,
  database: DatabaseSync,
  table: ReplayTable,
  file: FileReport,
  options: ReplayOptions,
): Promise<TableReport> {
  const report: TableReport = {
    ...{
      table: table.name,
      rows: 0,
      published: 0,
      duplicates: 0,
      rejected: 0,
      acknowledged: 0,
      delivered: 0,
      problems: [],
    },
  }
  try {
    checkColumns(database, table)
    report.rows = countRows(database, table)
    if (report.rows === 0) file.warnings.push(`table ${table.name} has no rows: there was nothing to replay`)
    const rows = readRows(database, table, file.source)
    for (const chunk of chunks(rows, rowsBetweenDrains)) {
      const messages = chunk.map((row) => toOldestMessage({ ...table.read(row), row, ttlSeconds: options.ttlSeconds }))
      await replayMessages(client, messages, report, file, options)
    }
  } catch (error) {
    report.fault = faultOf(error)
  }
  return report
}

async function replayMessages(
  client: HiveClient,
  messages: OldestMessage[],
  report: TableReport,
  file: FileReport,
  options: ReplayOptions,
): Promise<void> {
  const names = messages.flatMap(({ from_agent, to_agent }) => [from_agent, to_agent])
  file.registered.push(...(await registerAgents(client, names, options.knownAgents)))
  if (!options.push) refuseEndpoints(messages, options.knownAgents)
  const accepted: Accepted[] = []
  for await (const batch of publishRows(client, messages)) {
    for (const { published } of batch.accepted) {
      if (published.duplicate) report.duplicates++
      else report.published++
    }
    accepted.push(...batch.accepted)
    report.rejected += batch.rejected.length
    addProblems(report, batch.rejected.map(describeRejection))
  }
  if (!options.drain) return
  const drained = await drain(client, accepted)
  report.acknowledged += drained.acknowledged
  report.delivered += drained.delivered
  addProblems(
    report,
    drained.missing.map(({ message_id, status }) => `${message_id} is ${status}, not delivered`),
  )
}

/** Nobody wants last year's messages delivered to a service of today by accident. */
function refuseEndpoints(messages: OldestMessage[], known: KnownAgents): void {
  for (const { to_agent } of messages) {
    const endpoint = known.get(to_agent)?.endpoint
    if (endpoint) {
      throw new SourceFault(
        `agent ${to_agent} has an endpoint, ${endpoint}: old messages would be sent there (--push allows it)`,
      )
    }
  }
}

const describeRejection = ({ message_id, reason }: Rejection) => `${message_id} was refused: ${reason}`

function addProblems(report: TableReport, problems: string[]): void {
  report.problems.push(...problems.slice(0, mostProblemsShown - report.problems.length))
}

function* chunks<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let chunk: Item[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length === size) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}
