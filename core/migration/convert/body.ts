import { largestContent } from '../plan/target-limits.ts'
import type { Affinity } from './affinity.ts'
import { naturalJson, naturalValue } from './natural-json.ts'
import type { Part } from './part.ts'
import { Refusal } from './rule.ts'
import { valueSize } from './value-size.ts'

/** A source column as a member of a message's body. */
export type BodyMember = { member: string; index: number; affinity: Affinity }

/** The body of a message as JSON text: a TEXT column, in which U+0000 and lone surrogates are escapes. NULL is left out. */
export function bodyPart(column: string, members: readonly BodyMember[]): Part {
  const heads = members.map(({ member }) => `${JSON.stringify(member)}:`)
  const indexes = members.map(({ index }) => index)
  return {
    column,
    kind: 'text',
    blame: indexes[0] ?? 0,
    indexes,
    write(row) {
      // of much larger ones no string could be made to count its bytes
      const units = members.reduce((sum, { index }) => sum + valueSize(row[index]), 0)
      if (units > 4 * largestContent)
        return new Refusal(`makes a body of more than ${units} bytes; its target takes ${largestContent}`)
      let text = ''
      for (const [at, { index, affinity }] of members.entries()) {
        const value = row[index] ?? null
        if (value === null) continue
        text += `${text === '' ? '' : ','}${heads[at]}${naturalJson(value, affinity, JSON.stringify)}`
      }
      const bytes = Buffer.byteLength(text) + 2
      if (bytes <= largestContent) return `{${text}}`
      return new Refusal(`makes a body of ${bytes} bytes; its target takes ${largestContent}`)
    },
    recover(text, into) {
      const json = JSON.parse(text ?? '{}') as Record<string, unknown>
      for (const { member, index, affinity } of members) {
        into[index] = naturalValue(Object.hasOwn(json, member) ? json[member] : null, affinity)
      }
    },
    surelyExact: () => true,
  }
}
