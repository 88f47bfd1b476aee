import os from 'node:os'
import type { FaultCloud } from './fault-cloud.ts'
import type { History, Operation } from './history.ts'
import type { Fault } from './plan-faults.ts'

/** What a number of runs were made of, summed up. */
export type Report = {
  runs: number
  messages: number
  /** Messages at each of their recipients, by what became of them. */
  endings: Record<string, number>
  /** Calls and pushes, by kind and by whether anybody can tell what came of them. */
  operations: Record<string, number>
  faults: Record<string, number>
  violations: number
}

export const emptyReport = (): Report => {
  return { runs: 0, messages: 0, endings: {}, operations: {}, faults: {}, violations: 0 }
}

/** Adds a run to a report. `queueFaults` are those that happened during it. */
export function addRun(
  report: Report,
  {
    history,
    schedule,
    misbehaved,
    queueFaults,
    violations,
  }: {
    history: History
    schedule: Fault[]
    misbehaved: number
    queueFaults: FaultCloud['queues']['counts']
    violations: number
  },
): void {
  const { endings, operations, faults } = report
  const count = (where: Record<string, number>, what: string, times = 1) => {
    where[what] = (where[what] ?? 0) + times
  }
  report.runs++
  report.messages += history.sent.size
  report.violations += violations
  for (const { status } of history.quiet.endings) count(endings, status)
  for (const operation of history.operations) count(operations, nameOf(operation))
  for (const fault of schedule) {
    const times = 'times' in fault ? fault.times : 1
    if (fault.kind === 'redis refuses or drops') count(faults, `Redis over REST: ${fault.how}`, times)
    else if (fault.kind !== 'queue unreliable') count(faults, fault.kind, times)
    if (fault.kind === 'functions killed' && fault.skewMs !== 0) count(faults, 'functions started with another clock')
  }
  for (const [what, times] of Object.entries(queueFaults)) count(faults, `SQS: ${what}`, times)
  count(faults, 'endpoint misbehaves', misbehaved)
}

const nameOf = (operation: Operation) =>
  operation.kind === 'push' ? `push, ${operation.answered}` : `${operation.kind}, ${operation.outcome}`

/** The report as a document. */
export function writeReport(
  { runs, messages, endings, operations, faults, violations }: Report,
  seconds: number,
): string {
  const table = (head: string, counts: Record<string, number>) =>
    [
      `| ${head} | |`,
      '| --- | --- |',
      ...Object.entries(counts)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, times]) => `| ${name} | ${times.toLocaleString('en')} |`),
    ].join('\n')
  const [cpu] = os.cpus()
  return `# Runs with faults

Written by \`npm run test:full\`; [docs/faults.md](../../docs/faults.md) says what is done and what is checked.

${runs} seeded runs, ${messages.toLocaleString('en')} messages, ${violations} violations, ${Math.round(seconds)} s on ${os.cpus().length} cores of ${cpu?.model}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}.

${table('faults injected', faults)}

${table('messages at their recipients', endings)}

${table('operations', operations)}
`
}
