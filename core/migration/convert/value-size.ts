import { Omitted, type SqliteValue } from '../value.ts'

/** Units of text, or bytes; 0 for what has neither, or was not read. */
export function valueSize(value: SqliteValue | undefined): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null || value instanceof Omitted) return 0
  return (value instanceof Uint8Array ? value : value.bytes).byteLength
}
