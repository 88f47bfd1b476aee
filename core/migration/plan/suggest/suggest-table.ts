import { foldCase } from '../../convert/source.ts'
import type { Draft } from '../draft.ts'
import { agentHiveTables } from '../known/agent-hive.ts'
import { claudeFlowTables } from '../known/claude-flow.ts'
import { keptTables } from '../known/kept-as-they-are.ts'
import type { KnownTable } from '../known/known-table.ts'
import { metricTables } from '../known/metrics.ts'
import { wideMetricTables } from '../known/wide-metrics.ts'
import type { TablePlan } from '../plan.ts'
import { suggestCapabilities } from './capabilities.ts'
import { suggestAudit, suggestSecurityEvents } from './logs.ts'
import { suggestMessages } from './messages.ts'
import { suggestMetrics, suggestWideMetrics } from './metrics.ts'

const knownTables: KnownTable[] = [
  ...agentHiveTables,
  ...metricTables,
  ...wideMetricTables,
  ...keptTables,
  ...claudeFlowTables,
]

/** From what says most to what says least. */
const suggestions = [
  suggestMessages,
  suggestMetrics,
  suggestCapabilities,
  suggestSecurityEvents,
  suggestAudit,
  suggestWideMetrics,
]

/** Where the rows of a table belong: as it is known, else as its columns suggest, else as they are. */
export function suggestTable(draft: Draft): TablePlan {
  const { table } = draft
  const { name } = table
  if (table.kind === 'internal') return { name, target: 'legacy', because: 'SQLite’s own, kept for a rebuild' }
  if (table.columns.length === 0) {
    const why = `cannot be read: ${table.gaps.join('; ') || 'it has no columns'}`
    const remedy = table.kind === 'virtual' ? '; skip it if the tables beside it are all that it has' : ''
    return { name, target: 'legacy', because: why + remedy }
  }
  if (table.kind === 'virtual') {
    return { name, target: 'legacy', because: 'a virtual table: its rows are read once, through it' }
  }
  const columns = new Set(table.columns.map((column) => foldCase(column.name)))
  const known = knownTables.find((one) => one.name === name && one.columns.every((column) => columns.has(column)))
  if (known) {
    const because = `known: ${known.because}`
    return known.draft ? ({ name, because, ...known.draft(draft) } as TablePlan) : { name, target: 'legacy', because }
  }
  const against: string[] = []
  for (const suggest of suggestions) {
    const found = suggest(draft)
    if (found && 'table' in found) return { name, because: `suggested: ${found.because}`, ...found.table } as TablePlan
    if (found) against.push(found.but)
  }
  const nothing = 'nothing says that its rows are metrics, messages, events or actions'
  return { name, target: 'legacy', because: [nothing, ...against].join('; ') }
}
