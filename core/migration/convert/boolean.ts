import type { SqliteValue } from '../value.ts'

const words: Record<string, boolean> = {
  true: true,
  t: true,
  yes: true,
  y: true,
  on: true,
  '1': true,
  false: false,
  f: false,
  no: false,
  n: false,
  off: false,
  '0': false,
}

/** What a value says as a boolean: 0 and 1 of any kind, and the words that Postgres knows, in any case. */
export function booleanOf(value: SqliteValue): boolean | undefined {
  if (value === 1n || value === 1) return true
  if (value === 0n || value === 0) return false
  if (typeof value !== 'string') return undefined
  const word = value.toLowerCase()
  return Object.hasOwn(words, word) ? words[word] : undefined
}
