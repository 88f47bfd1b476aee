import { HiveError } from '../../errors.ts'
import { checkColumns, checkNames } from './check-columns.ts'
import { checkPivot, checkValues, type GivenMetric } from './check-values.ts'
import { type FilePlan, isMapped, type MappedTable, type MetricsTable, type Plan, type TablePlan } from './plan.ts'
import { type Problem, problemsUnder } from './problem.ts'
import type { FaultyTable } from './read-faulty-table.ts'
import { readPlan } from './read-plan.ts'

/** A file as it is found in the folder: what a plan is checked against. */
export type FoundFile = {
  path: string
  /** False for a file that cannot be read: a plan has nothing to say about its tables. */
  readable: boolean
  tables: readonly FoundTable[]
}

export type FoundTable = {
  name: string
  kind: 'table' | 'view' | 'virtual' | 'shadow' | 'internal'
  /** What a virtual table is whose rows are those of others. */
  elsewhere?: 'derived' | 'index' | 'in parts'
  columns: readonly { name: string }[]
}

/**
 * The plan of a document, if it can be run over these files as it is. Raises HiveError `migration.plan_invalid` with
 * every problem there is, each by its path in the document.
 */
export function checkedPlan(document: unknown, files: readonly FoundFile[]): Plan {
  const { plan, problems } = checkPlan(document, files)
  if (problems.length === 0) return plan
  const what = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  throw new HiveError('migration.plan_invalid', `the plan has ${what}; nothing was written`, {
    errors: problems.map(({ path, message }) => ({ field: path, message })),
  })
}

/** Every problem of a plan's document, alone and against the files that it is for. */
export function checkPlan(document: unknown, found: readonly FoundFile[]): { plan: Plan; problems: Problem[] } {
  const { plan, problems, place, tableNames, faultyTables } = readPlan(document)
  const files = new Map(found.map((file) => [file.path, file]))
  const planned = new Set<string>()
  for (const file of plan.files) {
    const report = problemsUnder(problems, place(file))
    if (planned.has(file.path)) report(['path'], `names ${JSON.stringify(file.path)} a second time`)
    planned.add(file.path)
    const source = files.get(file.path)
    if (!source) report(['path'], `names ${JSON.stringify(file.path)}, which is not in the folder`)
    else if (source.readable) {
      checkFile(file, source, faultyTables(file), (part) =>
        problemsUnder(problems, part === undefined ? place(file) : 'place' in part ? part.place : place(part)),
      )
      const written = new Set(tableNames(file))
      for (const { name, kind } of source.tables) {
        if (isData(kind) && !written.has(name))
          report(['tables'], `leave out ${JSON.stringify(name)}: give it a target, or legacy`)
      }
    } else if (file.tables.length > 0) report(['tables'], 'are of a file that cannot be read')
  }
  if (Array.isArray((document as { files?: unknown })?.files)) {
    const written = new Set((document as { files: { path?: unknown }[] }).files.map((file) => file?.path))
    for (const { path } of found) {
      if (!written.has(path)) problemsUnder(problems, [])(['files'], `leave out ${JSON.stringify(path)}`)
    }
  }
  return { plan, problems }
}

function checkFile(
  file: FilePlan,
  source: FoundFile,
  faulty: readonly FaultyTable[],
  reportAt: (table?: TablePlan | FaultyTable) => ReturnType<typeof problemsUnder>,
) {
  const found = new Map(source.tables.map((table) => [table.name, table]))
  const planned = new Set<string>()
  if (file.unreadable !== undefined) reportAt()(['unreadable'], 'is said of a file that can be read')
  for (const table of [...file.tables, ...faulty]) {
    const report = reportAt(table)
    if (table.target === 'agent_metrics') checkPivot(givenIn(table), report)
    if (table.name === undefined) continue
    if (planned.has(table.name)) report(['name'], `names ${JSON.stringify(table.name)} a second time`)
    planned.add(table.name)
    const there = found.get(table.name)
    if (!there) {
      report(['name'], `names ${JSON.stringify(table.name)}, which is not in the file`)
      continue
    }
    if (table.target !== undefined) checkKind({ target: table.target }, there, report)
    const columns = there.columns.map(({ name }) => name)
    if ('place' in table) {
      checkNames(table.names, columns, report)
      if (!table.rules) continue
      const rules = table.rules as MappedTable
      checkColumns(rules, columns, report, { isWhole: false })
      checkValues(rules, report)
    } else if (isMapped(table)) {
      checkColumns(table, columns, report)
      checkValues(table, report)
    }
  }
}

const isData = (kind: FoundTable['kind']) => kind === 'table' || kind === 'virtual'

function givenIn(table: MetricsTable | FaultyTable): GivenMetric {
  if ('place' in table) return { has: (column) => table.given.has(column), pivot: table.hasPivot }
  return { has: (column) => column in table.columns, pivot: table.pivot !== undefined }
}

function checkKind(
  table: Pick<TablePlan, 'target'>,
  { kind, elsewhere, columns }: FoundTable,
  report: ReturnType<typeof problemsUnder>,
): void {
  // what a module keeps that is not there is in tables of its own, as far as it is in the file; a damaged entry leads nowhere
  const isLost = columns.length === 0
  if (table.target === 'skip' && isData(kind) && !isLost) {
    report(['target'], 'skips a table that holds rows of its own: legacy keeps them as they are')
  }
  if (table.target !== 'skip' && (kind === 'view' || kind === 'shadow')) {
    report(['target'], elsewhere ? sayings[elsewhere] : sayings[kind])
  }
}

const sayings = {
  view: 'moves a view, whose rows are those of another table: skip it',
  shadow: 'moves a shadow table, whose rows are those of another table: skip it',
  derived: 'moves a virtual table that shows what is in others: skip it',
  index: 'moves an index of another table, which is made again when the file is rebuilt: skip it',
  'in parts': 'moves a virtual table whose rows are moved with the tables that it keeps them in: skip it',
}
