import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, NeonDbError, neon, neonConfig } from '@neondatabase/serverless'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { type PostgresProcess, startPostgres } from '../postgres/start-postgres.ts'
import { type NeonServer, startNeon } from './start-neon.ts'

let home: string
let postgres: PostgresProcess
let server: NeonServer

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hive-neon-'))
  // of its own: it is killed
  postgres = await startPostgres({ dir: home, persistent: false })
  server = await startNeon({ postgresUrl: postgres.url })
  neonConfig.fetchEndpoint = server.httpEndpoint
})

afterAll(async () => {
  await server.close()
  await postgres.stop()
  await rm(home, { recursive: true, force: true })
})

async function openClient(url = postgres.url): Promise<Client> {
  const client = new Client(url)
  Object.assign(client.neonConfig, {
    wsProxy: server.wsProxy,
    useSecureWebSocket: false,
    pipelineTLS: false,
    pipelineConnect: false,
  })
  client.on('error', () => {})
  await client.connect()
  // not awaited: the driver never finishes ending a connection that broke
  onTestFinished(() => void client.end())
  return client
}

const failureOf = (work: Promise<unknown>): Promise<NeonDbError> =>
  work.then(
    () => expect.unreachable('it was to fail'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(NeonDbError)
      return error as NeonDbError
    },
  )

