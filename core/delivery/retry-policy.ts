/** What came of one attempt. `status` is null when no answer came, and `fault` then says why. */
export type Answer = { status: number | null; retryAfterMs?: number | undefined; fault?: Fault | undefined }

/** Why no answer came: out of time, given up by us, no connection or no HTTP, or the endpoint guard refused it. */
export type Fault = 'timeout' | 'aborted' | 'unreachable' | 'refused'

/**
 * What to do with a message after an attempt. `gone` also disables the endpoint. `reason` is what the message's status
 * shows. `retryAfterMs` is the least wait that the endpoint asked for.
 */
export type Decision =
  | { kind: 'ack' }
  | { kind: 'gone'; reason: string }
  | { kind: 'fail'; reason: string }
  | { kind: 'retry'; reason: string; retryAfterMs?: number }

/** 4xx answers that say "later", not "never". */
const temporary = new Set([408, 409, 425, 429])

/** The longest wait that an endpoint can ask for, and the longest that SQS can delay a wake. */
const maxRetryAfterMs = 15 * 60_000

/**
 * Decides from an answer: 2xx settles the message; 410 says that the endpoint is gone; every other 4xx would only be
 * repeated, so it fails at once, except 408, 409, 425 and 429. The rest is retried: 5xx, no answer, and 3xx too, because
 * redirects are never followed and only a change of the endpoint, which may come between attempts, helps.
 */
export function decide(answer: Answer): Decision {
  const { status, retryAfterMs, fault } = answer
  if (status === null) return { kind: 'retry', reason: `endpoint.${fault ?? 'unreachable'}` }
  if (status >= 200 && status < 300) return { kind: 'ack' }
  if (status === 410) return { kind: 'gone', reason: 'endpoint.gone' }
  const reason = `endpoint.answered_${status}`
  if (status >= 400 && status < 500 && !temporary.has(status)) return { kind: 'fail', reason }
  return retryAfterMs === undefined ? { kind: 'retry', reason } : { kind: 'retry', reason, retryAfterMs }
}

/**
 * Reads a Retry-After header, seconds or an HTTP date.
 * @returns milliseconds from `nowMs`, 0 to 15 minutes; undefined when the header is absent or no such value
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : /GMT$/.test(text) ? Date.parse(text) - nowMs : Number.NaN
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), maxRetryAfterMs)
}
