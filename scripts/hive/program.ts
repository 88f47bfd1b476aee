import { createRequire } from 'node:module'
import { Command } from 'commander'
import { addAgents } from './commands/agents.ts'
import { addCapabilities } from './commands/capabilities.ts'
import { addConversations } from './commands/conversations.ts'
import { addDeadLetters } from './commands/dead-letters.ts'
import { addKeys } from './commands/keys.ts'
import { addLogs } from './commands/logs.ts'
import { addMetrics } from './commands/metrics.ts'
import { addMigrate } from './commands/migrate.ts'
import { addPublish } from './commands/publish.ts'
import { addRebuildProjection } from './commands/rebuild-projection.ts'
import { addReceive } from './commands/receive.ts'
import { addReplay } from './commands/replay.ts'
import { addSettle } from './commands/settle.ts'
import { addStatus } from './commands/status.ts'
import { addTail } from './commands/tail.ts'
import { addTopics } from './commands/topics.ts'
import { addValidate } from './commands/validate.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** The command line interface. Usage errors are thrown as CommanderError, never by ending the process. */
export function createProgram(): Command {
  const program = new Command('hive')
    .description('Talk to an Agent Hive: agents, keys, messages, topics, dead letters, metrics, logs, old databases.')
    .version(version)
    .option('--url <url>', 'where the hive is (default: HIVE_URL, else the running local hive)')
    .option(
      '--key <key>',
      'the key to call with (default: HIVE_ADMIN_KEY, else the local hive’s); seen by other users in ps',
    )
    .option('--json', 'print JSON: one document, or a line of JSON each where the output is a stream')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    // main.js says what is wrong, in one line, as it does for every other error
    .configureOutput({ outputError: () => undefined })
    .addHelpText(
      'after',
      `
Examples:
  $ hive agents put planner
  $ hive publish --from planner --to planner --type note --body '{"text":"hello"}'
  $ hive receive planner --ack
  $ hive validate

Exit codes: 0 done, 1 the hive said no or something failed, 2 wrong use, 3 nobody answered.`,
    )
  addAgents(program)
  addKeys(program)
  addPublish(program)
  addReceive(program)
  addSettle(program)
  addStatus(program)
  addTail(program)
  addDeadLetters(program)
  addTopics(program)
  addCapabilities(program)
  addMetrics(program)
  addConversations(program)
  addLogs(program)
  addReplay(program)
  addMigrate(program)
  addRebuildProjection(program)
  addValidate(program)
  return program
}
