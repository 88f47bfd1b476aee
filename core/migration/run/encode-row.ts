import type { Affinity } from '../convert/affinity.ts'
import { naturalJson } from '../convert/natural-json.ts'
import { InvalidText, type SqliteValue } from '../value.ts'

/** Values of more bytes than this are stored in pieces. */
const largestInline = 1_048_576
const pieceBytes = 1_048_576

/** Values that are stored in pieces, by their places in the row. */
export type Large = { place: number; value: SqliteValue }

/** A whole row as JSON that JSONB takes, and those of its values that are too large for it. */
export function encodeRow(
  values: readonly SqliteValue[],
  affinities: readonly Affinity[],
): { content: string; large: Large[] } {
  const large: Large[] = []
  let content = ''
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as SqliteValue
    if (place > 0) content += ','
    if (value === null) content += 'null'
    else if (sizeOf(value) <= largestInline) content += naturalJson(value, affinities[place] as Affinity)
    else {
      large.push({ place, value })
      content += JSON.stringify({ $pieces: kindOf(value) })
    }
  }
  return { content: `[${content}]`, large }
}

/** The bytes of a large value, piece by piece: never all of them at once. */
export function* piecesOf(value: SqliteValue): Generator<Uint8Array> {
  if (typeof value === 'string') {
    const encoding = value.isWellFormed() ? 'utf8' : 'utf16le'
    for (let at = 0; at < value.length; ) {
      let end = Math.min(value.length, at + pieceBytes / 2)
      // the halves of a surrogate pair belong together
      if (end < value.length && encoding === 'utf8' && (value.charCodeAt(end) & 0xfc00) === 0xdc00) end++
      yield Buffer.from(value.slice(at, end), encoding)
      at = end
    }
    return
  }
  const bytes = value instanceof InvalidText ? value.bytes : (value as Uint8Array)
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** Roughly the bytes that a value takes. */
export function sizeOf(value: SqliteValue): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  return (value instanceof Uint8Array ? value : value.bytes).byteLength
}

function kindOf(value: SqliteValue): string {
  if (typeof value === 'string') return value.isWellFormed() ? 'utf8' : 'utf16'
  return value instanceof InvalidText ? 'text' : 'blob'
}
