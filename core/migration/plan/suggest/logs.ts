import type { ColumnReport } from '../../analyze/report.ts'
import { isKnownSeverity } from '../../convert/severity.ts'
import { moment, rest } from '../draft.ts'
import { textLimits } from '../target-limits.ts'
import { named, whyNoName, whyNoText, whyNotThere } from './choose-columns.ts'
import { whyLearning, whyNothingHappened, whyToCome } from './counter-evidence.ts'
import type { Suggest } from './suggestion.ts'
import { whyOtherSubject } from './table-subject.ts'
import { timeColumn, whyNoTime } from './time-column.ts'

/** A table of somebody's actions. */
export const suggestAudit: Suggest = ({ table }) => {
  const action = named(
    table,
    'action',
    'operation',
    'action_type',
    'action_name',
    ...(/audit/i.test(table.name) ? ['event', 'event_type'] : []),
  )
  const actor = named(
    table,
    'actor',
    'actor_id',
    'actor_name',
    'user_id',
    'username',
    'user',
    'performed_by',
    'agent_name',
    'agent_id',
    'agent',
  )
  const time = timeColumn(table)
  if (!action || !actor) return undefined
  const against =
    whyNothingHappened(table) ??
    whyOtherSubject(table, 'work', 'rights') ??
    whyToCome(table) ??
    whyLearning(table) ??
    whyNoName(action) ??
    whyNoName(actor)
  if (against !== undefined || !time) {
    return { but: `${actor.name} and ${action.name} may be actions, but ${against ?? whyNoTime(table)}` }
  }
  const target = named(table, 'target', 'target_id', 'target_resource', 'resource', 'entity')
  const isTarget = target !== undefined && whyNoText(target, textLimits.audit_logs.target.most) === undefined
  return {
    because: `${actor.name} did ${action.name}, and ${time.name} says when`,
    table: {
      target: 'audit_logs',
      columns: {
        action: { rule: 'copy', from: action.name },
        actor: { rule: 'copy', from: actor.name },
        ...(isTarget && { target: { rule: 'copy' as const, from: target.name } }),
        details: rest(table, [action.name, actor.name, time.name, ...(isTarget ? [target.name] : [])]),
        timestamp: moment(table, time.name),
      },
    },
  }
}

const types = [
  'event_type',
  'incident_type',
  'threat_type',
  'alert_type',
  'attack_type',
  'violation_type',
  'type',
  'category',
]

/** A table of security events or alerts, all of whose severities are known ones. */
export const suggestSecurityEvents: Suggest = ({ table }) => {
  if (!/security|alert|threat|incident|intrusion|attack|breach|violation/i.test(table.name)) return undefined
  const severity = named(table, 'severity', 'risk_level', 'threat_level', 'level')
  const type = named(table, ...types)
  const description = named(table, 'description', 'message', 'title', 'summary', 'action')
  const time = timeColumn(table)
  if (!severity || !description) return undefined
  if (!type) {
    const both = `${severity.name} and ${description.name} may be of security events`
    return { but: `${both}, but no column names their type (${types.join(', ')})` }
  }
  const against =
    whyNothingHappened(table) ??
    whyNoName(type) ??
    whyNoName(severity) ??
    whyNoDescription(description) ??
    whyNotKnown(severity, table.rows)
  if (against !== undefined || !time) {
    const all = `${type.name}, ${severity.name} and ${description.name} may be security events`
    return { but: `${all}, but ${against ?? whyNoTime(table)}` }
  }
  return {
    because: `${type.name}, ${severity.name} and ${description.name} describe an event, and ${time.name} says when`,
    table: {
      target: 'security_events',
      columns: {
        event_type: { rule: 'copy', from: type.name },
        severity: { rule: 'severity', from: severity.name },
        description: { rule: 'copy', from: description.name },
        metadata: rest(table, [type.name, severity.name, description.name, time.name]),
        timestamp: moment(table, time.name),
      },
    },
  }
}

function whyNoDescription(column: ColumnReport): string | undefined {
  // it may be empty
  return whyNoText(column, textLimits.security_events.description.most) ?? whyNotThere({ ...column, empty_texts: 0 })
}

function whyNotKnown({ name, values = [] }: ColumnReport, rows: number): string | undefined {
  if (rows > 0 && values.length === 0) return `${name} has too many values for severities`
  const unknown = values.filter((value) => !isKnownSeverity(value))
  if (unknown.length === 0) return undefined
  return `${name} has ${unknown.slice(0, 3).join(', ')}, which no severity is called: a map may say what they mean`
}
