import type { ColumnReport, FileReport, FolderReport, TableReport } from '../../../../core/migration/analyze/report.ts'
import { table } from '../../output.ts'

/** An analysis for people: the files, their tables, and everything that is odd. */
export function describeFolder(report: FolderReport): string {
  const { files, unreadable, tables, rows } = report.totals
  const total = `${files} files (${unreadable} cannot be read), ${tables} tables, ${rows} rows`
  return [describeFiles(report.files), describeTables(report.files), describeOdd(report.files), total]
    .filter((part) => part !== '')
    .join('\n\n')
}

function describeFiles(files: FileReport[]): string {
  const head = ['FILE', 'STATE', 'BYTES', 'ENCODING', 'JOURNAL', 'PAGE', 'TABLES', 'ROWS', 'NO DATA']
  return table(
    head,
    files.map((file) => [
      file.path,
      file.state,
      file.bytes,
      file.encoding,
      file.journal_mode,
      file.page_size,
      file.tables.length,
      file.tables.reduce((sum, { rows }) => sum + rows, 0),
      file.not_data.map(({ name, kind }) => `${name} (${kind})`).join(', '),
    ]),
  )
}

function describeTables(files: FileReport[]): string {
  const rows = files.flatMap((file) =>
    file.tables.map((one) => [
      file.path,
      one.kind === 'table' ? one.name : `${one.name} (${one.kind})`,
      one.rows,
      one.columns.length,
      one.primary_key.join(', '),
      one.columns
        .filter(({ time }) => time)
        .map(describeTime)
        .join('; '),
    ]),
  )
  return rows.length === 0 ? '' : table(['FILE', 'TABLE', 'ROWS', 'COLUMNS', 'KEY', 'TIMES'], rows)
}

function describeTime({ name, time }: ColumnReport): string {
  if (!time) return ''
  const zone = time.zoneless > 0 ? (time.zoned > 0 ? ', some without a zone' : ', no zone') : ''
  return `${name} (${time.unit}${zone}) ${time.from.slice(0, 10)} to ${time.to.slice(0, 10)}`
}

function describeOdd(files: FileReport[]): string {
  const rows = files.flatMap((file) => [
    ...(file.detail === undefined ? [] : [[file.path, '', '', '', `${file.state}: ${file.detail}`, '']]),
    ...file.warnings.map((warning) => [file.path, '', '', '', warning, '']),
    ...file.tables.flatMap((one) => oddOf(one).map((row) => [file.path, one.name, ...row])),
  ])
  return rows.length === 0 ? '' : table(['FILE', 'TABLE', 'COLUMN', 'TIMES', 'ODD', 'SUCH AS'], rows)
}

function oddOf(one: TableReport): (string | number)[][] {
  return [
    ...one.gaps.map((gap) => ['', '', gap, '']),
    ...one.odd.map(({ what, count, examples = [] }) => ['', count, what, examples.join(', ')]),
    ...one.foreign_keys.flatMap(({ columns, table: other, orphans }) =>
      orphans === 0
        ? []
        : typeof orphans === 'number'
          ? [[columns.join(', '), orphans, `keys that are not in ${other}`, '']]
          : [[columns.join(', '), '', `it cannot be told whether its keys are in ${other}: ${orphans}`, '']],
    ),
    ...one.columns.flatMap(({ name, odd }) =>
      odd.map(({ what, count, examples = [] }) => [name, count, what, examples.join(', ')]),
    ),
  ]
}
