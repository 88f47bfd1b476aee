import type { TableReport } from '../../analyze/report.ts'
import { singular, wordSet, wordsOf } from './name-words.ts'

/** What the rows of a table are, by the noun that its name ends with. */
const heads = {
  definitions: wordSet(
    `rule definition threshold policy template config configuration setting schema type category catalog lookup preference
     option limit quota budget plan goal target objective slo sla baseline default requirement role dashboard signature
     playbook filter indicator ioc intel model control standard scenario level subscription`,
  ),
  things: wordSet(
    'product item price stock inventory customer employee contact account user member course student patient vehicle',
  ),
  payments: wordSet('payment transfer transaction donation order invoice sale purchase loan'),
  /** What somebody is to do. */
  work: wordSet('job task queue schedule todo reminder backlog cron'),
  rights: wordSet('permission grant privilege acl entitlement capability'),
  /** What connects two of something. */
  links: wordSet('edge link relation relationship graph arc transition route connection follow friendship dependency'),
} as const

/** What has not happened, or not yet: scheduled_actions. */
const unreal = wordSet(
  'scheduled planned pending proposed recommended suggested allowed available upcoming draft expected',
)

/** Words behind that noun that say nothing of what the rows are. */
const versions = wordSet(
  'v old new bak backup tmp temp copy table tbl data list archive archived item entry record row',
)

/** The noun that the name of a table ends with: `rule` of `alert_rules_v2`. */
function headOf(table: string): string {
  const all = wordsOf(table)
  const last = all.findLast((word) => !versions.has(singular(word))) ?? all.at(-1) ?? ''
  return singular(last)
}

/** Why the name of a table says that its rows are one of these, or have not happened; undefined where it does not. */
export function whyOtherSubject({ name }: TableReport, ...subjects: (keyof typeof heads)[]): string | undefined {
  const head = headOf(name)
  if (wordsOf(name).some((word) => unreal.has(word)))
    return `${name} is called like a table of what has not happened yet`
  const subject = subjects.find((one) => heads[one].has(head))
  return subject && `${name} is called like a table of ${subject}`
}

/** True where the name of a table has one of these words. */
export const isCalled = ({ name }: TableReport, words: ReadonlySet<string>): boolean =>
  wordsOf(name).some((word) => words.has(singular(word)))
