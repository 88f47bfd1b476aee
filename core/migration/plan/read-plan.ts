import * as z from 'zod'
import { faultText } from '../../protocol/fault-texts.ts'
import { FilePlan, Plan, TablePlan } from './plan.ts'
import { type Problem, problemsUnder } from './problem.ts'
import { type FaultyTable, readFaultyTable } from './read-faulty-table.ts'

const LooseFile = z.looseObject({ tables: z.array(z.unknown()) })
const LoosePlan = z.looseObject({ files: z.array(z.unknown()) })

const texts = { error: faultText }

/** A plan as far as it can be read: what is wrong with one table does not hide what is wrong with another. */
export type ReadPlan = {
  plan: Plan
  problems: Problem[]
  /** Where the document has a file or a table of `plan`. */
  place(part: FilePlan | TablePlan): PropertyKey[]
  /** The names of a file's tables, of those too that could not be read. */
  tableNames(file: FilePlan): string[]
  /** Tables of a file that could not be read as a whole. */
  faultyTables(file: FilePlan): FaultyTable[]
}

/** Reads a plan's document. What is at fault is left out of `plan`, and each of its faults is in `problems`. */
export function readPlan(document: unknown): ReadPlan {
  const problems: Problem[] = []
  const places = new Map<object, PropertyKey[]>()
  const names = new Map<FilePlan, string[]>()
  const faulty = new Map<FilePlan, FaultyTable[]>()
  const files: FilePlan[] = []
  const note = (error: z.ZodError, place: readonly PropertyKey[]) => {
    const report = problemsUnder(problems, place)
    for (const issue of error.issues) {
      if (issue.code !== 'unrecognized_keys') report(issue.path, issue.message)
      else for (const key of issue.keys) report([...issue.path, key], 'is not a known field')
    }
  }

  const loose = LoosePlan.safeParse(document)
  const outer = Plan.safeParse(loose.success ? { ...loose.data, files: [] } : document, texts)
  if (!outer.success) note(outer.error, [])
  for (const [at, file] of (loose.data?.files ?? []).entries()) {
    const looseFile = LooseFile.safeParse(file)
    const parsed = FilePlan.safeParse(looseFile.success ? { ...looseFile.data, tables: [] } : file, texts)
    if (!parsed.success) note(parsed.error, ['files', at])
    const tables: TablePlan[] = []
    const faults: FaultyTable[] = []
    for (const [index, table] of (looseFile.data?.tables ?? []).entries()) {
      const place = ['files', at, 'tables', index]
      const one = TablePlan.safeParse(table, texts)
      if (one.success) {
        places.set(one.data, place)
        tables.push(one.data)
      } else {
        note(one.error, place)
        faults.push(readFaultyTable(table, place))
      }
    }
    // what else is wrong with a file does not hide what is wrong with its tables
    const path = FilePlan.shape.path.safeParse(looseFile.data?.path)
    if (!parsed.success && !path.success) continue
    const read = { ...(parsed.data ?? { path: path.data ?? '' }), tables }
    faulty.set(read, faults)
    places.set(read, ['files', at])
    names.set(read, (looseFile.data?.tables ?? []).flatMap(nameOf))
    files.push(read)
  }
  const plan = outer.success ? { ...outer.data, files } : { version: 1 as const, zone: 'UTC', files }
  return {
    plan,
    problems,
    place: (part) => places.get(part) ?? [],
    tableNames: (file) => names.get(file) ?? [],
    faultyTables: (file) => faulty.get(file) ?? [],
  }
}

function nameOf(table: unknown): string[] {
  const named = z.looseObject({ name: z.string() }).safeParse(table)
  return named.success ? [named.data.name] : []
}
