/** A value as node:sqlite gives it when integers are read as BigInt. Bytes may be text that is not UTF-8. */
export type SqlValue = null | bigint | number | string | Uint8Array

export type SourceRow = { source: string; table: string; rowid: bigint; values: Record<string, SqlValue> }

/** A column as text; null stays null. Numbers are written out, bytes as base64. */
export function text(value: SqlValue | undefined): string | null {
  if (value === null || value === undefined) return null
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value)
}

/**
 * A column as the hive's JSON can hold it without changing it: numbers beyond 2^53 become text; bytes, and text with
 * U+0000, a tagged base64.
 */
export function jsonValue(value: SqlValue | undefined): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint' || typeof value === 'number') {
    return Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value)
  }
  if (typeof value === 'string' && !value.includes('\0')) return value
  return { base64: Buffer.from(value as string | Uint8Array).toString('base64') }
}
