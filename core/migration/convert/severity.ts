import type { TextLimit } from '../plan/target-limits.ts'
import { isNull, Refusal, type Rule, type Written } from './rule.ts'
import { characters, textOf } from './text.ts'

/** Spellings of severities and levels of risk, as monitoring and logging use them. */
const spellings: Record<string, string> = {
  debug: 'low',
  info: 'low',
  informational: 'low',
  none: 'low',
  minimal: 'low',
  notice: 'low',
  low: 'low',
  warn: 'medium',
  warning: 'medium',
  moderate: 'medium',
  medium: 'medium',
  error: 'high',
  major: 'high',
  severe: 'high',
  high: 'high',
  critical: 'critical',
  fatal: 'critical',
  alert: 'critical',
  emergency: 'critical',
}

/** A severity by its spelling, in any case; one that is not known is rejected, so that none is guessed. */
export function severity(
  options: { map?: Record<string, string> | undefined; otherwise?: string | undefined },
  limit: TextLimit,
): Rule {
  const known = new Map(Object.entries(spellings))
  for (const [spelling, meaning] of Object.entries(options.map ?? {})) known.set(spelling.toLowerCase(), meaning)
  const instead: Written = options.otherwise ?? isNull
  return {
    write(value) {
      if (value === null || value === '') return value === '' && instead === isNull ? unknown : instead
      const text = textOf(value)
      if (text instanceof Refusal) return text
      const meaning = known.get(text.trim().toLowerCase())
      if (meaning === undefined) return unknown
      return characters(meaning) <= limit.most ? meaning : new Refusal(`means more than ${limit.most} characters`)
    },
    read: (text) => text,
  }
}

const unknown = new Refusal('is no severity that the plan or its built-in spellings know')

/** True for a spelling that needs no map. */
export const isKnownSeverity = (text: string): boolean => Object.hasOwn(spellings, text.trim().toLowerCase())
