import { fromJsonb } from '../../records/jsonb.ts'
import type { Affinity } from '../convert/affinity.ts'
import { naturalValue } from '../convert/natural-json.ts'
import type { SqliteValue } from '../value.ts'

/** What the bytes of a value in pieces are: text in UTF-8 or UTF-16, text that is not valid, a BLOB. */
export const pieceKinds = ['utf8', 'utf16', 'text', 'blob'] as const
export type PieceKind = (typeof pieceKinds)[number]

/** The row that `encodeRow` wrote. `inPieces` gives what stands for a value that was stored in pieces. */
export function decodeRow<Stored>(
  content: string,
  affinities: readonly Affinity[],
  inPieces: (place: number, kind: PieceKind) => Stored,
): (SqliteValue | Stored)[] {
  return (fromJsonb(content) as unknown[]).map((json, place) => {
    const name = typeof json === 'object' && json !== null && '$pieces' in json ? json.$pieces : undefined
    if (name === undefined) return naturalValue(json, affinities[place] as Affinity)
    const kind = pieceKinds.find((one) => one === name)
    if (!kind) throw new Error('it is no value in pieces')
    return inPieces(place, kind)
  })
}
