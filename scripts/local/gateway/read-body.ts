import type { IncomingMessage } from 'node:http'
import { HiveError } from '../../../core/errors.ts'

/** API Gateway's limit of a request. */
const maxBytes = 10 * 1024 * 1024
/** What is read and thrown away so that a client that sends too much can still read its answer. */
const maxDrained = 64 * 1024 * 1024

/** The body, or null when the client went away; empty with a refusal when it is more than API Gateway takes. */
export async function readBody(request: IncomingMessage): Promise<{ body: Buffer | null; refusal: HiveError | null }> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxDrained) break
      if (bytes <= maxBytes) chunks.push(chunk)
      else chunks.length = 0
    }
  } catch {
    return { body: null, refusal: null }
  }
  if (bytes <= maxBytes) return { body: Buffer.concat(chunks), refusal: null }
  const refusal = new HiveError('request.too_large', `the body has more than ${maxBytes} bytes`)
  return { body: Buffer.alloc(0), refusal }
}
