import type { ColumnReport, TableReport } from '../../analyze/report.ts'
import { foldCase } from '../../convert/source.ts'
import { moment } from '../draft.ts'
import { integerLimits, textLimits } from '../target-limits.ts'
import { named, whyNoName, whyNoText, whyNotThere } from './choose-columns.ts'
import { wordSet } from './name-words.ts'
import type { Suggest } from './suggestion.ts'
import { isCalled, whyOtherSubject } from './table-subject.ts'
import { timeColumn, whyNoTime } from './time-column.ts'
import { happened } from './time-sense.ts'

const { least, most } = integerLimits.agent_capabilities.proficiency_level
const longestDescription = textLimits.agent_capabilities.description.most

/** What an agent can do is said anew with each change. */
const since = ['changed', ...happened] as const

/** A table that says of agents what they can do and how well, once each. */
export const suggestCapabilities: Suggest = ({ table }) => {
  const agent = named(table, 'agent_name', 'agent_id', 'agent')
  const capability = named(table, 'capability', 'capability_name', 'skill', 'skill_name')
  const level = named(table, 'proficiency_level', 'proficiency', 'level', 'skill_level', 'score')
  const time = timeColumn(table, since)
  if (!agent || !capability || !level) return undefined
  const against =
    whyOtherSubject(table) ??
    whyWished(table) ??
    whyNoName(agent) ??
    whyNoName(capability) ??
    whyNoLevel(level) ??
    whyNotOnce(table, agent, capability)
  if (against !== undefined || !time) {
    const all = `${agent.name}, ${capability.name} and ${level.name} may be capabilities`
    return { but: `${all}, but ${against ?? whyNoTime(table, since)}` }
  }
  const description = named(table, 'description')
  const isDescribed = description !== undefined && whyNoText(description, longestDescription) === undefined
  const placed = [agent, capability, level, time, ...(isDescribed ? [description] : [])]
  const keep = table.columns.filter((column) => !placed.includes(column)).map(({ name }) => name)
  return {
    because: `${agent.name} can do ${capability.name}, ${level.name} says how well, and ${time.name} since when`,
    table: {
      target: 'agent_capabilities',
      ...(keep.length > 0 && { keep }),
      columns: {
        agent_name: { rule: 'copy', from: agent.name },
        capability: { rule: 'copy', from: capability.name },
        proficiency_level: { rule: 'copy', from: level.name },
        ...(isDescribed && { description: { rule: 'copy' as const, from: description.name } }),
        last_updated: moment(table, time.name),
      },
    },
  }
}

const wished = wordSet('wanted required requirement needed desired target goal missing gap')

/** What agents are to be able to do they cannot do yet. */
function whyWished(table: TableReport): string | undefined {
  return isCalled(table, wished) ? `${table.name} is called like a table of what is wanted` : undefined
}

function whyNoLevel(column: ColumnReport): string | undefined {
  const { name, storage, minimum = least, maximum = most } = column
  const isWhole = storage.real + storage.text + storage.invalid_text + storage.blob === 0
  if (isWhole && Number(minimum) >= least && Number(maximum) <= most) return whyNotThere(column)
  return `${name} does not hold whole numbers from ${least} to ${most} alone`
}

/** A target has a capability of an agent once. */
function whyNotOnce(table: TableReport, ...pair: ColumnReport[]): string | undefined {
  const names = new Set(pair.map(({ name }) => foldCase(name)))
  const isOnce = [table.primary_key, ...table.unique].some(
    (key) => key.length > 0 && key.every((name) => names.has(foldCase(name))),
  )
  return isOnce || table.rows < 2 ? undefined : 'no key says that an agent has each once'
}
