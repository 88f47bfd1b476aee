import { parseJson } from '../../protocol/json.ts'
import { isJsonObject } from '../../protocol/json-value.ts'

/** Numbers with more digits than Postgres's numeric is sure to take. */
const extreme = /\d{309}|[eE][+-]?\d{4}/

/** An array or object that a text is as JSON, if reading it changes nothing; else undefined. */
export function parseJsonText(text: string): object | undefined {
  const start = text.trimStart()[0]
  if ((start !== '{' && start !== '[') || extreme.test(text)) return undefined
  try {
    return parseJson(text) as object
  } catch {
    // strict about what JSONB would drop or refuse: such text stays text
    return undefined
  }
}

/** JSON as Postgres writes JSONB: keys by their length and then their bytes, one space after commas and colons. */
export function jsonbText(json: unknown): string {
  if (Array.isArray(json)) return `[${json.map(jsonbText).join(', ')}]`
  if (!isJsonObject(json)) return JSON.stringify(json)
  const keys = Object.keys(json).map((key) => Buffer.from(key))
  keys.sort((one, other) => one.length - other.length || Buffer.compare(one, other))
  const members = keys.map((bytes) => {
    const key = bytes.toString()
    return `${JSON.stringify(key)}: ${jsonbText(json[key])}`
  })
  return `{${members.join(', ')}}`
}
