/** TEXT of SQLite whose bytes are not valid in the encoding of its database; the bytes as they are there. */
export class InvalidText {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** NULL, INTEGER, REAL, TEXT (U+0000 included), TEXT that is not valid, BLOB. */
export type SqliteValue = null | bigint | number | string | InvalidText | Uint8Array

/** A value as JSON, exact for every storage class. */
export function encodeValue(value: SqliteValue): unknown {
  if (value === null) return null
  if (typeof value === 'bigint') return { $integer: String(value) }
  if (typeof value === 'number') return { $real: Object.is(value, -0) ? '-0' : String(value) }
  if (typeof value === 'string') return value
  if (value instanceof InvalidText) return { $text: Buffer.from(value.bytes).toString('base64') }
  return { $blob: Buffer.from(value).toString('base64') }
}

/** The value that `encodeValue` wrote. */
export function decodeValue(json: unknown): SqliteValue {
  if (json === null || typeof json === 'string') return json
  const { $integer, $real, $text, $blob } = json as Record<string, string | undefined>
  if ($integer !== undefined) return BigInt($integer)
  if ($real !== undefined) return Number($real)
  if ($text !== undefined) return new InvalidText(new Uint8Array(Buffer.from($text, 'base64')))
  if ($blob !== undefined) return new Uint8Array(Buffer.from($blob, 'base64'))
  throw new Error('it is no tagged value')
}
