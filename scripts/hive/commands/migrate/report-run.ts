import { appendFileSync } from 'node:fs'
import type { Progress, TableResult } from '../../../../core/migration/run/move-table.ts'
import type { RunResult } from '../../../../core/migration/run/run-migration.ts'
import type { Output } from '../../output.ts'
import { UsageError } from '../../problem.ts'
import { cut, visibleJson, visibleLine } from '../../visible-text.ts'

export type RunReport = {
  progress: Progress
  ended(table: TableResult): void
  result(result: RunResult): void
  close(): void
}

/** A bar that does not fit on its line is drawn anew below it each time. */
const mostOfName = 80
/** Where there is no terminal a line says how far a table is, not more often than this. */
const quietMs = 10_000

/** Shows people how a run gets on, and writes it to a log. Throws UsageError when the log cannot be written. */
export async function reportRun(out: Output, logFile: string | undefined): Promise<RunReport> {
  const log = logFile === undefined ? () => {} : writeTo(logFile)
  const shown = out.json ? undefined : process.stderr.isTTY ? await bars() : lines(out)
  return {
    progress(table) {
      log({ event: 'batch', ...table })
      shown?.progress(table)
    },
    ended(table) {
      log({ event: 'table', ...table })
      shown?.ended(table)
    },
    result(result) {
      const { run, state, fault, files } = result
      log({ event: 'run', run, state, fault, unreadable: files.filter((file) => file.fault !== undefined) })
    },
    close: () => shown?.close(),
  }
}

function writeTo(file: string): (event: object) => void {
  const write = (text: string) => {
    try {
      appendFileSync(file, text)
    } catch (error) {
      throw new UsageError(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  // before anything is moved
  write('')
  return (event) => write(`${visibleJson({ time: new Date().toISOString(), ...event })}\n`)
}

type Shown = Pick<RunReport, 'progress' | 'ended' | 'close'>

/** A bar for each table, with its rate and the time that is left. */
async function bars(): Promise<Shown> {
  const { default: progress } = await import('cli-progress')
  let bar: InstanceType<typeof progress.SingleBar> | undefined
  let began = 0
  const rate = (rows: number) => Math.round(rows / Math.max(0.001, (performance.now() - began) / 1000))
  return {
    progress({ file, table, rows, expected }) {
      if (!bar) {
        began = performance.now()
        const format = `{name} [{bar}] {percentage}% {value}/{total} rows, {rate} rows/s, {eta_formatted} left`
        bar = new progress.SingleBar({ format, stream: process.stderr, hideCursor: true, barsize: 24 })
        bar.start(Math.max(expected ?? rows, rows), rows, {
          name: visibleLine(cut(`${file} ${table}`, mostOfName)),
          rate: '-',
        })
      }
      if (rows > bar.getTotal()) bar.setTotal(rows)
      bar.update(rows, { rate: rate(rows) })
    },
    ended() {
      bar?.stop()
      bar = undefined
    },
    close() {
      bar?.stop()
    },
  }
}

function lines(out: Output): Shown {
  let said = performance.now()
  return {
    progress({ file, table, rows, expected }) {
      if (performance.now() - said < quietMs) return
      said = performance.now()
      out.note(`${file} ${table}: ${rows}${expected === undefined ? '' : ` of ${expected}`} rows`)
    },
    ended({ file, table, state, rows }) {
      if (state !== 'moved before') out.note(`${file} ${table}: ${rows} rows, ${state}`)
    },
    close() {},
  }
}
