import { expect, it } from 'vitest'
import type { FolderReport, TableReport } from '../../../../core/migration/analyze/report.ts'
import { describeFolder } from './describe-analysis.ts'

it('says how many keys point nowhere, or why that cannot be told', () => {
  const key = (columns: string[], orphans: number | string) => ({ columns, table: 'p', to: ['x'], orphans })
  const table: TableReport = {
    ...{ name: 'c', kind: 'table', rows: 3, primary_key: ['id'], unique: [], without_rowid: false, columns: [] },
    foreign_keys: [key(['a'], 2), key(['b'], 'foreign key mismatch'), key(['d'], 0)],
    ...{ odd: [], gaps: [] },
  }
  const file = { path: 'a.db', bytes: 8192, state: 'readable', warnings: [], tables: [table], not_data: [] }
  const totals = { files: 1, unreadable: 0, tables: 1, rows: 3 }
  const report: FolderReport = { folder: '.', files: [file], left_out: [], totals }
  expect(describeFolder(report)).toMatch(
    /a\.db +c +a +2 +keys that are not in p +-\na\.db +c +b +- +it cannot be told .* in p: foreign key mismatch +-\n\n/,
  )
})
