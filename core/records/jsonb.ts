// JSONB holds neither U+0000 nor lone surrogates. They are written as this noncharacter and four hexadecimal digits,
// and so is the noncharacter itself.
const mark = '\uFDD0'
const unstorable = /[\0\uFDD0\p{Surrogate}]/gu
const separator = '\x1e'
const unsendable = /[\0\p{Surrogate}]/gu
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
 * JSON text as a TEXT column takes it, without the separator of `joinJson`. Characters that cannot be sent as they are
 * become their escapes, which mean the same in JSON.
 */
export function storableJson(text: string): string {
  if (text.isWellFormed() && !text.includes('\0') && !text.includes(separator)) return text
  return text.replaceAll(separator, '\\u001e').replace(unsendable, (unit) => `\\u${hex(unit)}`)
}

/** JSON texts as one parameter; JSON has no such character outside of an escape. In SQL: `splitJson`. */
export function joinJson(texts: string[]): string {
  return texts.join(separator)
}

/**
 * SQL of the array of text that `joinJson` put into a parameter. An array literal would quote the quotes of JSON once
 * more: twice the bytes, and many times the work.
 */
export function splitJson(parameter: string): string {
  return `string_to_array(${parameter}::text, E'\\x1e')`
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
