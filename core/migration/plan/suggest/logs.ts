import { isKnownSeverity } from '../../convert/severity.ts'
import { moment, rest } from '../draft.ts'
import { isAlwaysThere, isText, named, timeColumn } from './choose-columns.ts'
import type { Suggest } from './suggestion.ts'

/** A table of somebody's actions. */
export const suggestAudit: Suggest = ({ table }) => {
  const action = named(table, 'action', 'operation', ...(/audit/i.test(table.name) ? ['event', 'event_type'] : []))
  const actor = named(table, 'actor', 'actor_id', 'user_id', 'username', 'agent_name', 'agent_id')
  const time = timeColumn(table)
  if (!action || !actor || !time) return undefined
  if (![action, actor].every((column) => isText(column) && isAlwaysThere(column))) return undefined
  const target = named(table, 'target', 'target_id', 'target_resource', 'resource', 'entity')
  const isTarget = target !== undefined && isText(target)
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

/** A table of security events or alerts, all of whose severities are known ones. */
export const suggestSecurityEvents: Suggest = ({ table }) => {
  if (!/security|alert|threat|incident/i.test(table.name)) return undefined
  const severity = named(table, 'severity', 'risk_level', 'threat_level', 'level')
  const type = named(table, 'event_type', 'alert_type', 'type', 'category')
  const description = named(table, 'description', 'message', 'title', 'action')
  const time = timeColumn(table)
  if (!severity || !type || !description || !time) return undefined
  if (![severity, type, description].every((column) => isText(column) && isAlwaysThere(column))) return undefined
  if (table.rows > 0 && severity.values?.every(isKnownSeverity) !== true) return undefined
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
