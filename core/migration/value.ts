import { isStorable } from '../protocol/json-value.ts'

/** TEXT of SQLite whose bytes are not valid in the encoding of its database; the bytes as they are there. */
export class InvalidText {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** What stands for a value that is too large to be read: its storage class, and its size in bytes. */
export class Omitted {
  readonly storage: 'text' | 'blob'
  readonly size: number

  constructor(storage: 'text' | 'blob', size: number) {
    this.storage = storage
    this.size = size
  }
}

/** Values of more bytes are not read, unless a plan says otherwise. */
export const largestValue = 256 * 1_048_576

/** NULL, INTEGER, REAL, TEXT (U+0000 included), TEXT that is not valid, BLOB. */
export type WholeValue = null | bigint | number | string | InvalidText | Uint8Array

/** A value, or what stands for it. */
export type SqliteValue = WholeValue | Omitted

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

/**
 * A value as JSON that JSONB takes, exact for every storage class: NULL and text as they are, everything else as an
 * object with one member. `$utf16` is text that JSONB refuses (U+0000, lone surrogates), in UTF-16, little end first.
 */
export function encodeValue(value: SqliteValue): unknown {
  if (value === null) return null
  if (typeof value === 'bigint') return { $integer: String(value) }
  if (typeof value === 'number') return { $real: Object.is(value, -0) ? '-0' : String(value) }
  if (typeof value === 'string') return isStorable(value) ? value : { $utf16: base64(Buffer.from(value, 'utf16le')) }
  if (value instanceof Omitted) return { $omitted: `${value.storage} ${value.size}` }
  return value instanceof InvalidText ? { $text: base64(value.bytes) } : { $blob: base64(value) }
}

/** Written straight to where they stay: of bytes by the million, a second copy counts. */
function fromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Buffer.byteLength(text, 'base64'))
  Buffer.from(bytes.buffer).write(text, 'base64')
  return bytes
}

/** The value that `encodeValue` wrote. Raises for what it never writes. */
export function decodeValue(json: unknown): SqliteValue {
  if (json === null || typeof json === 'string') return json
  const [entry] = typeof json === 'object' ? Object.entries(json) : []
  const [tag, text] = entry ?? []
  if (typeof text !== 'string') throw new Error('it is no tagged value')
  switch (tag) {
    case '$integer':
      return BigInt(text)
    case '$real':
      return Number(text)
    case '$utf16':
      return Buffer.from(text, 'base64').toString('utf16le')
    case '$text':
      return new InvalidText(fromBase64(text))
    case '$blob':
      return fromBase64(text)
    case '$omitted':
      return new Omitted(text.startsWith('text') ? 'text' : 'blob', Number(text.slice(5)))
    default:
      throw new Error('it is no tagged value')
  }
}
