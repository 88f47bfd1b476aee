import xxhashWasm from 'xxhash-wasm'
import { longVarint, StoredRecord, sizes, wholeAt } from './analyze/reading/stored-record.ts'
import type { AnalysedRow } from './analyze/source.ts'
import { piecesOf } from './pieces.ts'
import { InvalidText, Omitted, type SqliteValue } from './value.ts'

const { h64Raw, create64 } = await xxhashWasm()

/** Bytes of one checksum. */
export const checksumBytes = 8

/** Rows of up to so many bytes are laid out in one place that is used again and again. */
const scratchBytes = 65_536
const scratch = Buffer.alloc(scratchBytes)
const view = new DataView(scratch.buffer, scratch.byteOffset, scratchBytes)
/** The first bytes of that place, by how many they are. */
const starts: Buffer[] = []

/**
 * The XXH64 over a row's values: for each value its storage class, its length in bytes and the bytes. Two rows with the same
 * one are taken for equal: among a billion rows a change goes unseen with a chance of 10⁻¹⁰. It tells what went wrong, not
 * what somebody has forged who may write to the ledger too.
 */
export function rowChecksum(values: readonly SqliteValue[]): bigint {
  const length = layOut(values)
  return length === undefined ? piecemeal(values) : checksumOfScratch(length)
}

function checksumOfScratch(length: number): bigint {
  const start = starts[length] ?? scratch.subarray(0, length)
  // a row of a table is mostly as long as others
  if (length < 1_024) starts[length] = start
  return h64Raw(start)
}

/** The checksum of a row of a source, from its bytes where it was read as its file has it. */
export const sourceChecksum = (row: AnalysedRow): bigint =>
  row instanceof StoredRecord ? recordChecksum(row) : rowChecksum(row.values)

/** The checksum of a row as its file has it: the same as that of its values. */
export function recordChecksum(record: StoredRecord): bigint {
  const { bytes, shape, size, rowid } = record
  const { columns, rowidAlias, reals } = shape
  // an integer takes eight bytes whatever it took there
  if (size + columns * (headBytes + 8) > scratchBytes) return rowChecksum(record.values)
  let at = 0
  let type = record.types
  let next = record.body
  for (let column = 0; column < columns; column++) {
    let kind = bytes[type++] as number
    if (kind > 0x7f) {
      const long = longVarint(bytes, type - 1, record.body)
      kind = long.value
      type = long.end
    }
    const start = at + headBytes
    if (kind >= 12) {
      const length = (kind - 12) >>> 1
      if (length > 64) bytes.copy(scratch, start, next, next + length)
      else for (let i = 0; i < length; i++) scratch[start + i] = bytes[next + i] as number
      at = head(at, kind % 2 === 0 ? kinds.blob : kinds.text, length)
      next += length
    } else if (kind === 0 && column !== rowidAlias) at = head(at, kinds.null, 0)
    else {
      if (kind === 0) view.setBigInt64(start, rowid)
      else if (kind === 7) for (let i = 0; i < 8; i++) scratch[start + i] = bytes[next + i] as number
      else {
        const whole = wholeAt(bytes, next, kind)
        if (reals[column]) view.setFloat64(start, Number(whole))
        else if (typeof whole === 'bigint') view.setBigInt64(start, whole)
        else {
          view.setInt32(start, Math.floor(whole / 0x1_0000_0000))
          view.setInt32(start + 4, whole | 0)
        }
      }
      at = head(at, kind === 7 || (reals[column] && kind !== 0) ? kinds.real : kinds.integer, 8)
      next += sizes[kind] as number
    }
  }
  return checksumOfScratch(at)
}

/** The checksum at a place among the bytes of several. */
export const checksumAt = (bytes: DataView, at: number): bigint => bytes.getBigUint64(at * checksumBytes, true)

/** Puts a checksum to its place among the bytes of several. */
export const putChecksum = (bytes: DataView, at: number, checksum: bigint): void =>
  bytes.setBigUint64(at * checksumBytes, checksum, true)

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

function piecemeal(values: readonly SqliteValue[]): bigint {
  const whole = create64()
  for (const value of values) {
    const [kind, length, parts] = partsOf(value)
    whole.update(headOf(kind, length))
    for (const part of parts) whole.update(part)
  }
  return whole.digest()
}

/** The checksum of a row some of whose values are read from elsewhere meanwhile, piece by piece. */
export async function streamedChecksum(values: readonly (SqliteValue | Streamed)[]): Promise<bigint> {
  const whole = create64()
  for (const value of values) {
    const isStreamed = typeof value === 'object' && value !== null && 'pieces' in value
    const [kind, length, parts] = isStreamed ? [kinds[value.kind], value.size, value.pieces()] : partsOf(value)
    whole.update(headOf(kind, length))
    for await (const part of parts) whole.update(part)
  }
  return whole.digest()
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

/** The hash copies what it is given into memory of its own, which grows to the largest and never shrinks. */
function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += scratchBytes) yield bytes.subarray(at, at + scratchBytes)
}

function partsOf(value: SqliteValue): [kind: number, length: number, parts: Iterable<Uint8Array>] {
  const whole = (kind: number, bytes: Uint8Array): ReturnType<typeof partsOf> => [
    kind,
    bytes.byteLength,
    slicesOf(bytes),
  ]
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
