import { v5 } from 'uuid'
import { InvalidText, type SqliteValue } from '../value.ts'
import { isNull, type Written } from './rule.ts'

/** The UUIDv5 of a value, or of another one behind a prefix where there is none. Both originals have their place elsewhere. */
export function uuid5(
  namespace: string,
  prefix: string | undefined,
): (value: SqliteValue, otherwise: SqliteValue) => Written {
  return (value, otherwise) => {
    if (value !== null && value !== '') return v5(nameOf(value), namespace)
    if (prefix === undefined || otherwise === null) return isNull
    return v5(Buffer.concat([Buffer.from(prefix), Buffer.from(nameOf(otherwise))]), namespace)
  }
}

function nameOf(value: Exclude<SqliteValue, null>): string | Uint8Array {
  if (value instanceof InvalidText) return value.bytes
  if (value instanceof Uint8Array) return value
  const text = String(value)
  // a lone surrogate has no UTF-8, but an escape
  return text.isWellFormed() ? text : JSON.stringify(text)
}
