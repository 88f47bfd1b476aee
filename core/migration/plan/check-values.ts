import { characters } from '../convert/text.ts'
import type { MappedTable } from './plan.ts'
import type { Report } from './problem.ts'
import type { ColumnRule } from './rules.ts'
import { type IntegerLimit, integerLimits, type TextLimit, textLimits } from './target-limits.ts'

/** That what the plan itself gives can be in the target: constants, what stands in for NULL, prefixes, names of metrics. */
export function checkValues(table: MappedTable, report: Report): void {
  for (const [column, rule] of Object.entries(table.columns) as [string, ColumnRule][]) {
    const text = (textLimits[table.target] as Record<string, TextLimit>)[column]
    const integer = (integerLimits as Record<string, Record<string, IntegerLimit>>)[table.target]?.[column]
    for (const [step, value] of valuesOf(rule)) {
      const fault = typeof value === 'string' ? text && textFault(value, text) : integer && integerFault(value, integer)
      if (fault !== undefined) report(['columns', column, ...step], fault)
    }
    if (rule.rule === 'copy' && 'prefix' in rule && rule.prefix !== undefined && text) {
      const fault = textFault(rule.prefix, { ...text, least: 0, most: text.most - 1 })
      if (fault !== undefined) report(['columns', column, 'prefix'], fault)
    }
  }
  checkSameForAll(table, report)
  if ('pivot' in table && table.pivot) checkMetricTypes(table.pivot, report)
}

function* valuesOf(rule: ColumnRule): Generator<[PropertyKey[], string | number]> {
  if (rule.rule === 'constant') yield [['value'], rule.value]
  else if ('otherwise' in rule && rule.rule !== 'timestamp' && rule.rule !== 'uuid5' && rule.otherwise !== undefined) {
    yield [['otherwise'], rule.otherwise]
  }
  if (rule.rule === 'severity')
    for (const [key, meaning] of Object.entries(rule.map ?? {})) yield [['map', key], meaning]
}

function textFault(text: string, { least, most }: TextLimit): string | undefined {
  if (text.includes('\0')) return 'holds U+0000, which Postgres cannot store in text'
  if (!text.isWellFormed()) return 'holds a lone surrogate'
  const length = characters(text)
  if (length < least) return 'must not be empty'
  return length > most ? `has ${length} characters; the target takes ${most}` : undefined
}

function integerFault(value: number, { least, most }: IntegerLimit): string | undefined {
  const fits = Number.isInteger(value) && value >= least && value <= most
  return fits ? undefined : `must be a whole number from ${least} to ${most}`
}

/** What must differ from row to row. Of a plan that could not be read as a whole, columns may be missing. */
function checkSameForAll(table: MappedTable, report: Report): void {
  if (table.target === 'agent_conversations' && table.columns.message_id?.rule === 'constant') {
    report(['columns', 'message_id'], 'gives every row the same id: copy a column that tells them apart')
  }
  if (table.target !== 'agent_capabilities') return
  if (table.columns.agent_name?.rule === 'constant' && table.columns.capability?.rule === 'constant') {
    report(['columns', 'capability'], 'is the same capability of the same agent for every row')
  }
}

/** What a plan gives for metrics, whether it can be read or not. */
export type GivenMetric = { has(column: 'metric_type' | 'value'): boolean; pivot: boolean }

/** That a metric's type and value come from its columns, or from a pivot. */
export function checkPivot({ has, pivot }: GivenMetric, report: Report): void {
  for (const column of ['metric_type', 'value'] as const) {
    if (pivot && has(column)) report(['columns', column], 'comes from pivot: give one of the two')
    if (!pivot && !has(column)) report(['columns', column], 'is required, unless there is a pivot')
  }
}

function checkMetricTypes(pivot: Record<string, string>, report: Report): void {
  if (Object.keys(pivot).length === 0) report(['pivot'], 'must name a column')
  const seen = new Set<string>()
  for (const [column, metricType] of Object.entries(pivot)) {
    const fault = textFault(metricType, textLimits.agent_metrics.metric_type)
    if (fault !== undefined) report(['pivot', column], fault)
    if (seen.has(metricType)) report(['pivot', column], `is ${JSON.stringify(metricType)} a second time`)
    seen.add(metricType)
  }
}
