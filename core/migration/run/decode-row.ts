import { fromJsonb } from '../../records/jsonb.ts'
import type { Affinity } from '../convert/affinity.ts'
import { naturalValue } from '../convert/natural-json.ts'
import { InvalidText, type SqliteValue } from '../value.ts'

/** The row that `encodeRow` wrote. `pieces` gives the bytes of a value that was stored in pieces. */
export function decodeRow(
  content: string,
  affinities: readonly Affinity[],
  pieces: (place: number) => Buffer,
): SqliteValue[] {
  return (fromJsonb(content) as unknown[]).map((json, place) => {
    const kind = typeof json === 'object' && json !== null && '$pieces' in json ? json.$pieces : undefined
    if (kind !== undefined) return assemble(String(kind), pieces(place))
    return naturalValue(json, affinities[place] as Affinity)
  })
}

function assemble(kind: string, bytes: Buffer): SqliteValue {
  switch (kind) {
    case 'utf8':
      return bytes.toString('utf8')
    case 'utf16':
      return bytes.toString('utf16le')
    case 'text':
      return new InvalidText(new Uint8Array(bytes))
    case 'blob':
      return new Uint8Array(bytes)
    default:
      throw new Error('it is no value in pieces')
  }
}
