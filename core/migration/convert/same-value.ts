import { InvalidText, Omitted, type SqliteValue } from '../value.ts'

/** True for the same value in the same storage class: neither 1 and 1.0, nor 0.0 and −0.0, nor a text and its bytes. */
export function sameValue(one: SqliteValue, other: SqliteValue): boolean {
  if (typeof one !== 'object' || one === null) return Object.is(one, other)
  if (one instanceof InvalidText) return other instanceof InvalidText && sameBytes(one.bytes, other.bytes)
  if (one instanceof Omitted) {
    return other instanceof Omitted && one.storage === other.storage && one.size === other.size
  }
  return other instanceof Uint8Array && sameBytes(one, other)
}

const sameBytes = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0
