import { InvalidText, type SqliteValue } from './value.ts'

const pieceBytes = 1_048_576

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
