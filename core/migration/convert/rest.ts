import { fromJsonb } from '../../records/jsonb.ts'
import type { SqliteValue } from '../value.ts'
import type { Affinity } from './affinity.ts'
import { booleanOf } from './boolean.ts'
import { jsonbText, parseJsonText } from './json-text.ts'
import { naturalJson, naturalValue, quoted } from './natural-json.ts'
import type { Part } from './part.ts'
import { Refusal } from './rule.ts'

/** The member that names those members whose text is no JSON although their column has JSON. */
export const unparsedName = '$unparsed'

/** A column that goes under its own name into a JSON object, and how. */
export type Member = { name: string; index: number; affinity: Affinity; as: 'plain' | 'json' | 'boolean' }

/** Columns as members of one JSON object in JSONB. NULL is left out. */
export function restPart(column: string, members: readonly Member[]): Part {
  const heads = members.map(({ name }) => `${quoted(name)}:`)
  const difficult = members.filter(({ as }) => as !== 'plain')
  return {
    column,
    kind: 'jsonb',
    blame: 0,
    indexes: members.map(({ index }) => index),
    write(row) {
      let text = ''
      let unparsed = ''
      for (let at = 0; at < members.length; at++) {
        const member = members[at] as Member
        const value = row[member.index] ?? null
        if (value === null) continue
        const json = memberJson(value, member)
        if (json === undefined) return new Refusal('does not say true or false', member.index)
        if (member.as === 'json' && typeof value === 'string' && json.startsWith('"')) {
          unparsed += `${unparsed === '' ? '' : ','}${quoted(member.name)}`
        }
        text += `${text === '' ? '' : ','}${heads[at]}${json}`
      }
      return unparsed === '' ? `{${text}}` : `{${text},"${unparsedName}":[${unparsed}]}`
    },
    recover(text, into) {
      const json = fromJsonb(text ?? '{}') as Record<string, unknown>
      for (const member of members) {
        into[member.index] = memberValue(Object.hasOwn(json, member.name) ? json[member.name] : null, member)
      }
    },
    surelyExact: (row) => difficult.every(({ index, as }) => isSurelyExact(row[index] ?? null, as)),
  }
}

const isSurelyExact = (value: SqliteValue, as: Member['as']) =>
  value === null || (as === 'boolean' && (value === 0n || value === 1n)) || (as === 'json' && value === '{}')

function memberJson(value: Exclude<SqliteValue, null>, { as, affinity }: Member): string | undefined {
  if (as === 'boolean') {
    const meaning = booleanOf(value)
    return meaning === undefined ? undefined : String(meaning)
  }
  if (as === 'json' && typeof value === 'string') {
    // what JSONB needs as a mark must not come from elsewhere
    return parseJsonText(value) === undefined || mark.test(value) ? quoted(value) : value
  }
  return naturalJson(value, affinity)
}

const mark = /\uFDD0|\\u[fF][dD][dD]0/

function memberValue(json: unknown, { as, affinity }: Member): SqliteValue {
  if (as === 'boolean' && typeof json === 'boolean') return json ? 1n : 0n
  if (as === 'json' && typeof json === 'object' && json !== null) return jsonbText(json)
  return naturalValue(json, affinity)
}
