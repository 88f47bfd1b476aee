// JSONB holds neither U+0000 nor lone surrogates. They are written as this noncharacter and four hexadecimal digits,
// and so is the noncharacter itself.
const mark = '\uFDD0'
const unstorable = /[\0\uFDD0]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
const marked = /\uFDD0([0-9a-f]{4})/g

/** JSON text that a JSONB column takes, for any value that JSON can hold; `fromJsonb` gives the value back. */
export function toJsonb(value: unknown): string {
  const text = JSON.stringify(value)
  // JSON.stringify writes all of them as escapes of these forms, except for the mark
  const suspicious = text.includes('\\u0000') || text.includes('\\ud') || text.includes(mark)
  return suspicious ? JSON.stringify(mapStrings(JSON.parse(text), markUnits)) : text
}

/** The value that was written with `toJsonb`. */
export function fromJsonb(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return text.includes(mark) ? mapStrings(value, restoreUnits) : value
}

/**
 * JSON text as a TEXT column takes it. A lone surrogate that stands in the text as it is becomes its escape, which
 * means the same in JSON and is not lost on the way to UTF-8.
 */
export function storableJson(text: string): string {
  return text.isWellFormed() ? text : text.replace(unstorable, (found) => (found === mark ? found : `\\u${hex(found)}`))
}

const markUnits = (text: string) => text.replace(unstorable, (found) => mark + hex(found))
const restoreUnits = (text: string) =>
  text.replace(marked, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
const hex = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, '0')

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapStrings(item, change)]))
}
