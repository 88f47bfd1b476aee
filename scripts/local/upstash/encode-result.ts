import type { Reply } from './read-replies.ts'

/** How strings are written: as UTF-8 text, or in base64 for callers that sent `Upstash-Encoding: base64`. */
export type Encoding = 'text' | 'base64'

/**
 * The JSON text of a reply as Upstash's REST API writes it: integers and null as they are, every string in the
 * encoding, except a status OK at the top, which is never encoded (a nested one is).
 */
export function encodeResult(reply: Reply, encoding: Encoding): string {
  if (isOk(reply)) return '"OK"'
  return encode(reply, encoding)
}

function isOk(reply: Reply): boolean {
  return typeof reply === 'object' && reply !== null && 'status' in reply && reply.status === 'OK'
}

function encode(reply: Reply, encoding: Encoding): string {
  if (reply === null) return 'null'
  if (typeof reply !== 'object') return String(reply)
  if (Buffer.isBuffer(reply)) {
    return encoding === 'base64' ? `"${reply.toString('base64')}"` : JSON.stringify(reply.toString('utf8'))
  }
  if (Array.isArray(reply)) {
    let text = '['
    for (let at = 0; at < reply.length; at++) {
      const item = reply[at]
      text += (at === 0 ? '' : ',') + encode(item === undefined ? null : item, encoding)
    }
    return `${text}]`
  }
  const text = 'status' in reply ? reply.status : reply.error
  return encoding === 'base64' ? `"${Buffer.from(text).toString('base64')}"` : JSON.stringify(text)
}