describe('over HTTP', () => {
  const sql = (url = postgres.url) => neon(url)

  it('answers rows, field types, command and count as the driver wants them', async () => {
    const result = await neon(postgres.url, { fullResults: true })`SELECT ${1}::int AS n, 'x'::text AS t`
    expect(result).toMatchObject({ command: 'SELECT', rowCount: 1, rows: [{ n: 1, t: 'x' }], rowAsArray: false })
    expect(result.fields).toMatchObject([
      { name: 'n', dataTypeID: 23, dataTypeSize: 4, format: 'text' },
      { name: 't', dataTypeID: 25, dataTypeSize: -1 },
    ])
  })

  it('gives arrays in array mode, also with the same column name twice', async () => {
    expect(await sql().query('SELECT 1 AS a, 2 AS a', [], { arrayMode: true })).toEqual([[1, 2]])
  })

  it('carries every kind of value both ways', async () => {
    const bytes = randomBytes(64)
    const [row] = await sql()`SELECT
      ${null}::text AS nothing, ${true}::bool AS yes, ${'9007199254740993'}::int8 AS big, ${0.1}::float8 AS real,
      ${Number.POSITIVE_INFINITY}::float8 AS infinite, ${'12.340'}::numeric AS exact,
      ${{ a: [1, 'ü "quoted" \\ '] }}::jsonb AS json, ${['a', null, 'b,"c" {} \\']}::text[] AS texts,
      ${[[1, 2], [3, 4]]}::int[] AS matrix, ${bytes}::bytea AS bytes,
      ${new Date(1_700_000_000_123)}::timestamptz AS moment, ${''}::text AS empty, ${'😀'}::text AS emoji`
    expect(row).toEqual({
      nothing: null,
      yes: true,
      big: '9007199254740993',
      real: 0.1,
      infinite: Number.POSITIVE_INFINITY,
      exact: '12.340',
      json: { a: [1, 'ü "quoted" \\ '] },
      texts: ['a', null, 'b,"c" {} \\'],
      matrix: [
        [1, 2],
        [3, 4],
      ],
      bytes,
      moment: new Date(1_700_000_000_123),
      empty: '',
      emoji: '😀',
    })
  })

  it('gives timestamps as text with microseconds, in UTC', async () => {
    const types = { getTypeParser: () => (value: unknown) => value }
    const rows = await sql().query(`SELECT '2025-01-02T03:04:05.123456+02:00'::timestamptz AS t`, [], { types })
    expect(rows).toEqual([{ t: '2025-01-02 01:04:05.123456+00' }])
  })

  it('counts what INSERT, UPDATE and DELETE touched', async () => {
    const full = neon(postgres.url, { fullResults: true })
    expect(await full`CREATE TABLE counted (n INT)`).toMatchObject({ command: 'CREATE', rowCount: null, rows: [] })
    const counts = [
      await full`INSERT INTO counted SELECT generate_series(1, 3)`,
      await full`UPDATE counted SET n = n WHERE n > 1`,
      await full`DELETE FROM counted`,
    ]
    expect(counts.map(({ command, rowCount }) => [command, rowCount])).toEqual([
      ['INSERT', 3],
      ['UPDATE', 2],
      ['DELETE', 3],
    ])
  })

  it('reports what Postgres reports of an error', async () => {
    await sql()`CREATE TABLE once (name TEXT PRIMARY KEY)`
    await sql()`INSERT INTO once VALUES ('a')`
    expect(await failureOf(sql()`INSERT INTO once VALUES ('a')`)).toMatchObject({
      message: 'duplicate key value violates unique constraint "once_pkey"',
      code: '23505',
      severity: 'ERROR',
      detail: 'Key (name)=(a) already exists.',
      constraint: 'once_pkey',
      table: 'once',
      schema: 'public',
    })
    expect(await failureOf(sql()`SELEC 1`)).toMatchObject({ code: '42601', position: '1' })
    expect(await failureOf(sql().query('SELECT 1; SELECT 2'))).toMatchObject({ code: '42601' })
  })

  it('runs a batch in one transaction of the level that was asked for', async () => {
    const options = { isolationLevel: 'Serializable', readOnly: true, deferrable: true } as const
    const settings = await sql().transaction(
      (tx) => [tx`SHOW transaction_isolation`, tx`SHOW transaction_read_only`, tx`SHOW transaction_deferrable`],
      options,
    )
    expect(settings.flat().map((row) => Object.values(row)[0])).toEqual(['serializable', 'on', 'on'])
    const [first, second] = await sql().transaction([
      sql()`SELECT pg_current_xact_id()::text AS id`,
      sql()`SELECT pg_current_xact_id()::text AS id`,
    ])
    expect(first).toEqual(second)
  })

  it('rolls a batch back when one of it fails', async () => {
    await sql()`CREATE TABLE whole (n INT CHECK (n < 10))`
    const batch = sql().transaction([sql()`INSERT INTO whole VALUES (1)`, sql()`INSERT INTO whole VALUES (10)`])
    expect(await failureOf(batch)).toMatchObject({ code: '23514', constraint: 'whole_n_check' })
    expect(await sql()`SELECT * FROM whole`).toEqual([])
  })

  it('does not lend a connection that was left in a transaction', async () => {
    await sql()`BEGIN`
    await Promise.all(Array.from({ length: 5 }, () => sql()`SELECT 1`))
    const [row] = await sql()`SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'idle in transaction'`
    expect(row).toEqual({ n: '0' })
  })

  it('refuses wrong credentials, an unknown database and every other server', async () => {
    const url = new URL(postgres.url)
    const changed = (change: Partial<URL>) => Object.assign(new URL(url), change).href
    expect(await failureOf(sql(changed({ password: 'guess' }))`SELECT 1`)).toMatchObject({
      message: 'password authentication failed for user "hive"',
    })
    expect((await failureOf(sql(changed({ pathname: '/nowhere' }))`SELECT 1`)).message).toContain('HTTP status 500')
    const refused = `only 127.0.0.1:${postgres.port} is served here`
    for (const other of [changed({ port: '5432' }), changed({ hostname: 'db.example' })]) {
      expect((await failureOf(sql(other)`SELECT 1`)).message).toBe(refused)
    }
    // pg would obey these parameters rather than the host in front of them
    expect(await sql(changed({ search: '?host=db.example&port=1' }))`SELECT 1 AS n`).toEqual([{ n: 1 }])
  })

  it('refuses answers and requests over 10 MiB', async () => {
    const long = await failureOf(sql()`SELECT repeat('x', 11 * 1024 * 1024)`)
    expect(long.message).toContain('HTTP status 507')
    const large = await failureOf(sql()`SELECT length(${'x'.repeat(11 * 1024 * 1024)})`)
    expect(large.message).toContain('HTTP status 413')
  })

  it('answers malformed requests with 400 and other paths with 404', async () => {
    const post = async (path: string, body: string, headers: Record<string, string>) =>
      (await fetch(new URL(path, server.httpEndpoint), { method: 'POST', body, headers })).status
    const headers = { 'neon-connection-string': postgres.url, 'neon-raw-text-output': 'true' }
    expect(await post('/sql', '{', headers)).toBe(400)
    expect(await post('/sql', '{"query":1}', headers)).toBe(400)
    expect(await post('/sql', '{"query":"SELECT 1"}', {})).toBe(400)
    expect(await post('/sql', '{"queries":[]}', { ...headers, 'neon-batch-isolation-level': 'Total' })).toBe(400)
    expect(await post('/other', '{"query":"SELECT 1"}', headers)).toBe(404)
  })
})

