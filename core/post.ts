import type { Agent, IncomingHttpHeaders, IncomingMessage, request as Request, RequestOptions } from 'node:http'

export type PostAnswer = { status: number; headers: IncomingHttpHeaders; text: string }
/** Posts a body and gives the answer, whatever its status. Throws network errors as Node does, and `TimeoutError`. */
export type Post = (
  url: string,
  headers: Record<string, string>,
  body: string | Uint8Array,
  timeoutMs: number,
) => Promise<PostAnswer>

/**
 * HTTP over connections that are kept. `fetch` would do it too, but loading it takes as long as all of Node's own start,
 * which a cold start of a function then has twice. Values of headers are ASCII.
 */
export function createPost(): Post {
  const agents = new Map<string, Agent>()
  // few, and to take one apart takes a tenth of a request
  const places = new Map<string, Place>()

  return (url, headers, body, timeoutMs) => {
    const place = places.get(url) ?? placeOf(url, agents)
    places.set(url, place)
    // a list is written as it is, where an object is taken apart and put together again
    const written = ['host', place.authority, 'content-length', String(Buffer.byteLength(body))]
    for (const name in headers) written.push(name, headers[name] as string)
    const options = { ...place.options, headers: written }
    return new Promise<PostAnswer>((resolve, reject) => {
      const request = place.request(options, (response) => {
        const { statusCode: status = 0, headers } = response
        readText(response).then((text) => resolve({ status, headers, text }), reject)
      })
      // a timer, as an AbortSignal takes 4 ms of a cold start
      const late = setTimeout(() => request.destroy(new TimeoutError(`no answer in ${timeoutMs} ms`)), timeoutMs)
      request
        .on('error', reject)
        .on('close', () => clearTimeout(late))
        // as text, which goes out in one piece with the headers
        .end(body)
    })
  }
}

type Place = { request: typeof Request; authority: string; options: RequestOptions & { servername: string } }

function placeOf(url: string, agents: Map<string, Agent>): Place {
  const { protocol, host: authority, hostname, port, pathname, search } = new URL(url)
  // an import would read every export of these, and some of them load what `fetch` needs
  const http = protocol === 'https:' ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http')
  const agent = agents.get(protocol) ?? new http.Agent({ keepAlive: true, scheduling: 'lifo' })
  agents.set(protocol, agent)
  const host = hostname.replace(/^\[|\]$/g, '')
  const servername = process.getBuiltinModule('node:net').isIP(host) ? '' : host
  return {
    request: http.request,
    authority,
    options: { protocol, host, servername, method: 'POST', path: pathname + search, agent, ...(port ? { port } : {}) },
  }
}

class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    response.on('error', reject)
  })
}
