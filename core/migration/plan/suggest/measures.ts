import type { ColumnReport, TableReport } from '../../analyze/report.ts'
import { singular, wordList, wordSet, wordsOf } from './name-words.ts'
import { isCalled } from './table-subject.ts'

/** What tables of measurements are called by. */
const tables = wordSet(
  `metric measure measurement perf performance stat statistic sample telemetry monitor monitoring usage health benchmark bench
   sensor reading observation gauge counter timing kpi baseline snapshot utilization load profiling uptime`,
)

/** What figures are called by that somebody has measured of a machine, a program, a model or a room. */
const figures = new Set(
  wordList(
    `cpu gpu mem memory ram swap heap disk io network net bandwidth throughput latency duration elapsed response rate ratio
   accuracy precision recall auc loss logloss rmse mae mse score stat usage utilization util percent percentage pct avg mean
   median stddev variance count rps qps tps fps iops request token error failure success hit miss queue
   thread temperature temp humidity pressure voltage current power energy watt speed rpm noise illuminance dbm rssi byte
   kb mb gb load uptime time ms sec seconds jitter ping drift quality efficiency overhead`,
  ).map(singular),
)

/** True where the name of a table says that measurements are in it. */
export const isCalledMeasured = (table: TableReport): boolean => isCalled(table, tables)

/** Whether figures are called like what is measured: half of them at least, or the table is. */
export function areMeasured(table: TableReport, columns: readonly ColumnReport[]): boolean {
  const measured = columns.filter(({ name }) => wordsOf(name).some((word) => figures.has(singular(word))))
  return isCalledMeasured(table) || measured.length * 2 >= columns.length
}

const vector = /^(?:e|v|x|w|d|dim|emb|embed|embedding|vec|vector|feat|feature|component|pc)_?\d+$/i

/** True for the numbered parts of one vector: e0, e1, e2. */
export const areParts = (columns: readonly ColumnReport[]): boolean =>
  columns.length > 1 && columns.every(({ name }) => vector.test(name))
