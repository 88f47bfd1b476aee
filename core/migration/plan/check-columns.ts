import { unparsedName } from '../convert/rest.ts'
import { foldCase } from '../convert/source.ts'
import type { MappedTable } from './plan.ts'
import type { Report } from './problem.ts'
import type { ColumnRule } from './rules.ts'

/** Every source column that a table's plan names, with the place where it does. */
export function namedColumns(table: MappedTable): { name: string; steps: PropertyKey[]; isHome: boolean }[] {
  const found: { name: string; steps: PropertyKey[]; isHome: boolean }[] = []
  for (const [column, rule] of Object.entries(table.columns) as [string, ColumnRule][]) {
    const at = (...steps: PropertyKey[]) => ['columns', column, ...steps]
    if (rule.rule === 'body') {
      for (const [member, name] of Object.entries(rule.members)) {
        found.push({ name, steps: at('members', member), isHome: true })
      }
    } else if (rule.rule === 'rest') {
      for (const list of ['json', 'boolean'] as const) {
        for (const [index, name] of (rule[list] ?? []).entries()) {
          found.push({ name, steps: at(list, index), isHome: false })
        }
      }
    } else if (rule.rule !== 'constant') {
      // these give nothing of the original back
      const isHome = rule.rule !== 'uuid5' && rule.rule !== 'priority' && column !== 'status_at'
      found.push({ name: rule.from, steps: at('from'), isHome })
      if (rule.rule === 'uuid5' && rule.otherwise) {
        found.push({ name: rule.otherwise.from, steps: at('otherwise', 'from'), isHome: false })
      }
    }
  }
  for (const name of Object.keys(('pivot' in table && table.pivot) || {})) {
    found.push({ name, steps: ['pivot', name], isHome: true })
  }
  for (const [index, name] of (table.keep ?? []).entries()) found.push({ name, steps: ['keep', index], isHome: false })
  return found
}

/** That columns exist. */
export function checkNames(
  named: readonly { name: string; steps: PropertyKey[] }[],
  columns: readonly string[],
  report: Report,
): void {
  const known = new Set(columns.map(foldCase))
  for (const { name, steps } of named) {
    if (!known.has(foldCase(name))) report(steps, `names the column ${JSON.stringify(name)}, which the source lacks`)
  }
}

/** That each column exists, has a place, and only one. Of a part of a plan it cannot be told which have none. */
export function checkColumns(
  table: MappedTable,
  columns: readonly string[],
  report: Report,
  { isWhole } = { isWhole: true },
): void {
  const named = namedColumns(table)
  checkNames(named, columns, report)
  const homes = new Set(named.filter(({ isHome }) => isHome).map(({ name }) => foldCase(name)))
  const kept = new Set((table.keep ?? []).map(foldCase))
  for (const { name, steps } of named) {
    const isListed = steps[0] === 'keep' || steps[2] === 'json' || steps[2] === 'boolean'
    if (isListed && homes.has(foldCase(name))) report(steps, `${JSON.stringify(name)} already has a place of its own`)
    if (steps[0] !== 'keep' && isListed && kept.has(foldCase(name))) {
      report(steps, `${JSON.stringify(name)} is kept beside the row: it is not part of the rest`)
    }
  }
  repeated(
    named.filter(
      ({ steps }) => steps[0] === 'pivot' || steps[0] === 'keep' || steps[1] === 'metadata' || steps[1] === 'details',
    ),
    report,
  )
  if (!isWhole) return
  const hasRest = Object.values(table.columns as Record<string, ColumnRule>).some(({ rule }) => rule === 'rest')
  for (const column of columns) {
    const name = foldCase(column)
    if (homes.has(name) || kept.has(name) || (hasRest && column !== unparsedName)) continue
    const remedy = hasRest ? 'name it in keep' : 'name it in keep, or give the rest a place'
    report([], `leaves the column ${JSON.stringify(column)} without a place: ${remedy}`)
  }
}

function repeated(named: readonly { name: string; steps: PropertyKey[] }[], report: Report): void {
  const seen = new Set<string>()
  for (const { name, steps } of named) {
    if (seen.has(foldCase(name))) report(steps, `names the column ${JSON.stringify(name)} a second time`)
    seen.add(foldCase(name))
  }
}
