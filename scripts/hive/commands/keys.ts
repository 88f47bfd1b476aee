import { type Command, InvalidArgumentError } from 'commander'
import { type Scope, scopes } from '../../../core/access/scopes.ts'
import { future, given, wholeNumber } from '../arguments.ts'
import type { KeyAnswer } from '../client.ts'
import { sheet, table } from '../output.ts'
import { openSession } from '../session.ts'

type CreateOptions = { agent?: string; scope: Scope[]; expires?: string }

export function addKeys(program: Command): void {
  const keys = program.command('keys').description('keys with which agents and operators call the hive')

  keys
    .command('bootstrap')
    .description('make the first key with the scope admin, by the admin key of the configuration')
    .option('--expires <moment>', 'when it ends, such as 2027-01-31T12:00:00Z or 30d; never if not told', toCome)
    .addHelpText('after', '\nExample:\n  $ HIVE_ADMIN_KEY=… hive keys bootstrap')
    .action(async ({ expires }: { expires?: string }, command: Command) => {
      const { client, out } = openSession(command)
      const key = await client.createKey({ scopes: ['admin'], ...given({ expires_at: expires }) })
      out.answer(key, () => describeKey(key))
    })

  keys
    .command('create')
    .description('make a key; it is shown this once')
    .option('--agent <name>', 'whose it is; only one with the scope admin is nobody’s')
    .requiredOption('--scope <scope...>', `what it allows: ${scopes.join(', ')}`, scope)
    .option('--expires <moment>', 'when it ends, such as 2027-01-31T12:00:00Z or 30d; never if not told', toCome)
    .addHelpText(
      'after',
      `
Examples:
  $ hive keys create --agent planner --scope publish receive
  $ hive keys create --scope admin --expires 2027-01-31T12:00:00Z`,
    )
    .action(async ({ agent, scope, expires }: CreateOptions, command: Command) => {
      const { client, out } = openSession(command)
      const key = await client.createKey({ scopes: scope, ...given({ agent, expires_at: expires }) })
      out.answer(key, () => describeKey(key))
    })

  keys
    .command('list')
    .description('list keys, without their secrets')
    .option('--agent <name>', 'only those of this agent')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .addHelpText('after', '\nExample:\n  $ hive keys list --agent planner')
    .action(async (options: { agent?: string; limit: number; cursor?: string }, command: Command) => {
      const { client, out } = openSession(command)
      const page = await client.listKeys(given(options))
      out.answer(page, () => {
        if (page.items.length === 0) return 'no keys'
        const rows = page.items.map((key) => [key.id, key.agent, key.scopes.join(' '), stateOf(key), key.created_at])
        return table(['ID', 'AGENT', 'SCOPES', 'STATE', 'CREATED'], rows)
      })
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })

  keys
    .command('rotate <id>')
    .description('make a key that follows another; both are good for a while')
    .option('--overlap <seconds>', 'how long the old one stays good', wholeNumber(0, 2_678_400), 3600)
    .option('--expires <moment>', 'when the new one ends; when the old one would have, if not told', toCome)
    .addHelpText('after', '\nExample:\n  $ hive keys rotate 5f1c… --overlap 86400')
    .action(async (id: string, { overlap, expires }: { overlap: number; expires?: string }, command: Command) => {
      const { client, out } = openSession(command)
      const key = await client.rotateKey(id, { overlap_seconds: overlap, ...given({ expires_at: expires }) })
      out.answer(key, () => `${describeKey(key)}\n\n${key.replaced.id} ${stateOf(key.replaced)}`)
    })

  keys
    .command('revoke <id>')
    .description('end a key for good; it is refused everywhere within a minute')
    .addHelpText('after', '\nExample:\n  $ hive keys revoke 5f1c…')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, out } = openSession(command)
      const key = await client.revokeKey(id)
      out.answer(key, () => describeKey(key))
    })
}

function scope(text: string, before: Scope[] | undefined): Scope[] {
  const known = scopes.find((name) => name === text)
  if (known === undefined) throw new InvalidArgumentError(`It must be one of ${scopes.join(', ')}.`)
  return [...(before ?? []), known]
}

const toCome = (text: string) => future(text)

function stateOf({ revoked_at, expires_at }: KeyAnswer): string {
  if (revoked_at !== null) return 'revoked'
  if (expires_at === null) return 'live'
  return Date.parse(expires_at) <= Date.now() ? 'expired' : `until ${expires_at}`
}

function describeKey(key: KeyAnswer & { key?: string }): string {
  return sheet({
    id: key.id,
    agent: key.agent ?? 'none: an operator’s',
    scopes: key.scopes.join(' '),
    state: stateOf(key),
    follows: key.replaces ?? undefined,
    key: key.key === undefined ? undefined : `${key.key} (shown this once)`,
  })
}
