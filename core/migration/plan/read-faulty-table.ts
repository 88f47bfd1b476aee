import * as z from 'zod'
import { type MappedTable, mappedTables, TablePlan } from './plan.ts'

/** What can be told of a table that cannot be read as a whole. */
export type FaultyTable = {
  /** Where the document has it. */
  place: PropertyKey[]
  name: string | undefined
  /** Undefined for one that there is not. */
  target: TablePlan['target'] | undefined
  /** Columns that have a rule, whatever it is, and whether there is a pivot. */
  given: ReadonlySet<string>
  hasPivot: boolean
  /** Its rules that are as they should be; undefined where its target takes none. */
  rules: (Pick<MappedTable, 'target' | 'keep'> & { columns: object; pivot?: Record<string, string> }) | undefined
  /** Source columns that the others name. */
  names: { name: string; steps: PropertyKey[] }[]
}

const targets = z.enum(TablePlan.options.map(({ shape }) => shape.target.value))
const Loose = z.looseObject({})
const Names = z.array(z.string())
const Pivot = z.record(z.string(), z.string())

/** Reads of a table what can be read, so that one fault of it does not hide the others. */
export function readFaultyTable(table: unknown, place: PropertyKey[]): FaultyTable {
  const { name, target, columns, keep, pivot } = Loose.safeParse(table).data ?? {}
  const schema = mappedTables.find((one) => one.shape.target.value === target)
  const written = Object.entries(Loose.safeParse(columns).data ?? {})
  const rules: Record<string, unknown> = {}
  const names: FaultyTable['names'] = []
  const known: Record<string, z.ZodType> = schema?.shape.columns.shape ?? {}
  for (const [column, rule] of written) {
    const read = Object.hasOwn(known, column) ? known[column]?.safeParse(rule) : undefined
    if (read?.success) {
      if (read.data !== undefined) rules[column] = read.data
      continue
    }
    const from = Loose.safeParse(rule).data?.from
    if (typeof from === 'string') names.push({ name: from, steps: ['columns', column, 'from'] })
  }
  const [kept, pivoted] = [Names.safeParse(keep), Pivot.safeParse(pivot)]
  return {
    place,
    name: typeof name === 'string' ? name : undefined,
    target: targets.safeParse(target).data,
    given: new Set(written.map(([column]) => column)),
    hasPivot: pivot !== undefined,
    names,
    rules: schema && {
      target: schema.shape.target.value,
      columns: rules,
      ...(kept.success && { keep: kept.data }),
      ...(pivoted.success && 'pivot' in schema.shape && { pivot: pivoted.data }),
    },
  }
}
