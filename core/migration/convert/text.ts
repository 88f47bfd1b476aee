import type { TextLimit } from '../plan/target-limits.ts'
import { InvalidText, Omitted, type SqliteValue } from '../value.ts'
import type { Affinity } from './affinity.ts'
import { isNull, Refusal, type Rule, type Written } from './rule.ts'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })
/** Stands for U+0000, which Postgres's TEXT cannot hold. */
const nullSymbol = '\u2400'

/** Text as it is, within the limit of its target. */
export function copyText(
  options: { prefix?: string | undefined; otherwise?: string | undefined },
  limit: TextLimit,
  affinity: Affinity,
): Rule {
  const { prefix = '', otherwise } = options
  const instead: Written = otherwise ?? (limit.nullable ? null : isNull)
  return {
    write(value) {
      if (value === null || (value === '' && otherwise !== undefined)) return instead
      if (value === '' && limit.least > 0 && limit.nullable) return null
      const text = textOf(value)
      return text instanceof Refusal ? text : within(limit, prefix + text)
    },
    read(text) {
      if (text === null || !text.startsWith(prefix)) return text
      return sourceText(text.slice(prefix.length), affinity)
    },
  }
}

/** What a column of an affinity holds where it is this text. */
export function sourceText(text: string, affinity: Affinity): SqliteValue {
  const whole = affinity === 'INTEGER' || affinity === 'NUMERIC'
  return whole && /^(?:0|-?[1-9]\d{0,17})$/.test(text) ? BigInt(text) : text
}

/** A value as text that Postgres takes. */
export function textOf(value: Exclude<SqliteValue, null>): string | Refusal {
  if (typeof value === 'string') return storable(value)
  if (typeof value === 'bigint' || typeof value === 'number') return String(value)
  if (value instanceof Omitted) return new Refusal('is too large to be read')
  if (value instanceof InvalidText) return storable(lenientUtf8.decode(value.bytes))
  try {
    return storable(strictUtf8.decode(value))
  } catch {
    return new Refusal('is a BLOB that is not text in UTF-8')
  }
}

function storable(text: string): string {
  return text.includes('\0') || !text.isWellFormed() ? text.replaceAll('\0', nullSymbol).toWellFormed() : text
}

function within(limit: TextLimit, text: string): Written {
  // a character is one or two units of UTF-16
  if (text.length >= limit.least && text.length <= limit.most) return text
  if (text.length < limit.least) return new Refusal('is empty, and its target takes no empty text')
  const length = characters(text)
  return length <= limit.most ? text : new Refusal(`has ${length} characters; its target takes ${limit.most}`)
}

/** How many characters a text has, counted as Postgres does. */
export function characters(text: string): number {
  let surrogatePairs = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 0xdc00 && unit <= 0xdfff) surrogatePairs++
  }
  return text.length - surrogatePairs
}