describe('over a WebSocket', () => {
  it('runs interactive transactions', async () => {
    const client = await openClient()
    await client.query('CREATE TABLE steps (n INT)')
    await client.query('BEGIN')
    await client.query('INSERT INTO steps VALUES ($1)', [1])
    await client.query('SAVEPOINT one')
    await expect(client.query('INSERT INTO steps VALUES ($1)', ['x'])).rejects.toMatchObject({ code: '22P02' })
    await client.query('ROLLBACK TO one')
    await client.query('COMMIT')
    expect((await client.query('SELECT n FROM steps')).rows).toEqual([{ n: 1 }])
  })

  it('carries megabytes both ways unchanged', async () => {
    const client = await openClient()
    const text = randomBytes(6 * 1024 * 1024).toString('base64')
    const { rows } = await client.query('SELECT $1::text || $1::text AS twice', [text])
    expect(rows[0]?.twice === text + text).toBe(true)
  })

  it('refuses every other address and path', async () => {
    const refusal = async (path: string) => {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`)
      const [error] = (await once(socket, 'error')) as [Error]
      return error.message
    }
    expect(await refusal('/v2?address=127.0.0.1:5432')).toContain('403')
    expect(await refusal('/v2')).toContain('403')
    expect(await refusal(`/v3?address=127.0.0.1:${postgres.port}`)).toContain('404')
  })

  it('reads each side no faster than the other takes', async () => {
    const silent = createServer()
    const accepted = once(silent, 'connection') as Promise<[Socket]>
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const relay = await startNeon({ postgresUrl: `postgresql://a:b@127.0.0.1:${port}/c` })
    const webSocket = new WebSocket(`ws://127.0.0.1:${relay.port}/v2?address=127.0.0.1:${port}`)
    await once(webSocket, 'open')
    webSocket.pause()
    const [socket] = await accepted
    socket.pause()
    const chunk = Buffer.alloc(1024 * 1024)
    for (let sent = 0; sent < 64; sent++) {
      webSocket.send(chunk)
      socket.write(chunk)
    }
    const settled = async (measure: () => number) => {
      let [before, now] = [-1, 0]
      const unchanged = () => {
        ;[before, now] = [now, measure()]
        return now === before
      }
      await expect.poll(unchanged, { interval: 200 }).toBe(true)
      return now
    }
    // what is neither here nor in the kernel's buffers would be in the relay's memory
    expect(await settled(() => webSocket.bufferedAmount)).toBeGreaterThan(32 * 1024 * 1024)
    expect(await settled(() => socket.writableLength)).toBeGreaterThan(32 * 1024 * 1024)
    webSocket.terminate()
    socket.destroy()
    silent.close()
    await relay.close()
  })
})

describe('when things go wrong', () => {
  const sql = () => neon(postgres.url)

  beforeEach(async () => {
    await sql()`DROP TABLE IF EXISTS events`
    await sql()`CREATE TABLE events (n INT)`
  })

  it('says that Postgres is away, breaks what was under way, and serves again when it is back', async () => {
    const client = await openClient()
    const sleeping = failureOf(sql()`SELECT pg_sleep(60)`)
    const interactive = client.query('SELECT pg_sleep(60)').catch((error: Error) => error)
    await expect
      .poll(async () => (await sql()`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'`).length)
      .toBe(2)
    await postgres.kill()
    expect(await sleeping).toMatchObject({ message: 'connection closed', code: '' })
    expect(await interactive).toBeInstanceOf(Error)
    expect((await failureOf(sql()`SELECT 1`)).message).toContain('HTTP status 500')
    await expect(openClient()).rejects.toThrow()
    await postgres.restart()
    expect(await sql()`SELECT 1 AS n`).toEqual([{ n: 1 }])
    expect((await (await openClient()).query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }])
  })

  it('fails the next requests without running them', async () => {
    server.faults.failNext(2, 507)
    for (let n = 0; n < 2; n++) {
      expect((await failureOf(sql()`INSERT INTO events VALUES (${n})`)).message).toContain('HTTP status 507')
    }
    expect(await sql()`SELECT * FROM events`).toEqual([])
  })

  it('runs the next requests and drops their answers', async () => {
    server.faults.dropNextAnswers(1)
    const failure = await failureOf(sql()`INSERT INTO events VALUES (1)`)
    expect(failure.sourceError).toBeInstanceOf(TypeError)
    expect(await sql()`SELECT * FROM events`).toEqual([{ n: 1 }])
  })

  it('adds latency', async () => {
    server.faults.latencyMs = 50
    const before = performance.now()
    await sql()`SELECT 1`
    server.faults.latencyMs = 0
    expect(performance.now() - before).toBeGreaterThanOrEqual(49)
  })
})
