import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { refusalOf } from './signature.ts'
import { createFolder, type Stored } from './stored.ts'

export type S3Server = {
  /** For the client's `endpoint`, with `forcePathStyle`. */
  endpoint: string
  /** Stops listening and cuts what is open; objects stay in their folder. */
  stop(): Promise<void>
}

export type S3Options = {
  /** Where objects are kept; made by the first of them. */
  dir: string
  /** Port on 127.0.0.1; a free one when absent. */
  port?: number
  /** The secret of every access key. */
  secretAccessKey?: string
}

/** What a request is refused with, in S3's own words. */
type Refusal = { status: number; code: string; message: string }

/**
 * Serves on 127.0.0.1 as much of S3 as the hive uses: PUT, GET (one range too), HEAD, DELETE, and lists by prefix, with
 * any bucket as the first part of the path. Objects are streamed to files, so that their size is bounded by the disk.
 * Signatures are checked as S3 does: a URL is good for one key, one length and its time.
 */
export async function startS3({ dir, port = 0, secretAccessKey = 'test' }: S3Options): Promise<S3Server> {
  const stored = createFolder(dir)
  const server = createServer((request, response) => {
    answer(request, response, stored, secretAccessKey).catch((error: Error) => {
      if (!response.headersSent) refuse(response, { status: 500, code: 'InternalError', message: error.message })
      else response.destroy(error)
    })
  })
  server.keepAliveTimeout = 75_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  stored: Stored,
  secret: string,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://s3')
  const wrong = refusalOf(request, url, secret)
  if (wrong) return refuse(response, { status: 403, ...wrong })
  const name = decodeURIComponent(url.pathname.slice(1))
  const isBucket = !/^[^/]+\/./.test(name)
  if (isBucket && request.method === 'GET') return list(response, stored, name.replace(/\/$/, ''), url.searchParams)
  if (isBucket) return refuse(response, { status: 405, code: 'MethodNotAllowed', message: 'buckets are listed alone' })
  switch (request.method) {
    case 'PUT':
      return put(request, response, stored, name)
    case 'GET':
    case 'HEAD':
      return get(request, response, stored, name)
    case 'DELETE':
      await stored.remove(name)
      return void response.writeHead(204).end()
    default:
      return refuse(response, { status: 405, code: 'MethodNotAllowed', message: 'it is no method of an object' })
  }
}

async function put(request: IncomingMessage, response: ServerResponse, stored: Stored, name: string): Promise<void> {
  const { 'content-length': length, 'content-encoding': encoding = '' } = request.headers
  if (encoding.includes('aws-chunked')) {
    return refuse(response, { status: 501, code: 'NotImplemented', message: 'chunks with checksums are not taken' })
  }
  if (length === undefined) {
    return refuse(response, { status: 411, code: 'MissingContentLength', message: 'a Content-Length is required' })
  }
  response.writeHead(200, { etag: await stored.write(name, request) }).end()
}

async function get(request: IncomingMessage, response: ServerResponse, stored: Stored, name: string): Promise<void> {
  const found = await stored.find(name)
  if (!found) return refuse(response, { status: 404, code: 'NoSuchKey', message: 'The key does not exist.' })
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const start = Number(range?.[1] ?? 0)
  const end = Math.min(range?.[2] ? Number(range[2]) : found.bytes - 1, found.bytes - 1)
  if (range && start > end)
    return refuse(response, { status: 416, code: 'InvalidRange', message: 'it is out of range' })
  response.writeHead(range ? 206 : 200, {
    'content-length': end - start + 1,
    'last-modified': found.modified.toUTCString(),
    ...(range ? { 'content-range': `bytes ${start}-${end}/${found.bytes}` } : {}),
  })
  if (request.method === 'HEAD') return void response.end()
  await stored.read(name, { start, end }, response)
}

async function list(response: ServerResponse, stored: Stored, bucket: string, query: URLSearchParams): Promise<void> {
  const most = Math.min(Number(query.get('max-keys') ?? 1_000), 1_000)
  const after = query.get('continuation-token') ?? ''
  const prefix = query.get('prefix') ?? ''
  const all = (await stored.list(`${bucket}/`))
    .map(({ name, ...rest }) => ({ key: name.slice(bucket.length + 1), ...rest }))
    .filter(({ key }) => key.startsWith(prefix) && key > after)
    .sort((one, other) => (one.key < other.key ? -1 : 1))
  const shown = all.slice(0, most)
  const more = shown.length < all.length
  const contents = shown.map(
    ({ key, bytes, modified }) =>
      `<Contents><Key>${xml(key)}</Key><Size>${bytes}</Size><LastModified>${modified.toISOString()}</LastModified></Contents>`,
  )
  const next = more ? `<NextContinuationToken>${xml(shown.at(-1)?.key ?? '')}</NextContinuationToken>` : ''
  const text = `<ListBucketResult><Name>${xml(bucket)}</Name><KeyCount>${shown.length}</KeyCount><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
  response.writeHead(200, { 'content-type': 'application/xml' }).end(text)
}

function refuse(response: ServerResponse, { status, code, message }: Refusal): void {
  response
    .writeHead(status, { 'content-type': 'application/xml', connection: 'close' })
    .end(`<Error><Code>${code}</Code><Message>${xml(message)}</Message></Error>`)
}

const xml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
