import type { ColumnReport, TableReport } from '../../analyze/report.ts'
import { moment, rest, sourceName } from '../draft.ts'
import type { TextRule } from '../rules.ts'
import { isNumber, named, namedLabel, whyNoName, whyNotThere } from './choose-columns.ts'
import { whyNoMeasure, whyNothingHappened } from './counter-evidence.ts'
import { areMeasured, areParts, isCalledMeasured } from './measures.ts'
import type { Suggest } from './suggestion.ts'
import { whyOtherSubject } from './table-subject.ts'
import { timeColumn, whyNoTime } from './time-column.ts'

const agentNames = ['agent_name', 'agent_id', 'agent']

const agentNameOf = (by: ColumnReport | undefined, agent: string): TextRule =>
  by ? { rule: 'copy', from: by.name, otherwise: agent } : { rule: 'constant', value: agent }

/** A table that names a metric, has its value and says when it was measured. */
export const suggestMetrics: Suggest = ({ path, table, agent }) => {
  // a copy of the newest rows of another table would count them twice
  if (/latest/i.test(table.name)) return undefined
  const isCalledMetric = /metric|measure/i.test(table.name)
  const name = named(table, 'metric_name', 'metric_type', 'metric', ...(isCalledMetric ? ['name', 'key'] : []))
  const value = named(table, 'value', 'metric_value', 'val')
  const time = timeColumn(table)
  if (!name || !value) return undefined
  const against =
    whyNothingHappened(table) ??
    whyOtherSubject(table, 'things', 'payments') ??
    whyThing(table, name) ??
    whyNoName(name) ??
    (isNumber(value) ? whyNotThere(value) : `${value.name} does not hold numbers alone`) ??
    whyNoNumber(table, value)
  if (against !== undefined || !time) {
    return { but: `${name.name} and ${value.name} may be metrics, but ${against ?? whyNoTime(table)}` }
  }
  const by = namedLabel(table, ...agentNames)
  return {
    because: `${name.name} names a metric, ${value.name} is a number and ${time.name} says when`,
    table: {
      target: 'agent_metrics',
      columns: {
        agent_name: agentNameOf(by, agent),
        metric_type: { rule: 'copy', from: name.name },
        value: { rule: 'copy', from: value.name },
        timestamp: moment(table, time.name),
        metadata: rest(table, [name.name, value.name, time.name, ...(by ? [by.name] : [])]),
        source_database: { rule: 'constant', value: sourceName(path) },
      },
    },
  }
}

/** `metric` beside a name of the row's own is one of its qualities, or its unit. */
function whyThing(table: TableReport, metric: ColumnReport): string | undefined {
  const own = named(table, 'name', 'title', 'sku')
  if (!own || metric === own || metric.name.toLowerCase() !== 'metric' || isCalledMeasured(table)) return undefined
  return `${own.name} may be what each row is of`
}

/** MLflow writes what is not a number as 0 and says so in a column beside it: taken as it is, it would be a 0 that nobody measured. */
function whyNoNumber(table: TableReport, value: ColumnReport): string | undefined {
  const flag = named(table, 'is_nan')
  if (!flag || flag.maximum === undefined || flag.maximum === '0') return undefined
  return `${flag.name} says that ${value.name} is not a number in some rows`
}

/** The longest text beside which numbers still look like the samples of one moment. */
const longestLabel = 64

/** Another moment of a row is no figure of it, though a number. What ends with time may be a duration, read as one long ago. */
const isMoment = ({ name, time }: ColumnReport) => time !== undefined && (!/time$/i.test(name) || time.from >= '2000')

function whyNoSample(table: TableReport, figures: readonly ColumnReport[]): string | undefined {
  const other = whyOtherSubject(table, 'things', 'payments', 'work', 'links')
  if (other !== undefined) return other
  const names = figures.map(({ name }) => name).join(', ')
  if (areParts(figures)) return `${names} are parts of a vector`
  return areMeasured(table, figures) ? undefined : `neither ${table.name} nor ${names} are called like what is measured`
}

/** A table of samples: a moment, several REAL figures, and nothing that is longer than a label. */
export const suggestWideMetrics: Suggest = ({ path, table, agent }) => {
  if (table.rows === 0) return undefined
  const time = timeColumn(table)
  const others = table.columns.filter((column) => column !== time)
  const figures = others.filter((column) => column.storage.real > 0 && isNumber(column) && !isMoment(column))
  const labels = others.filter((column) => !figures.includes(column))
  if (figures.length < 2 || figures.length < labels.length) return undefined
  if (labels.some(({ longest_bytes = 0, storage }) => longest_bytes > longestLabel || storage.blob > 0))
    return undefined
  const against = whyNoMeasure(table, figures) ?? whyNoSample(table, figures) ?? whyNothingHappened(table)
  if (!time) {
    const hasMoments = against === undefined && table.columns.some(isMoment)
    return hasMoments ? { but: `its rows may be samples, but ${whyNoTime(table)}` } : undefined
  }
  if (against !== undefined) return { but: `its rows may be samples at ${time.name}, but ${against}` }
  const by = namedLabel(table, ...agentNames)
  const names = figures.map(({ name }) => name)
  return {
    because: `each row is a sample at ${time.name}: ${names.join(', ')} are figures, a metric each; the rest are labels`,
    table: {
      target: 'agent_metrics',
      columns: {
        agent_name: agentNameOf(by, agent),
        timestamp: moment(table, time.name),
        metadata: rest(table, [...names, time.name]),
        source_database: { rule: 'constant', value: sourceName(path) },
      },
      pivot: Object.fromEntries(names.map((name) => [name, name])),
    },
  }
}
