import { isJsonObject } from './json-value.ts'
import { upcast } from './versions.ts'

/** What the sender of a message that can be read called a field of v1, so that faults found later are named as it wrote. */
export function sentName(input: unknown, field: string): string {
  if (!isJsonObject(input)) return field
  const isOwn = Object.hasOwn(input, field) && (input[field] ?? null) !== null
  return isOwn ? field : (upcast(input).names.get(field) ?? field)
}
