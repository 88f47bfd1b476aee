import { createPost, type Post } from '../../post.ts'
import { columnTypes } from './column-types.ts'
import { HttpRefusal, UnusableUrl } from './failure.ts'
import { neonClient } from './neon-client.ts'
import type { Driver, RecordsConfig, RunOptions, Value } from './run-statement.ts'

/** Neon takes and gives at most 10 MiB by HTTP, and says which of the two was too large. */
const requestTooLarge = 413
const sizeStatus = new Set([requestTooLarge, 507])
/** Characters, of which most have one byte; what gets past this, Neon itself refuses. */
const mostHttpLength = 8 * 1024 * 1024

/**
 * Statements go over HTTP. One that is too large for it, or whose answer is, goes over a WebSocket that lives for the
 * one statement.
 */
export async function neonHttp(config: RecordsConfig, options: RunOptions): Promise<Driver> {
  const driver = await import('@neondatabase/serverless')
  const { NeonDbError } = driver
  driver.neonConfig.fetchFunction = fetchAsTold
  const types = columnTypes(driver.types)
  const sql = driver.neon(config.databaseUrl)
  const hive: HttpOptions = { endpoint: config.neonHttpEndpoint, post: createPost(), timeoutMs: options.timeoutMs }

  async function overHttp<Row>(text: string, values: Value[]): Promise<Row[]> {
    const fetchOptions = { hive }
    return (await sql.query(text, values, { fetchOptions, types })) as Row[]
  }

  async function overWebSocket<Row>(text: string, values: Value[]): Promise<Row[]> {
    const client = neonClient(driver, config, options)
    client.on('error', () => {})
    try {
      await client.connect()
      const { rows } = await client.query({ text, values, types })
      await client.end()
      return rows as Row[]
    } catch (error) {
      // not awaited: the driver never finishes ending a connection that broke
      void client.end()
      throw error
    }
  }

  return {
    async send<Row>(text: string, values: Value[]) {
      try {
        return await overHttp<Row>(text, values)
      } catch (error) {
        if (!(error instanceof NeonDbError)) throw error
        const { sourceError, code } = error
        if (sourceError instanceof HttpRefusal && sizeStatus.has(sourceError.status)) {
          return overWebSocket<Row>(text, values)
        }
        // the driver's own complaint; what HTTP answers has a code, even if it is empty
        throw code === undefined && sourceError === undefined ? new UnusableUrl() : error
      }
    },
    close: async () => {},
  }
}

/** What each statement brings along for `fetchAsTold`. */
export type HttpOptions = { endpoint: string | undefined; post: Post; timeoutMs: number }
type HttpInit = RequestInit & { hive?: HttpOptions }
/** As much of a response as the driver looks at. */
type HttpResponse = Pick<Response, 'ok' | 'status' | 'json' | 'text'>

/**
 * The driver can only be given its endpoint for the whole process. This way each statement brings its own, and
 * statements that are not ours are left alone.
 */
async function fetchAsTold(url: string, { hive, ...init }: HttpInit): Promise<HttpResponse> {
  if (!hive) return fetch(url, init)
  const body = String(init.body)
  if (body.length > mostHttpLength) throw new HttpRefusal(requestTooLarge)
  const headers = init.headers as Record<string, string>
  const { status, text } = await hive.post(hive.endpoint ?? url, headers, body, hive.timeoutMs)
  const ok = status >= 200 && status <= 299
  if (!ok && status !== 400) throw new HttpRefusal(status)
  return { ok, status, text: async () => text, json: async () => JSON.parse(text) }
}
