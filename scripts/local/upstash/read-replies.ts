/** A reply of Redis (RESP2). Integers beyond 2^53 are bigint, so that their digits survive. */
export type Reply = number | bigint | null | Buffer | Status | Failure | Reply[]
/** A simple string such as `OK`. */
export type Status = { status: string }
/** An error reply such as `WRONGTYPE …`, at the top or nested in an array. */
export type Failure = { error: string }

export function isFailure(reply: Reply): reply is Failure {
  return typeof reply === 'object' && reply !== null && 'error' in reply
}

const CR = 13

/**
 * Reads replies from the bytes of a connection as they come in, chunk by chunk.
 * `onReply` gets each complete reply with its size in bytes. Throws on bytes that are not RESP2.
 */
export class ReplyReader {
  readonly #onReply: (reply: Reply, bytes: number) => void
  /** Bytes of a token that is not complete yet. */
  #held: Buffer[] = []
  #heldBytes = 0
  /** No use to look again before this many bytes are held. */
  #wanted = 0
  /** Arrays that are not complete yet, outermost first. */
  readonly #open: { items: Reply[]; left: number }[] = []
  #replyBytes = 0

  constructor(onReply: (reply: Reply, bytes: number) => void) {
    this.#onReply = onReply
  }

  feed(chunk: Buffer): void {
    let buffer = chunk
    if (this.#heldBytes > 0) {
      this.#held.push(chunk)
      this.#heldBytes += chunk.length
      if (this.#heldBytes < this.#wanted) return
      buffer = Buffer.concat(this.#held, this.#heldBytes)
      this.#held = []
      this.#heldBytes = 0
    }
    let at = 0
    while (at < buffer.length) {
      let end = at + 1
      while (end < buffer.length && buffer[end] !== CR) end++
      if (end + 1 >= buffer.length) {
        this.#hold(buffer, at, 0)
        return
      }
      let next = end + 2
      switch (buffer[at]) {
        case 0x24: {
          const length = integer(buffer, at + 1, end)
          if (length === -1) {
            this.#deliver(null, next - at)
            break
          }
          next += length + 2
          if (next > buffer.length) {
            this.#hold(buffer, at, next - at)
            return
          }
          this.#deliver(buffer.subarray(end + 2, end + 2 + length), next - at)
          break
        }
        case 0x3a:
          this.#deliver(exactInteger(buffer, at + 1, end), next - at)
          break
        case 0x2a: {
          const length = integer(buffer, at + 1, end)
          if (length > 0) {
            this.#open.push({ items: [], left: length })
            this.#replyBytes += next - at
          } else {
            this.#deliver(length === 0 ? [] : null, next - at)
          }
          break
        }
        case 0x2b:
          this.#deliver({ status: buffer.toString('utf8', at + 1, end) }, next - at)
          break
        case 0x2d:
          this.#deliver({ error: buffer.toString('utf8', at + 1, end) }, next - at)
          break
        default:
          throw new Error(`not a RESP2 reply: starts with byte ${buffer[at]}`)
      }
      at = next
    }
  }

  #hold(buffer: Buffer, at: number, wanted: number): void {
    const rest = at === 0 ? buffer : buffer.subarray(at)
    this.#held.push(rest)
    this.#heldBytes = rest.length
    this.#wanted = wanted
  }

  #deliver(value: Reply, bytes: number): void {
    this.#replyBytes += bytes
    let complete = value
    for (;;) {
      const array = this.#open.at(-1)
      if (array === undefined) break
      array.items.push(complete)
      array.left--
      if (array.left > 0) return
      this.#open.pop()
      complete = array.items
    }
    const size = this.#replyBytes
    this.#replyBytes = 0
    this.#onReply(complete, size)
  }
}

function integer(buffer: Buffer, start: number, end: number): number {
  let value = 0
  const negative = buffer[start] === 0x2d
  for (let at = negative ? start + 1 : start; at < end; at++) value = value * 10 + (buffer[at] ?? 0) - 0x30
  return negative ? -value : value
}

function exactInteger(buffer: Buffer, start: number, end: number): number | bigint {
  return end - start <= 15 ? integer(buffer, start, end) : safest(BigInt(buffer.toString('latin1', start, end)))
}

function safest(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
