import type { ColumnReport, TableReport } from '../../analyze/report.ts'
import { isCalledTime } from '../../analyze/time-evidence.ts'
import { whyNotThere } from './choose-columns.ts'
import { wordsOf } from './name-words.ts'
import { happened, type TimeSense, timeSense } from './time-sense.ts'

/** Which moments are looked for, the best first. */
type Wanted = readonly TimeSense[]

/** Of names that say the same, the one that does it best. */
const plainest = ['timestamp', 'datetime', 'ts', 'epoch', 'time', 'at', 'when', 'date']

/** The column that says when what a row tells of happened; undefined where none does, or several do and differ. */
export function timeColumn(table: TableReport, wanted: Wanted = happened): ColumnReport | undefined {
  const [best, ...others] = bestOf(table, wanted)
  return best && others.length === 0 && clockBeside(table, best) === undefined ? best : undefined
}

/** Why no column says when. */
export function whyNoTime(table: TableReport, wanted: Wanted = happened): string {
  const [best, ...others] = bestOf(table, wanted)
  if (best && others.length > 0) return `${namesOf([best, ...others])} may each say when, and differ`
  const clock = best && clockBeside(table, best)
  if (clock) return `${best.name} and ${clock.name} say when only together`
  const called = table.columns.filter((column) => isCalledTime(column.name, column.declared_type))
  const wished = called.filter((column) => wanted.some((sense) => sense === senseOf(table, column)))
  const elsewhere = momentsOf(table)
  if (wished.length === 0 && elsewhere.length > 0) {
    return `${namesOf(elsewhere)} ${elsewhere.length === 1 ? 'does' : 'do'} not say when what a row tells of happened`
  }
  const [first] = wished.length > 0 ? wished : called
  const closest = wished.find(({ time }) => time !== undefined) ?? first
  if (!closest) return 'no column is called like a time'
  const { name, time } = closest
  if (!time) return `${name} holds no moments whose form or unit can be told`
  if (time.unclear > 0) {
    return time.unclear === 1
      ? `one value of ${name} is no moment, or of a form or unit that cannot be told`
      : `${time.unclear} values of ${name} are no moments, or of a form or unit that cannot be told`
  }
  return whyNotThere(closest) ?? 'no column says when'
}

/** Columns that hold moments always, or are called so where there are no rows. */
function momentsOf(table: TableReport): ColumnReport[] {
  return table.columns.filter((column) => {
    if (table.rows === 0) return isCalledTime(column.name, column.declared_type)
    return column.time !== undefined && column.time.unclear === 0 && whyNotThere(column) === undefined
  })
}

/** The column that says best when; all of them where several do it alike. */
function bestOf(table: TableReport, wanted: Wanted): ColumnReport[] {
  const named = momentsOf(table).map((column) => ({ column, sense: senseOf(table, column) }))
  for (const sense of wanted) {
    const found = named.filter((one) => one.sense === sense).map(({ column }) => column)
    if (found.length === 0) continue
    const simple = plainest.find((name) => found.some((column) => column.name.toLowerCase() === name))
    const simplest = found.find((column) => column.name.toLowerCase() === simple)
    const ends = sense === 'begun' ? table.columns.filter(isEnd) : []
    if (ends.length > 0) return [...found, ...ends]
    return simplest ? [simplest] : found
  }
  return []
}

function senseOf({ name: table, rows }: TableReport, column: ColumnReport): TimeSense | undefined {
  const { name, affinity, time } = column
  const areNumbers = rows === 0 ? affinity !== 'TEXT' : time?.unit !== 'iso'
  // a duration in nanoseconds looks like a moment of the last century
  const isLongAgo = time !== undefined && time.unit !== 'packed' && time.from < '2000'
  if (areNumbers && isLongAgo && /(?<!date)time$/i.test(name)) return undefined
  return timeSense(name, table, areNumbers)
}

const isEnd = ({ name, declared_type, time }: ColumnReport) =>
  (time !== undefined || isCalledTime(name, declared_type)) &&
  wordsOf(name).some((word) => /^(?:end|ended|finish|finished|stop|stopped|completed)$/.test(word))

/** The column with the time of day of a column of days: `time` beside `date`. */
function clockBeside({ columns, rows }: TableReport, { name }: ColumnReport): ColumnReport | undefined {
  const all = wordsOf(name)
  if (rows === 0 || !/^(?:date|day|on)$/.test(all.at(-1) ?? '')) return undefined
  const about = all.slice(0, -1).join('_')
  return columns.find((column) => {
    const others = wordsOf(column.name)
    const isClock = /^(?:time|hour|clock)$/.test(others.at(-1) ?? '') && others.slice(0, -1).join('_') === about
    return isClock && column.time === undefined && column.storage.null < rows
  })
}

const namesOf = (columns: readonly ColumnReport[]) => {
  const names = columns.map(({ name }) => name)
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
