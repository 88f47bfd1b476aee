import type { PoolClient, QueryConfig } from 'pg'
import * as z from 'zod'
import { toText } from './parameters.ts'
import type { Pools } from './pools.ts'
import { connectionFailure, SqlFailure, statementFailure } from './sql-failure.ts'

const Statement = z.object({
  query: z.string(),
  params: z.array(z.unknown()).default([]),
  arrayMode: z.boolean().optional(),
})
type Statement = z.output<typeof Statement>
const Payload = z.union([z.object({ queries: z.array(Statement) }), Statement])

/** A request to `/sql`: its headers in lower case, and its body. */
export type SqlRequest = { headers: Record<string, string | string[] | undefined>; body: string }

const isolationLevels: Record<string, string> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
}

/** Neon refuses longer answers with 507. */
const maxAnswerBytes = 10 * 1024 * 1024

/**
 * Runs one statement, or several in one transaction, and gives the JSON text of the answer.
 * Throws `SqlFailure`. `allowed` is the `host:port` of the only server that may be connected to.
 */
export async function runSql(pools: Pools, allowed: string, request: SqlRequest): Promise<string> {
  const { headers } = request
  const connectionString = checkConnectionString(headers['neon-connection-string'], allowed)
  const payload = parsePayload(request.body)
  if (headers['neon-raw-text-output'] !== 'true') {
    throw new SqlFailure(400, 'only raw text output (Neon-Raw-Text-Output: true) is served locally')
  }
  const arrayMode = headers['neon-array-mode'] === 'true'

  const client = await pools.connect(connectionString).catch((error: unknown) => {
    throw connectionFailure(error)
  })
  // a connection that broke, or was left inside a transaction, must not serve anybody else
  let broken = false
  const breaks = () => {
    broken = true
  }
  client.on('error', breaks)
  try {
    if ('queries' in payload) return await runBatch(client, payload.queries, arrayMode, headers)
    return await run(client, payload, arrayMode)
  } catch (error) {
    throw statementFailure(error)
  } finally {
    client.off('error', breaks)
    client.release(broken || client.getTransactionStatus() !== 'I')
  }
}

function checkConnectionString(header: string | string[] | undefined, allowed: string): string {
  if (typeof header !== 'string') throw new SqlFailure(400, 'invalid header: neon-connection-string')
  let url: URL
  try {
    url = new URL(header)
  } catch {
    throw new SqlFailure(400, 'invalid connection string: it is not a URL')
  }
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') throw new SqlFailure(400, 'incorrect scheme')
  if (url.pathname.length < 2) throw new SqlFailure(400, 'missing database name')
  if (!url.username) throw new SqlFailure(400, 'missing username')
  // `pg` lets query parameters override the host: none of them may pass
  url.search = ''
  if (`${url.hostname}:${url.port || '5432'}` !== allowed) {
    throw new SqlFailure(400, `only ${allowed} is served here`)
  }
  return url.href
}

function parsePayload(body: string): z.output<typeof Payload> {
  try {
    return Payload.parse(JSON.parse(body))
  } catch {
    throw new SqlFailure(400, 'could not parse the HTTP request body')
  }
}

async function runBatch(
  client: PoolClient,
  statements: Statement[],
  arrayMode: boolean,
  headers: SqlRequest['headers'],
): Promise<string> {
  const level = headers['neon-batch-isolation-level']
  const isolation = level === undefined ? '' : isolationLevels[String(level)]
  if (isolation === undefined) throw new SqlFailure(400, 'invalid isolation level')
  const begin = ['BEGIN']
  if (isolation) begin.push(`ISOLATION LEVEL ${isolation}`)
  if (headers['neon-batch-read-only'] === 'true') begin.push('READ ONLY')
  if (headers['neon-batch-deferrable'] === 'true') begin.push('DEFERRABLE')

  await client.query(begin.join(' '))
  try {
    const results: string[] = []
    for (const statement of statements) results.push(await run(client, statement, arrayMode))
    await client.query('COMMIT')
    return `{"results":[${results.join(',')}]}`
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

async function run(client: PoolClient, statement: Statement, byDefault: boolean): Promise<string> {
  const rowAsArray = statement.arrayMode ?? byDefault
  const config: QueryConfig & { rowMode?: 'array'; queryMode: 'extended' } = {
    text: statement.query,
    values: toText(statement.params),
    types: { getTypeParser: () => (value: unknown) => value },
    ...(rowAsArray ? { rowMode: 'array' } : {}),
    // one statement only, and its parameters' types decided by Postgres
    queryMode: 'extended',
  }
  const result = await client.query(config)
  const answer = JSON.stringify({
    rowAsArray,
    fields: result.fields,
    rows: result.rows,
    command: result.command ?? '',
    rowCount: result.rowCount,
  })
  if (answer.length > maxAnswerBytes) {
    throw new SqlFailure(507, `response is too large (max is ${maxAnswerBytes} bytes)`)
  }
  return answer
}
