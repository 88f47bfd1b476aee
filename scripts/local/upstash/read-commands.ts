import type { Argument } from './encode-command.ts'

/** A request that is answered with this status and `{"error": message}`. */
export class BadRequest extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'BadRequest'
    this.status = status
  }
}

/** `["SET", "key", "value", "EX", 100]` */
export function commandFromBody(body: Buffer): Argument[] {
  return command(parse(body))
}

/** `[["SET", "key", "value"], ["GET", "key"]]` */
export function commandsFromBody(body: Buffer): Argument[][] {
  const list = parse(body)
  if (!Array.isArray(list) || list.length === 0) throw unreadable('an array of commands')
  return list.map(command)
}

/** `/set/key/value`; a body is the next argument as it is, query parameters are the last ones: `?EX=100`. */
export function commandFromPath(url: URL, body: Buffer): Argument[] {
  let words: Argument[]
  try {
    words = url.pathname.slice(1).split('/').map(decodeURIComponent)
  } catch {
    throw unreadable('a path with valid percent-encoding')
  }
  if (/^(subscribe|psubscribe|monitor)$/i.test(String(words[0]))) {
    throw new BadRequest(400, `ERR ${String(words[0]).toUpperCase()} is not served here`)
  }
  if (body.length > 0) words.push(body)
  for (const [name, value] of url.searchParams) {
    if (name === '_token') continue
    words.push(name)
    if (value !== '') words.push(value)
  }
  return words
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw unreadable('JSON')
  }
}

function command(value: unknown): Argument[] {
  if (!Array.isArray(value) || value.length === 0) throw unreadable('an array of a command and its arguments')
  for (let at = 0; at < value.length; at++) {
    const kind = typeof value[at]
    if (kind === 'string') continue
    if (kind !== 'number' && kind !== 'boolean') throw unreadable('arguments that are strings, numbers or booleans')
    value[at] = String(value[at])
  }
  return value as string[]
}

function unreadable(expected: string): BadRequest {
  return new BadRequest(400, `ERR failed to parse command: expected ${expected}`)
}
