import type { Affinity } from '../convert/affinity.ts'
import { naturalJson } from '../convert/natural-json.ts'
import type { Large } from '../load/copy-pieces.ts'
import { InvalidText, Omitted, type SqliteValue } from '../value.ts'

/** Values of more bytes than this are stored in pieces. */
const largestInline = 1_048_576
/** So are values of more bytes than this of a row whose JSON would be longer: JSONB takes 256 MiB, and no string is over 512. */
const smallest = 1_024
const longestRow = 16 * 1_048_576

/** A whole row as JSON that JSONB takes, and those of its values that are too large for it. */
export function encodeRow(
  values: readonly SqliteValue[],
  affinities: readonly Affinity[],
): { content: string; large: Large[] } {
  const large: Large[] = []
  let content = ''
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as SqliteValue
    if (place > 0) content += ', '
    if (value === null) content += 'null'
    else if (sizeOf(value) <= (content.length < longestRow ? largestInline : smallest)) {
      content += naturalJson(value, affinities[place] as Affinity)
    } else {
      large.push({ place, value })
      content += JSON.stringify({ $pieces: kindOf(value) })
    }
  }
  return { content: `[${content}]`, large }
}

/** A value, or what stands for it where it has more bytes. */
export function valueUpTo(most: number, value: SqliteValue): SqliteValue {
  const size = sizeOf(value)
  if (size <= most) return value
  return new Omitted(typeof value === 'string' || value instanceof InvalidText ? 'text' : 'blob', size)
}

/** Roughly the bytes that a value takes. */
export function sizeOf(value: SqliteValue): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  if (value instanceof Omitted) return 8
  return (value instanceof Uint8Array ? value : value.bytes).byteLength
}

function kindOf(value: SqliteValue): string {
  if (typeof value === 'string') return value.isWellFormed() ? 'utf8' : 'utf16'
  return value instanceof InvalidText ? 'text' : 'blob'
}
