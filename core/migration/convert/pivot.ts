import type { SqliteValue } from '../value.ts'
import type { TargetRow } from './conversion.ts'
import { Difference } from './conversion.ts'
import { copyDouble } from './number.ts'
import { Refusal, type Rule } from './rule.ts'
import type { Source } from './source.ts'

/** A source column that is a metric of its own. */
type Metric = { index: number; metricType: string; rule: Rule }

export type Pivot = {
  indexes: readonly number[]
  /** A row for each column that is not NULL: the shared values, the metric's type, its value. */
  write(shared: TargetRow, row: readonly SqliteValue[]): TargetRow[] | Refusal
  recover(rows: readonly TargetRow[], into: SqliteValue[]): void
  surelyExact(row: readonly SqliteValue[]): boolean
}

/** Makes several metrics of one wide row. `pivot` has the metric_type of each source column. */
export function pivotOf(pivot: Record<string, string>, source: Source): Pivot {
  const metrics: Metric[] = Object.entries(pivot).map(([column, metricType]) => {
    const index = source.index(column)
    return { index, metricType, rule: copyDouble(undefined, source.affinity(index)) }
  })
  return {
    indexes: metrics.map(({ index }) => index),
    write(shared, row) {
      const rows: TargetRow[] = []
      for (const { index, metricType, rule } of metrics) {
        const value = row[index] ?? null
        if (value === null) continue
        const text = rule.write(value)
        if (text instanceof Refusal) return new Refusal(text.reason, index)
        rows.push([...shared, metricType, text])
      }
      return rows
    },
    recover(rows, into) {
      const values = new Map(rows.map((row) => [row.at(-2), row.at(-1) ?? null]))
      if (values.size !== rows.length) throw new Difference('there are two rows of one metric_type')
      for (const { index, metricType, rule } of metrics) {
        const found = values.get(metricType)
        into[index] = found === undefined ? null : rule.read(found)
        values.delete(metricType)
      }
      for (const metricType of values.keys()) throw new Difference(`metric_type ${metricType} is none of this table`)
    },
    surelyExact: (row) =>
      metrics.every(({ index, rule }) => row[index] === null || rule.surelyExact?.(row[index] ?? null) === true),
  }
}
