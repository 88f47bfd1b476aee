import type { Command } from 'commander'
import type { CapabilityRow } from '../../../core/records/capabilities-repository.ts'
import { given, wholeNumber } from '../arguments.ts'
import { sheet, table } from '../output.ts'
import { openSession } from '../session.ts'

type PageOptions = { limit: number; cursor?: string }

export function addCapabilities(program: Command): void {
  const capabilities = program
    .command('capabilities')
    .description('what agents can do: messages to capability:<name> go to the most proficient live one')

  capabilities
    .command('declare <agent> <capability>')
    .description('declare what an agent can do, in place of what it declared before')
    .option('--proficiency <n>', 'how well, 1 to 10', wholeNumber(1, 10), 5)
    .option('--description <text>', 'what there is to say about it')
    .addHelpText('after', '\nExample:\n  $ hive capabilities declare builder build --proficiency 9')
    .action(
      async (
        agent: string,
        capability: string,
        { proficiency, description }: { proficiency: number; description?: string },
        command: Command,
      ) => {
        const { client, out } = openSession(command)
        const body = { proficiency_level: proficiency, ...given({ description }) }
        const declared = await client.declareCapability(agent, capability, body)
        out.answer(declared, () =>
          sheet({
            agent: declared.agent_name,
            capability: declared.capability,
            proficiency: declared.proficiency_level,
            description: declared.description ?? undefined,
            updated: declared.last_updated,
          }),
        )
      },
    )

  capabilities
    .command('withdraw <agent> <capability>')
    .description('take back what an agent declared')
    .addHelpText('after', '\nExample:\n  $ hive capabilities withdraw builder build')
    .action(async (agent: string, capability: string, _options: unknown, command: Command) => {
      const { client, out } = openSession(command)
      const answer = await client.withdrawCapability(agent, capability)
      out.answer(answer, () => (answer.withdrawn === 1 ? 'withdrawn' : 'the agent had not declared it'))
    })

  capabilities
    .command('list <agent>')
    .description('what an agent can do, by name')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .addHelpText('after', '\nExample:\n  $ hive capabilities list builder')
    .action(async (agent: string, options: PageOptions, command: Command) => {
      const { client, out } = openSession(command)
      const page = await client.listCapabilities(agent, given(options))
      out.answer(page, () => describeAll(page.items))
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })

  capabilities
    .command('find [capability]')
    .description('who can do something, the most proficient first')
    .option('--least <n>', 'only those with this proficiency or more', wholeNumber(1, 10))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .addHelpText('after', '\nExample:\n  $ hive capabilities find build --least 7')
    .action(async (capability: string | undefined, options: PageOptions & { least?: number }, command: Command) => {
      const { client, out } = openSession(command)
      const { least, limit, cursor } = options
      const page = await client.findCapable(given({ capability, min_proficiency: least, limit, cursor }))
      out.answer(page, () => describeAll(page.items))
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })
}

function describeAll(items: CapabilityRow[]): string {
  if (items.length === 0) return 'no capabilities'
  const rows = items.map((item) => [item.capability, item.agent_name, item.proficiency_level, item.description])
  return table(['CAPABILITY', 'AGENT', 'PROFICIENCY', 'DESCRIPTION'], rows)
}
