import { InvalidText } from '../../value.ts'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * What is in text that may not be what the database holds: a replacement character either is there or stands for what is
 * not valid; and where SQLite translates from UTF-16, it takes a lone surrogate and what follows for one character.
 */
export const doubtfulIn = (encoding: string): RegExp => (encoding === 'UTF-8' ? /\ufffd/ : /[\ufffd\ud800-\udfff]/)

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
