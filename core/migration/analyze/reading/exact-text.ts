import { InvalidText, type SqliteValue } from '../../value.ts'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Tells values that may not be what the database holds: text that shows a replacement character either holds one or is
 * not valid; and where SQLite translates from UTF-16, it takes a lone surrogate and what follows for one character.
 */
export function doubtfulIn(encoding: string): (value: SqliteValue) => boolean {
  const suspicious = encoding === 'UTF-8' ? /\ufffd/ : /[\ufffd\ud800-\udfff]/
  return (value) => typeof value === 'string' && suspicious.test(value)
}

/** Text from its bytes in the database's encoding; lone surrogates stay. */
export function exactText(bytes: Uint8Array, encoding: string): string | InvalidText {
  if (encoding !== 'UTF-8') {
    if (bytes.length % 2 !== 0) return new InvalidText(bytes)
    const units = Buffer.from(bytes)
    return (encoding === 'UTF-16be' ? units.swap16() : units).toString('utf16le')
  }
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return new InvalidText(bytes)
  }
}
