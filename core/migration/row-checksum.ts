import { hash } from 'node:crypto'
import { InvalidText, type SqliteValue } from './value.ts'

/** Bytes of one checksum. */
export const checksumBytes = 8

/**
 * The first eight bytes of the SHA-256 over a row's values: for each its storage class, its length in bytes and the bytes.
 * Two rows with the same one are taken for equal: among a billion rows a change goes unseen with a chance of 10⁻¹⁰.
 */
export function rowChecksum(values: readonly SqliteValue[]): Buffer {
  const parts: Buffer[] = []
  for (const value of values) {
    const [kind, bytes] = partOf(value)
    const head = Buffer.allocUnsafe(5)
    head.writeUInt8(kind, 0)
    head.writeUInt32BE(bytes.byteLength, 1)
    parts.push(head, bytes)
  }
  return hash('sha256', Buffer.concat(parts), 'buffer').subarray(0, checksumBytes)
}

const none = Buffer.alloc(0)

function partOf(value: SqliteValue): [kind: number, bytes: Buffer] {
  if (value === null) return [0, none]
  if (typeof value === 'bigint') {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64BE(value)
    return [1, bytes]
  }
  if (typeof value === 'number') {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(value)
    return [2, bytes]
  }
  // lone surrogates, which UTF-8 has no bytes for, come from UTF-16 databases
  if (typeof value === 'string')
    return value.isWellFormed() ? [3, Buffer.from(value)] : [5, Buffer.from(value, 'utf16le')]
  if (value instanceof InvalidText) return [3, Buffer.from(value.bytes)]
  return [4, Buffer.from(value)]
}
