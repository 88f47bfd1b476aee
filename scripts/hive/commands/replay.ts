import { type Command, Option } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { table } from '../output.ts'
import { Incomplete } from '../problem.ts'
import type { KnownAgents } from '../replay/register-agents.ts'
import type { FileReport } from '../replay/replay-file.ts'
import { replayTables } from '../replay/tables.ts'
import { openSession } from '../session.ts'
import { visibleLine } from '../visible-text.ts'

type ReplayCommandOptions = { drain?: boolean; push?: boolean; table?: string; source?: string; ttl: number }

export function addReplay(program: Command): void {
  const known = replayTables.map(({ name, writtenBy }) => `  ${name} (${writtenBy})`).join('\n')
  program
    .command('replay <files...>')
    .description('publish the messages that old agents left in SQLite files, in the shape they wrote them')
    .option('--drain', 'also receive and acknowledge each, and make sure that it is delivered')
    .option('--push', 'also publish to agents that have an endpoint: it is sent the old messages')
    .addOption(new Option('--table <table>', 'only this table').choices(replayTables.map(({ name }) => name)))
    .option('--source <name>', 'what the file is called in message ids (default: its base name)')
    .option('--ttl <seconds>', 'how long the messages may wait', wholeNumber(1, 1_209_600), 86_400)
    .addHelpText(
      'after',
      `
Tables it knows:
${known}

A file is read from a private copy, made together with its -wal or -journal, and is never
written. Message ids come from the file's name, the table and the row, so a second replay
adds nothing. Agents that do not exist are registered; a session of claude-flow is an agent.

Examples:
  $ hive replay .hive-mind/hive.db
  $ hive replay agent_conversations.db hive.db --drain`,
    )
    .action(async (files: string[], options: ReplayCommandOptions, command: Command) => {
      const { client, out } = openSession(command)
      const { replayFile } = await import('../replay/replay-file.ts')
      const knownAgents: KnownAgents = new Map()
      const reports: FileReport[] = []
      for (const file of files) {
        const report = await replayFile(client, file, {
          ttlSeconds: options.ttl,
          drain: options.drain === true,
          push: options.push === true,
          knownAgents,
          ...(options.table === undefined ? {} : { table: options.table }),
          ...(options.source === undefined ? {} : { source: options.source }),
        })
        reports.push(report)
        for (const warning of report.warnings) out.note(`${file}: ${warning}`)
      }
      out.answer({ files: reports }, () => describeReports(reports))
      const incomplete = reports.filter(({ complete }) => !complete)
      if (incomplete.length > 0) {
        throw new Incomplete(`not every row was replayed: ${incomplete.map(({ file }) => file).join(', ')}`)
      }
    })
}

function describeReports(reports: FileReport[]): string {
  const rows = reports.flatMap((report) =>
    report.tables.map((it) => [
      ...[report.file, it.table, it.rows, it.published, it.duplicates, it.rejected, it.acknowledged, it.delivered],
    ]),
  )
  const head = ['FILE', 'TABLE', 'ROWS', 'PUBLISHED', 'DUPLICATES', 'REJECTED', 'ACKNOWLEDGED', 'DELIVERED']
  const faults = reports.flatMap(({ file, fault, tables }) => [
    ...(fault === undefined ? [] : [`${file}: ${fault}`]),
    ...tables.flatMap((it) =>
      [...(it.fault === undefined ? [] : [it.fault]), ...it.problems].map((said) => `${file}: ${said}`),
    ),
  ])
  const others = reports
    .filter(({ not_replayed }) => not_replayed.length > 0)
    .map(({ file, not_replayed }) => `${file}: no messages in ${not_replayed.join(', ')}`)
  return [...(rows.length > 0 ? [table(head, rows)] : []), ...[...others, ...faults].map(visibleLine)].join('\n')
}
