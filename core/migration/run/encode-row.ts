import type { Affinity } from '../convert/affinity.ts'
import { naturalJson } from '../convert/natural-json.ts'
import type { Large } from '../load/copy-pieces.ts'
import { InvalidText, Omitted, type SqliteValue } from '../value.ts'

/** Values of more bytes than this are stored in pieces. */
const largestInline = 1_048_576

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
    else if (sizeOf(value) <= largestInline) content += naturalJson(value, affinities[place] as Affinity)
    else {
      large.push({ place, value })
      content += JSON.stringify({ $pieces: kindOf(value) })
    }
  }
  return { content: `[${content}]`, large }
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
