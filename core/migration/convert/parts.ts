import type { MappedTable } from '../plan/plan.ts'
import type { BodyRule, ColumnRule, RestRule, TimestampRule } from '../plan/rules.ts'
import { type IntegerLimit, integerLimits, type TextLimit, textLimits } from '../plan/target-limits.ts'
import { bodyPart } from './body.ts'
import { booleanNumber } from './boolean-number.ts'
import { copyDouble, copyInteger, doubleText } from './number.ts'
import { derivedPart, type Part, rulePart, withoutHome } from './part.ts'
import { priority } from './priority.ts'
import { type Member, restPart, unparsedName } from './rest.ts'
import { severity } from './severity.ts'
import { foldCase, type Source } from './source.ts'
import { copyText } from './text.ts'
import { timestamp, toMicroseconds } from './timestamp/timestamp.ts'
import { uuid5 } from './uuid5.ts'

type Context = { table: MappedTable; source: Source; zone: string }

/** The parts of a table's target rows. Each source column has at most one home: the first part that gives it back. */
export function partsOf(table: MappedTable, source: Source, zone: string): Part[] {
  const rules = Object.entries(table.columns) as [string, ColumnRule][]
  const context = { table, source, zone }
  const placed = new Set<number>(Object.keys(('pivot' in table && table.pivot) || {}).map((name) => source.index(name)))
  const parts: Part[] = []
  for (const [column, rule] of rules) {
    if (rule.rule === 'rest') continue
    const part = partOf(column, rule, context)
    const taken = part.indexes.every((index) => placed.has(index))
    for (const index of part.indexes) placed.add(index)
    parts.push(taken && part.indexes.length > 0 ? withoutHome(part) : part)
  }
  const keep = new Set(table.keep?.map((name) => source.index(name)))
  const free = source.names.flatMap((name, index) =>
    placed.has(index) || keep.has(index) || name === unparsedName ? [] : [index],
  )
  for (const [column, rule] of rules) {
    if (rule.rule === 'rest') parts.push(restPart(column, membersOf(rule, free, source)))
  }
  return parts
}

function partOf(column: string, rule: Exclude<ColumnRule, RestRule>, { table, source, zone }: Context): Part {
  switch (rule.rule) {
    case 'constant': {
      const text = typeof rule.value === 'number' ? doubleText(rule.value) : rule.value
      return derivedPart(column, typeof rule.value === 'number' ? 'number' : 'text', 0, () => text)
    }
    case 'copy':
      return copyPart(column, rule, table.target, source)
    case 'boolean':
      return rulePart(column, 'number', source.index(rule.from), booleanNumber)
    case 'timestamp':
      return timestampPart(column, rule, source, zone)
    case 'severity':
      return rulePart(column, 'text', source.index(rule.from), severity(rule, textLimits.security_events.severity))
    case 'priority': {
      const index = source.index(rule.from)
      const { write } = priority(rule)
      return derivedPart(column, 'number', index, (row) => write(row[index] ?? null))
    }
    case 'uuid5': {
      const index = source.index(rule.from)
      const other = rule.otherwise && source.index(rule.otherwise.from)
      const write = uuid5(rule.namespace, rule.otherwise?.prefix)
      return derivedPart(column, 'text', index, (row) =>
        write(row[index] ?? null, other === undefined ? null : (row[other] ?? null)),
      )
    }
    case 'body':
      return bodyPart(column, bodyMembers(rule, source))
  }
}

function copyPart(
  column: string,
  rule: { from: string; prefix?: string | undefined; otherwise?: string | number | undefined },
  target: MappedTable['target'],
  source: Source,
): Part {
  const index = source.index(rule.from)
  const affinity = source.affinity(index)
  const text = (textLimits[target] as Record<string, TextLimit>)[column]
  const { prefix, otherwise } = rule
  if (text) {
    const options = { prefix, otherwise: otherwise === undefined ? undefined : String(otherwise) }
    return rulePart(column, 'text', index, copyText(options, text, affinity))
  }
  const number = otherwise === undefined ? undefined : Number(otherwise)
  const integer = (integerLimits as Record<string, Record<string, IntegerLimit>>)[target]?.[column]
  return rulePart(
    column,
    'number',
    index,
    integer ? copyInteger(number, integer, affinity) : copyDouble(number, affinity),
  )
}

function timestampPart(column: string, rule: TimestampRule, source: Source, zone: string): Part {
  const index = source.index(rule.from)
  const moment = timestamp(rule, zone, source.affinity(index))
  if (column !== 'status_at') return rulePart(column, 'timestamp', index, moment)
  return derivedPart(column, 'number', index, (row) => {
    const text = moment.write(row[index] ?? null)
    return typeof text === 'string' ? toMicroseconds(text) : text
  })
}

const bodyMembers = (rule: BodyRule, source: Source) =>
  Object.entries(rule.members).map(([member, from]) => {
    const index = source.index(from)
    return { member, index, affinity: source.affinity(index) }
  })

function membersOf(rule: RestRule, free: readonly number[], source: Source): Member[] {
  const json = new Set(rule.json?.map(foldCase))
  const boolean = new Set(rule.boolean?.map(foldCase))
  return free.map((index) => {
    const name = source.names[index] ?? ''
    const as = json.has(foldCase(name)) ? 'json' : boolean.has(foldCase(name)) ? 'boolean' : 'plain'
    return { name, index, affinity: source.affinity(index), as }
  })
}
