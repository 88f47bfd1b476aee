import { type Command, Option } from 'commander'
import type { AgentChange } from '../../../core/access/agents.ts'
import { given, wholeNumber } from '../arguments.ts'
import type { AgentAnswer, HiveClient, KeyAnswer, Page } from '../client.ts'
import { sheet, table } from '../output.ts'
import { UsageError } from '../problem.ts'
import { openSession } from '../session.ts'

type PutOptions = {
  endpoint?: string
  secret?: string
  pull?: boolean
  disable?: boolean
  enable?: boolean
  revokeKeys?: boolean
}

export function addAgents(program: Command): void {
  const agents = program.command('agents').description('register agents and look at them')

  agents
    .command('put <name>')
    .description('register an agent, or change what is given of one that exists')
    .option('--endpoint <url>', 'push its messages to this https URL')
    .addOption(new Option('--pull', 'take its endpoint away: the agent receives for itself').conflicts('endpoint'))
    .option('--secret <whsec>', 'the signing secret (whsec_…); without it a new push agent gets one, shown once')
    .option('--disable', 'refuse new messages to it; what waits stays until its TTL, and its keys stay good')
    .option('--revoke-keys', 'end all of its keys for good as well')
    .addOption(new Option('--enable', 'take messages again').conflicts('disable'))
    .addHelpText(
      'after',
      `
Examples:
  $ hive agents put planner
  $ hive agents put builder --endpoint https://agents.example.com/builder
  $ hive agents put builder --disable --revoke-keys`,
    )
    .action(async (name: string, options: PutOptions, command: Command) => {
      const { client, out } = openSession(command)
      const change = agentChange(options)
      const nothing = Object.keys(change).length === 0
      const changed = nothing ? client.getAgent(name) : client.changeAgent(name, change)
      const agent = await changed.catch(async (error: unknown) => {
        if (!isUnknownAgent(error)) throw error
        return client.putAgent(name, change)
      })
      const revoked = options.revokeKeys ? await revokeKeys(client, name) : undefined
      out.answer(revoked === undefined ? agent : { ...agent, revoked_keys: revoked }, () =>
        [describeAgent(agent), ...(revoked ?? []).map((id) => `revoked key ${id}`)].join('\n'),
      )
    })

  agents
    .command('get <name>')
    .description('show one agent')
    .addHelpText('after', '\nExample:\n  $ hive agents get planner')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, out } = openSession(command)
      const agent = await client.getAgent(name)
      out.answer(agent, () => describeAgent(agent))
    })

  agents
    .command('list')
    .description('list the agents by name')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .addHelpText('after', '\nExamples:\n  $ hive agents list\n  $ hive agents list --json')
    .action(async (options: { limit: number; cursor?: string }, command: Command) => {
      const { client, out } = openSession(command)
      const page = await client.listAgents(given(options))
      out.answer(page, () => {
        const rows = page.items.map((agent) => [
          agent.name,
          agent.endpoint ?? 'pull',
          agent.disabled ? 'disabled' : 'enabled',
          agent.version,
          agent.updated_at,
          agent.last_seen_at,
        ])
        return table(['NAME', 'ENDPOINT', 'STATE', 'VERSION', 'UPDATED', 'SEEN'], rows)
      })
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })

  agents
    .command('heartbeat <name>')
    .description('say that an agent is alive')
    .addHelpText('after', '\nExample:\n  $ hive agents heartbeat planner')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, out } = openSession(command)
      const seen = await client.heartbeat(name)
      out.answer(seen, () => sheet({ name: seen.name, seen: seen.last_seen_at }))
    })

  agents
    .command('rotate-secret <name>')
    .description('give an agent another signing secret; the one before signs too until the next rotation')
    .option('--secret <whsec>', 'the secret to use; without it one is made and shown once')
    .addHelpText('after', '\nExample:\n  $ hive agents rotate-secret builder')
    .action(async (name: string, { secret }: { secret?: string }, command: Command) => {
      const { client, out } = openSession(command)
      const agent = await client.rotateSigningSecret(name, secret)
      out.answer(agent, () => describeAgent(agent))
    })
}

/** Ends every live key of an agent; those that are made meanwhile too, if they are on a later page. */
async function revokeKeys(client: HiveClient, agent: string): Promise<string[]> {
  const revoked: string[] = []
  let cursor: string | null = null
  do {
    const page: Page<KeyAnswer> = await client.listKeys({ agent, ...(cursor === null ? {} : { cursor }) })
    for (const key of page.items) {
      if (key.revoked_at !== null) continue
      await client.revokeKey(key.id)
      revoked.push(key.id)
    }
    cursor = page.next_cursor
  } while (cursor !== null)
  return revoked
}

/** The body of the change that the flags ask for. Nothing given changes nothing. */
export function agentChange({ endpoint, secret, pull, disable, enable }: PutOptions): AgentChange {
  if (endpoint === '') throw new UsageError('--endpoint is empty; --pull takes an endpoint away')
  return given({
    endpoint: pull ? null : endpoint,
    signing_secret: secret,
    disabled: disable ? true : enable ? false : undefined,
  }) as AgentChange
}

const isUnknownAgent = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'agent.unknown'

function describeAgent(agent: AgentAnswer): string {
  return sheet({
    name: agent.name,
    endpoint: agent.endpoint ?? 'none: it pulls',
    'endpoint disabled': agent.endpoint_disabled_at ?? undefined,
    state: agent.disabled ? 'disabled' : 'enabled',
    version: agent.version,
    created: agent.created_at,
    updated: agent.updated_at,
    seen: agent.last_seen_at ?? undefined,
    'signing secret': agent.signing_secret === undefined ? undefined : `${agent.signing_secret} (shown this once)`,
  })
}
