import { createHash, hash } from 'node:crypto'
import { piecesOf } from './pieces.ts'
import { InvalidText, Omitted, type SqliteValue } from './value.ts'

/** Bytes of one checksum. */
export const checksumBytes = 8

/** Rows of up to so many bytes are laid out in one place that is used again and again. */
const scratchBytes = 65_536
const scratch = Buffer.alloc(scratchBytes)
const view = new DataView(scratch.buffer, scratch.byteOffset, scratchBytes)

/**
 * The first eight bytes of the SHA-256 over a row's values, a character each: for each value its storage class, its length
 * in bytes and the bytes. Two rows with the same one are taken for equal: among a billion rows a change goes unseen with a
 * chance of 10⁻¹⁰.
 */
export function rowChecksum(values: readonly SqliteValue[]): string {
  // as text the digest comes without a buffer of its own, in less than half the time
  const length = layOut(values)
  return length === undefined
    ? piecemeal(values)
    : hash('sha256', scratch.subarray(0, length), 'binary').slice(0, checksumBytes)
}

/** The checksum at a place among the bytes of several. */
export const checksumAt = (bytes: Buffer, at: number): string =>
  bytes.toString('latin1', at * checksumBytes, (at + 1) * checksumBytes)

const kinds = { null: 0, integer: 1, real: 2, text: 3, utf8: 3, blob: 4, utf16: 5, omitted: 6 } as const
const headBytes = 5

/** Writes a row to the scratch buffer and gives its length; undefined where it may be too long for it. */
function layOut(values: readonly SqliteValue[]): number | undefined {
  let at = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as SqliteValue
    // a unit of UTF-16 is at most three bytes of UTF-8
    const most = typeof value === 'string' ? 3 * value.length : 8
    if (at + headBytes + most > scratchBytes) return undefined
    const start = at + headBytes
    if (typeof value === 'string') {
      const length = asciiLength(value, start)
      at = length === value.length ? head(at, kinds.text, length) : text(value, at)
    } else if (value === null) at = head(at, kinds.null, 0)
    else if (typeof value === 'bigint') {
      view.setBigInt64(start, value)
      at = head(at, kinds.integer, 8)
    } else if (typeof value === 'number') {
      view.setFloat64(start, value)
      at = head(at, kinds.real, 8)
    } else if (value instanceof Omitted) return undefined
    else {
      const bytes = value instanceof InvalidText ? value.bytes : value
      if (start + bytes.byteLength > scratchBytes) return undefined
      scratch.set(bytes, start)
      at = head(at, value instanceof InvalidText ? kinds.text : kinds.blob, bytes.byteLength)
    }
  }
  return at
}

function head(at: number, kind: number, length: number): number {
  scratch[at] = kind
  view.setUint32(at + 1, length)
  return at + headBytes + length
}

/** Short texts are mostly ASCII, and faster written here than by a call out of JavaScript; tells how far that went. */
function asciiLength(value: string, start: number): number {
  if (value.length > 64) return -1
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    if (unit > 127) return i
    scratch[start + i] = unit
  }
  return value.length
}

function text(value: string, at: number): number {
  const [kind, encoding] = encodingOf(value)
  return head(at, kind, scratch.write(value, at + headBytes, encoding))
}

/** Lone surrogates, which UTF-8 has no bytes for, come from UTF-16 databases. */
const encodingOf = (value: string) => (value.isWellFormed() ? ([3, 'utf8'] as const) : ([5, 'utf16le'] as const))

function piecemeal(values: readonly SqliteValue[]): string {
  const whole = createHash('sha256')
  for (const value of values) {
    const [kind, length, parts] = partsOf(value)
    whole.update(headOf(kind, length))
    for (const part of parts) whole.update(part)
  }
  return whole.digest('binary').slice(0, checksumBytes)
}

/** The checksum of a row some of whose values are read from elsewhere meanwhile, piece by piece. */
export async function streamedChecksum(values: readonly (SqliteValue | Streamed)[]): Promise<string> {
  const whole = createHash('sha256')
  for (const value of values) {
    const isStreamed = typeof value === 'object' && value !== null && 'pieces' in value
    const [kind, length, parts] = isStreamed ? [kinds[value.kind], value.size, value.pieces()] : partsOf(value)
    whole.update(headOf(kind, length))
    for await (const part of parts) whole.update(part)
  }
  return whole.digest('binary').slice(0, checksumBytes)
}

type Streamed = {
  kind: 'utf8' | 'utf16' | 'text' | 'blob'
  /** All its bytes. */
  size: number
  pieces(): AsyncIterable<Uint8Array>
}

function headOf(kind: number, length: number): Buffer {
  const start = Buffer.alloc(headBytes)
  start.writeUInt8(kind, 0)
  start.writeUInt32BE(length, 1)
  return start
}

function partsOf(value: SqliteValue): [kind: number, length: number, parts: Iterable<Uint8Array>] {
  const whole = (kind: number, bytes: Uint8Array): ReturnType<typeof partsOf> => [kind, bytes.byteLength, [bytes]]
  if (value === null) return [kinds.null, 0, []]
  if (typeof value === 'bigint') {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64BE(value)
    return whole(kinds.integer, bytes)
  }
  if (typeof value === 'number') {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(value)
    return whole(kinds.real, bytes)
  }
  if (typeof value === 'string') {
    const [kind, encoding] = encodingOf(value)
    return [kind, Buffer.byteLength(value, encoding), piecesOf(value)]
  }
  if (value instanceof Omitted) return whole(kinds.omitted, Buffer.from(`${value.storage} ${value.size}`))
  return value instanceof InvalidText ? whole(kinds.text, value.bytes) : whole(kinds.blob, value)
}
