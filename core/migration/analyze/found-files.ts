import type { FoundFile } from '../plan/check-plan.ts'
import { kindOfData } from './analyze-folder.ts'
import type { AnalysedFile } from './source.ts'

/** What a plan is checked against. No row is read. `report` hears of each file as soon as it has been looked at. */
export async function foundFiles(
  files: AsyncIterable<AnalysedFile>,
  report: (file: AnalysedFile) => void = () => {},
): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  for await (const file of files) {
    found.push(foundFile(file))
    report(file)
  }
  return found
}

/** One file as a plan is checked against it. */
export function foundFile({ path, state, database }: AnalysedFile): FoundFile {
  const tables = (database?.tables ?? []).map((table) => ({
    name: table.name,
    kind: table.kind,
    ...(table.elsewhere !== undefined && { elsewhere: table.elsewhere }),
    columns: kindOfData(table) ? table.columns : [],
  }))
  return { path, readable: state === 'readable', tables }
}
